"""Parts of scripts: the job that they are given, its networks, and the writing of results."""

from emergence.jobs.checkpoints import Checkpoints
from emergence.jobs.job_file import JobFile
from emergence.jobs.parts import Parts
from emergence.jobs.running import job

__all__ = ["Checkpoints", "JobFile", "Parts", "job"]
