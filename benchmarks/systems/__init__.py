"""Systems with known answers, and measures of others, that documentation and benchmarks use and no job of a study."""
