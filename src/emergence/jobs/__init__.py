"""What scripts are made of: the job that they are given, the networks it is about, and how its results are written."""

from emergence.jobs.checkpoints import Checkpoints
from emergence.jobs.job_file import JobFile
from emergence.jobs.running import job

__all__ = ["Checkpoints", "JobFile", "job"]
