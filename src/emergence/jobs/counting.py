"""The single way of counting paths by which claims are judged."""

from typing import Any

from emergence.jobs.job_file import JobFile


def counting(given: JobFile) -> dict[str, Any]:
    """Return arguments of `count_paths`; none where the job declares no settings of counting."""
    if "statistics" not in given.settings:
        return {}
    chosen = {name: given.setting("statistics", f"reference_{name}") for name in ("threshold", "criterion", "through")}
    return {**chosen, "fraction": given.setting("emergence", "fraction")}
