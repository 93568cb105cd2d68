"""Record emergence in a Trainer of Hugging Face: python examples/hugging_face_trainer.py FOLDER.

A small GPT-2 learns to continue sequences in which each token is the sum of the two before it, modulo 11.
"""

import sys
from pathlib import Path

import torch
from torch import Tensor
from torch.utils.data import Dataset

from emergence.recording.transformers import (
    RecordEmergence,
)  # first, as transformers needs a torchvision that fits torch

# isort: split
from transformers import GPT2Config, GPT2LMHeadModel, Trainer, TrainingArguments, set_seed

UPDATES, EVERY, TOKENS, LENGTH = 60, 20, 11, 12


def sequences(count: int) -> Tensor:
    """Return sequences of tokens (sequence, position)."""
    ids = torch.randint(TOKENS, (count, LENGTH))
    for place in range(2, LENGTH):
        ids[:, place] = (ids[:, place - 1] + ids[:, place - 2]) % TOKENS
    return ids


class Sequences(Dataset[dict[str, Tensor]]):
    def __init__(self, count: int) -> None:
        self.ids = sequences(count)

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, place: int) -> dict[str, Tensor]:
        return {"input_ids": self.ids[place], "labels": self.ids[place]}


def main(folder: Path) -> None:
    set_seed(0)
    ids = sequences(64)
    sizes = {"vocab_size": TOKENS, "n_positions": LENGTH, "n_embd": 32, "n_layer": 2, "n_head": 2}
    model = GPT2LMHeadModel(GPT2Config(**sizes, bos_token_id=0, eos_token_id=0))
    files = {"file": folder / "recording.nc", "report": folder / "recording.html"}
    record = RecordEmergence(ids[:, :-1], ids[:, 1:], every=EVERY, **files)
    arguments = TrainingArguments(
        folder, max_steps=UPDATES, save_steps=EVERY, learning_rate=3e-3, report_to=[], disable_tqdm=True, use_cpu=True
    )
    Trainer(model, arguments, train_dataset=Sequences(1024), callbacks=[record]).train()
    print(files["report"])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
