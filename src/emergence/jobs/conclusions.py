"""Shared by the scripts that conclude from a whole study."""

from emergence.core.storage import read_dataset
from emergence.jobs.job_file import JobFile
from emergence.parameters.statistics import Statistics
from emergence.statistics.study import Reference, Study


def settings_of(given: JobFile) -> tuple[Statistics, Reference]:
    """Return the settings of statistics, and the way of pruning of reference."""
    reference = Reference(given.derived["reference_method"], given.derived["reference_retraining"])
    return given.section(Statistics, "statistics"), reference


def study_of(given: JobFile) -> Study:
    """Read the joined study at its reference."""
    return Study.at_reference(read_dataset(given.file("study")), *settings_of(given))
