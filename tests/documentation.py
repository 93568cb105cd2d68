"""Pages, their blocks of code, and what these take as given."""

import re
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from torch import nn

from tests.language_models import VOCABULARY, save

ROOT = Path(__file__).parents[1]
PAGES = [
    *sorted((ROOT / "docs").glob("*.md")),
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "data/README.md", "extensions/README.md")),
]


def blocks(page: Path, *languages: str) -> list[str]:
    """The blocks of a page in some languages, in order."""
    found = re.findall(r"^```(\w+)\n(.*?)^```", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    return [text for language, text in found if language in languages]


def classifier() -> dict[str, Any]:
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))
    probe, labels = torch.randn(20, 4), torch.arange(20) % 3
    return {"model": model, "inputs": probe, "probe": probe, "labels": labels, "step": 0, "batches": range(3)}


def dataset() -> dict[str, Any]:
    from emergence.core.raw_files import RawFiles
    from emergence.core.storage import write_dataset
    from emergence.datasets import process
    from emergence.datasets.digits import load
    from emergence.parameters.data import Data

    write_dataset(Path("dataset.nc"), process("digits", load(RawFiles(())), Data()), {})
    return {"path": Path("dataset.nc"), "seed": 0}


def spectra() -> dict[str, Any]:
    import numpy as np
    import xarray as xr

    steps = xr.DataArray([1.0, 2.0], dims="step")
    return {"np": np, "measured": {"neuro_mfa_width": steps, "neuro_mfa_alpha": steps}}


def language_model() -> dict[str, Any]:
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    words = Tokenizer(models.WordLevel({"to": 0, "be": 1, "or": 2, "not": 3}, unk_token="to"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    for step in (1000, 2000, 4000):
        folder = save("gpt_neox", Path(f"runs/step{step}"), seed=step)
        PreTrainedTokenizerFast(tokenizer_object=words, unk_token="to").save_pretrained(folder)
    Path("corpus.txt").write_text("to be or not to be")
    Path("data/raw").mkdir(parents=True)
    return {"inputs": torch.randint(VOCABULARY, (100, 8))}


def elsewhere() -> dict[str, Any]:
    import safetensors.torch

    import emergence.datasets
    from emergence.foreign import load_model

    model = load_model(str(save("gpt_neox", Path("made"))))
    Path("runs/0").mkdir(parents=True)
    trainer = SimpleNamespace(global_step=7, save_checkpoint=lambda file: torch.save(model.state_dict(), file))
    given = {"torch": torch, "safetensors": safetensors, "emergence": emergence, "model": model, "trainer": trainer}
    return {**given, **dataset(), "step": 7}


def trainer() -> dict[str, Any]:
    from lightning import Trainer

    import emergence.core.torchvision_import  # noqa: F401  # first, as Lightning needs a torchvision that fits torch

    return {**classifier(), "Trainer": lambda callbacks: Trainer(callbacks=callbacks, logger=False)}


GIVEN: dict[str, Callable[[], dict[str, Any]]] = {
    "README.md": classifier,
    "data.md": dataset,
    "figures.md": dict,
    "language_models.md": language_model,
    "measures.md": spectra,
    "recording.md": trainer,
    "scoreboard.md": dict,
    "start.md": dict,
    "trained_elsewhere.md": elsewhere,
}
"""What stands before the first line of a page's Python: names, and files in the working folder."""
