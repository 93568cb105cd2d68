"""A folder that holds the state of unfinished training, so that it can go on after any end."""

import hashlib
import json
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from emergence.storage import checksum, write_json
from emergence.training.checkpoints import Checkpoint, file_name
from emergence.training.checkpoints import write as write_checkpoint
from emergence.training.history import History
from emergence.training.step import Step
from emergence.training.tensor_files import read_tensors, write_tensors

log = logging.getLogger(__name__)

RECORD = "progress.json"


@dataclass
class State:
    """Where training stands: updates made, weights and optimiser state stacked over seeds, and all records."""

    updates: int
    weights: Mapping[str, Tensor]
    optimizer: Mapping[str, Tensor]
    history: History


class ResumeFolder:
    """Checkpoints and the latest state of one training, in a folder of its own below `base`.

    The folder's name is a digest of `description`, so trainings that differ never share one. A record, replaced last
    and at once, lists the files that belong together with their checksums; what it does not list does not count.
    """

    def __init__(self, base: Path, description: Mapping[str, Any]) -> None:
        self._description = json.loads(json.dumps(description))
        self._folder = base / _digest(self._description)[:16]
        self._checksums: dict[str, str] = {}

    def checkpoints(self, steps: Iterable[Step]) -> dict[Path, str]:
        """Return the files of the given steps, each with its SHA-256."""
        return {self._folder / file_name(step): self._checksums[file_name(step)] for step in steps}

    def keep(self, checkpoint: Checkpoint) -> None:
        """Write a checkpoint; it counts from the next `save` on."""
        name = file_name(checkpoint.step)
        self._checksums[name] = write_checkpoint(checkpoint, self._folder / name)

    def save(self, state: State) -> None:
        """Write the state; whatever ends the process, the folder holds this one or the one before."""
        earlier = [name for name in self._checksums if name.startswith("state")]
        name = f"state-{state.updates}.safetensors"
        tensors = {
            **{f"weights.{key}": tensor for key, tensor in state.weights.items()},
            **{f"optimizer.{key}": tensor for key, tensor in state.optimizer.items()},
            "batches": torch.from_numpy(state.history.batches[:, :, : state.updates].copy()),
            "steps": torch.from_numpy(np.stack(list(state.history.steps.values()))),
        }
        self._checksums[name] = write_tensors(self._folder / name, tensors, {})
        superseded = [old for old in earlier if old != name]
        for old in superseded:
            del self._checksums[old]
        record = {
            "description": self._description,
            "updates": state.updates,
            "steps": [str(step) for step in state.history.steps],
            "files": self._checksums,
        }
        write_json(self._folder / RECORD, {"record": record, "sha256": _digest(record)})
        for old in superseded:
            (self._folder / old).unlink(missing_ok=True)

    def load(self, seeds: int, updates: int) -> State | None:
        """Return the latest state, or None where there is none that is whole; a damaged one is logged.

        The history has room for `seeds` and `updates`; records beyond are left out.
        """
        if not (self._folder / RECORD).is_file():
            return None
        try:
            return self._read(seeds, updates)
        except OSError as error:
            log.warning("training starts anew, because what was saved of it is damaged: %s", error)
            self._checksums = {}
            return None

    def _read_record(self) -> dict[str, Any]:
        file = self._folder / RECORD
        try:
            content = json.loads(file.read_bytes())
            record: dict[str, Any] = content["record"]
            whole = content["sha256"] == _digest(record)
        except (KeyError, TypeError, ValueError) as error:
            raise OSError(f"{file} cannot be read ({error})") from error
        if not whole:
            raise OSError(f"{file} was altered")
        return record

    def _read(self, seeds: int, updates: int) -> State:
        record = self._read_record()
        for name, expected in record["files"].items():
            if checksum(self._folder / name) != expected:
                raise OSError(f"the SHA-256 of {self._folder / name} is not the recorded one")
        tensors, _ = read_tensors(self._folder / f"state-{record['updates']}.safetensors")
        history = History.empty(seeds, updates)
        batches = tensors.pop("batches").numpy()[:, :, :updates]
        history.batches[:, :, : batches.shape[2]] = batches
        history.steps = dict(zip(map(Step.parse, record["steps"]), tensors.pop("steps").numpy(), strict=True))
        self._checksums = record["files"]
        return State(record["updates"], _below("weights.", tensors), _below("optimizer.", tensors), history)


def _digest(content: object) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _below(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
