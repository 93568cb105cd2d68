"""Loss landscapes: directions, and the sampler of planes and lines."""
