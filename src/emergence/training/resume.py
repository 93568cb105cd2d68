"""A folder that holds the state of unfinished training, so that it can go on after any end."""

import fcntl
import hashlib
import json
import logging
import os
import re
import socket
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import torch
from torch import Tensor

from emergence.core.files import remove, remove_partial
from emergence.core.seals import Damaged, read_sealed, write_sealed
from emergence.core.steps import Step
from emergence.training.checkpoints import Checkpoint, file_name
from emergence.training.checkpoints import write as write_checkpoint
from emergence.training.history import History
from emergence.training.tensor_files import check_listed, read_tensors, write_tensors
from emergence.training.tensors import below
from emergence.training.writer import Writer

log = logging.getLogger(__name__)

LOCK = "lock"


@dataclass
class State:
    """Where training stands: updates made, weights, optimiser state and masks stacked over seeds, and all records."""

    updates: int
    weights: Mapping[str, Tensor]
    optimizer: Mapping[str, Tensor]
    masks: Mapping[str, Tensor]
    history: History


class ResumeFolder:
    """Checkpoints and the two latest states of one training, in a folder of its own below `base`.

    The folder's name is a digest of `description`, so trainings that differ never share one. Each state has a record,
    written after it, that lists with checksums the files that belong together; what no record lists does not count.
    Files are written by a thread in the order of the calls, so the folder is to be used as a context: leaving it waits
    for the last one. Until then a lock keeps out other processes, and ends with this one however that ends.
    """

    def __init__(self, base: Path, description: Mapping[str, Any]) -> None:
        self._description = json.loads(json.dumps(description))
        text = json.dumps(self._description, sort_keys=True)
        self._folder = base / hashlib.sha256(text.encode()).hexdigest()[:16]
        self._checksums: dict[str, str] = {}
        self._latest: int | None = None
        self._writer = Writer()

    def __enter__(self) -> "ResumeFolder":
        self._folder.mkdir(parents=True, exist_ok=True)
        self._lock = _locked(self._folder / LOCK)
        remove_partial(self._folder)
        return self

    def __exit__(self, *error: object) -> None:
        with self._lock, self._writer:
            pass

    def checkpoints(self, steps: Iterable[Step]) -> dict[Path, str]:
        """Return the files of the given steps, each with its SHA-256."""
        self.wait()
        return {self._folder / file_name(step): self._checksums[file_name(step)] for step in steps}

    def wait(self) -> None:
        """Return when all that was given is written; raise what kept it from being."""
        self._writer.wait()

    def keep(self, checkpoint: Checkpoint) -> None:
        """Write a checkpoint, whose tensors stay as they are; it counts from the next `save` on."""
        self._writer.submit(self._write_checkpoint, checkpoint)

    def save(self, state: State) -> None:
        """Write the state, whose tensors stay as they are; a crash leaves this state or the previous one intact."""
        kinds = {"weights": state.weights, "optimizer": state.optimizer, "masks": state.masks}
        tensors = {
            **{f"{kind}.{key}": tensor for kind, named in kinds.items() for key, tensor in named.items()},
            "batches": torch.from_numpy(state.history.batches[:, :, : state.updates].copy()),
            "steps": torch.from_numpy(np.stack(list(state.history.steps.values()))),
        }
        self._writer.submit(self._write_state, state.updates, tensors, list(state.history.steps))

    def load(self, seeds: int, updates: int) -> State | None:
        """Return the latest state that is whole, or None where there is none; damaged ones are logged.

        The history has room for `seeds` and `updates`; records beyond are left out. Raises OSError for a file that is
        there but cannot be read, such as one of another user.
        """
        records = {int(found[1]): file for file in self._folder.iterdir() if (found := _RECORD.fullmatch(file.name))}
        for done in sorted(records, reverse=True):
            try:
                return self._read(records[done], seeds, updates)
            except Damaged as error:
                log.warning("the saved state of training after %d updates is damaged: %s", done, error.reason)
        if records:
            log.warning("training starts anew, because no state that was saved of it is whole")
        return None

    def _write_checkpoint(self, checkpoint: Checkpoint) -> None:
        name = file_name(checkpoint.step)
        self._checksums[name] = write_checkpoint(checkpoint, self._folder / name)

    def _write_state(self, updates: int, tensors: Mapping[str, Tensor], steps: list[Step]) -> None:
        checkpoints = {file_name(step): self._checksums[file_name(step)] for step in steps}
        self._remove_all_but({*checkpoints, *self._state_before(updates)})
        record = {
            "description": self._description,
            "updates": updates,
            "steps": [str(step) for step in steps],
            "files": {**checkpoints, _state(updates): write_tensors(self._folder / _state(updates), tensors, {})},
        }
        write_sealed(self._folder / _record(updates), record)
        self._latest = updates

    def _state_before(self, updates: int) -> set[str]:
        if self._latest is None or self._latest >= updates:
            return set()
        return {_state(self._latest), _record(self._latest)}

    def _remove_all_but(self, names: set[str]) -> None:
        for file in [*self._folder.glob("*.safetensors"), *self._folder.glob("state-*.json")]:
            if file.name not in names:
                remove(file)

    def _read(self, file: Path, seeds: int, updates: int) -> State:
        record = read_sealed(file)
        for name, expected in record["files"].items():
            check_listed(self._folder / name, expected, file.name)
        done = record["updates"]
        tensors, _ = read_tensors(self._folder / _state(done))
        history = History.empty(seeds, updates)
        batches = tensors.pop("batches").numpy()[:, :, :updates]
        history.batches[:, :, : batches.shape[2]] = batches
        history.steps = dict(zip(map(Step.parse, record["steps"]), tensors.pop("steps").numpy(), strict=True))
        self._checksums, self._latest = record["files"], done
        weights, optimizer, masks = (below(prefix, tensors) for prefix in ("weights.", "optimizer.", "masks."))
        return State(done, weights, optimizer, masks, history)


_RECORD = re.compile(r"state-(\d+)\.json")


def _record(updates: int) -> str:
    return f"state-{updates}.json"


def _state(updates: int) -> str:
    return f"state-{updates}.safetensors"


def _locked(file: Path) -> BinaryIO:
    """Open a file that one process at a time can hold; OSError names the process that holds it."""
    if file.is_dir():
        raise Damaged(file, "is a folder, not a file")
    opened = file.open("a+b", buffering=0)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        with opened:
            holder = file.read_text(encoding="utf-8")
        raise OSError(f"{holder} is at the same training and holds {file}; wait until it ends, or end it") from None
    except OSError as error:
        log.debug("the file system of %s has no locks (%s)", file, error)
    with suppress(OSError):  # on a full disk the lock holds all the same
        opened.truncate(0)
        opened.write(f"process {os.getpid()} on {socket.gethostname()}".encode())
    return opened
