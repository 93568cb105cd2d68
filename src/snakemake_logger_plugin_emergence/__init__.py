"""Snakemake's logger `emergence`: what is to do and why, a line per finished job, what failed, and what came out.

The Snakefile hands it the course of the command (`emergence.study.console`) with a record. What else Snakemake says is
left to the log file that it writes itself, or shown with --verbose. Without a course, as for --unlock or where results
lie in storage elsewhere, all of it is shown.
"""

import logging
import sys
from typing import Any

from snakemake.common import NOTHING_TO_BE_DONE_MSG
from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent
from tqdm import tqdm

BEFORE = ("Building DAG of jobs...", "Assuming unrestricted shared filesystem usage.")
"""What Snakemake says before it knows what there is to do."""


class LogHandler(LogHandlerBase):
    """Writes to standard error, of a dry run to standard output; shows a bar on a terminal."""

    writes_to_stream = True
    writes_to_file = has_filter = has_formatter = needs_rulegraph = False

    def __post_init__(self) -> None:
        self._stream = sys.stdout if self.common_settings.stdout else sys.stderr
        self._course: Any = None
        self._logs: dict[int, str] = {}
        self._bar: tqdm[Any] | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Write what a record says to a user, if anything."""
        try:
            said = vars(record)
            self._course = said.get("course", self._course)
            text = self.format(record) if self.common_settings.verbose else self._told(record, said)
            if text:
                tqdm.write(text, file=self._stream)
                self._stream.flush()
        except Exception:
            self.handleError(record)

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.close()
        super().close()

    def _told(self, record: logging.LogRecord, said: dict[str, Any]) -> str:
        event = said.get("event")
        if record.levelno < logging.WARNING and not said.get("told"):
            if self._course:
                return self._of_course(event, said)
            return "" if event == LogEvent.WORKFLOW_STARTED or said["msg"] in BEFORE else self.format(record)
        if self._course and event == LogEvent.JOB_ERROR:
            return f"Failed: {said['rule_name']}, {', '.join(said['log'])}"
        return self.format(record)

    def _of_course(self, event: LogEvent | None, said: dict[str, Any]) -> str:
        if event == LogEvent.RUN_INFO and self._bar is None:
            self._bar = self._opened()
            return str(self._course.overview())
        if event == LogEvent.JOB_INFO:
            self._logs[said["jobid"]] = "".join(said["log"][:1])
            self._course.begin(self._logs[said["jobid"]])
        if said["msg"] == NOTHING_TO_BE_DONE_MSG:
            return str(self._course.nothing())
        if event == LogEvent.JOB_FINISHED:
            return self._finished(said["job_id"])
        return ""

    def _opened(self) -> "tqdm[Any]":
        form = "{n_fmt} of {total_fmt} |{bar}| {elapsed}, {postfix}"
        hidden = self.common_settings.dryrun or not self._stream.isatty()
        return tqdm(total=self._course.total, file=self._stream, disable=hidden, leave=False, bar_format=form)

    def _finished(self, number: int) -> str:
        line = str(self._course.finish(self._logs.pop(number, "")))
        if self._bar is not None and not self._bar.disable:
            self._bar.n = self._course.done
            self._bar.set_postfix_str(self._course.remaining())
        return line
