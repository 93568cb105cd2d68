"""The figures by name, with their needs and captions, read without importing any drawing library."""

import ast
import importlib.util
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

CLAIMS = ("C1", "C2", "C3", "C4", "C5", "C6", "C7", "C8")
COMPARISONS = ("robustness", "rivals", "stopping", "scoreboard", "language", "inhibition", "retraining")

FRONT = "abstract"
"""The section at the top of the report."""

SECTIONS = (FRONT, "claims", *CLAIMS, *COMPARISONS, "landscape", "controls", "learning_rates", "own")
"""Sections of the report in which figures stand: the top, all claims, one per claim, the others; in their order."""

PLACEHOLDERS = {
    "seeds": ("study", "seeds"),
    "confidence": ("statistics", "confidence"),
    "convergence": ("statistics", "convergence_share"),
    "early": ("statistics", "early_share"),
    "threshold": ("statistics", "reference_threshold"),
    "criterion": ("statistics", "reference_criterion"),
    "samples": ("statistics", "reference_samples"),
    "probe_samples": ("data", "probe_samples"),
    "skill_samples": ("scoreboard", "samples"),
    "emerged_at": ("scoreboard", "emerged_at"),
    "permutations": ("scoreboard", "permutations"),
    "landscape_seeds": ("landscape", "seeds"),
    "normalisation": ("landscape", "normalisation"),
    "noise_floor": ("ruggedness", "noise_floor"),
    "tuning_seeds": ("tuning", "seeds"),
    "tuning_epochs": ("tuning", "epochs"),
    "retraining": ("pruning", "retraining"),
}
"""Words in braces that a caption may use, and the parameter (section, key) each stands for."""

CONSTANTS = ("TITLE", "POSITION", "NEEDS", "SECTIONS", "CAPTION", "ALTERNATIVE")
OF_OWN = {"position": 1000, "sections": ("own",)}
"""What a figure of the user's own may leave out, and what then holds."""

_PERCENTAGES = ("confidence", "convergence", "early")


@dataclass(frozen=True)
class Entry:
    """A figure as its file describes it; `caption` still has its placeholders.

    It stands in the first of its `sections`; the others refer to it. It is `animated` where its file defines `animate`.
    """

    name: str
    title: str
    position: int
    needs: tuple[str, ...]
    sections: tuple[str, ...]
    caption: str
    alternative: str
    animated: bool = False

    def caption_for(self, parameters: Mapping[str, Mapping[str, Any]]) -> str:
        """Return the caption with numbers taken from `parameters` (section -> key -> value)."""
        values = {word: parameters[section][key] for word, (section, key) in PLACEHOLDERS.items()}
        return self.caption.format(**{word: _shown(word, value) for word, value in values.items()})


def catalogue(own: Iterable[str] = ()) -> dict[str, Entry]:
    """Return all figures by name, in the order of the report; `own` are those of the user's, as module:draw.

    The name of such a one is its module.

    >>> catalogue()["training_curves"].needs
    ('study',)
    """
    files = sorted((Path(__file__).parents[1] / "figures").glob("[!_]*.py"))
    entries = [*map(_read, files), *(entry_of(name.partition(":")[0]) for name in own)]
    return {entry.name: entry for entry in sorted(entries, key=lambda entry: entry.position)}


def entry_of(name: str) -> Entry:
    """Return a figure by its name; ValueError where there is none."""
    if "." not in name:
        return catalogue()[name]
    try:
        found = importlib.util.find_spec(name)
    except ModuleNotFoundError:
        found = None
    if found is None or found.origin is None:
        raise ValueError(f"figures.own: there is no file {name.replace('.', '/')}.py")
    return _read(Path(found.origin), name)


def program_of(name: str, function: str = "draw") -> str:
    """Return what `emergence.core.plugins` loads for a figure.

    >>> program_of("sparsity"), program_of("extensions.mine")
    ('sparsity', 'extensions.mine:draw')
    """
    return f"{name}:{function}" if "." in name else name


def _shown(word: str, value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(str(entry).replace("_", " ") for entry in value)
    return f"{100 * value:g}" if word in _PERCENTAGES else str(value)


@cache
def _read(file: Path, own: str = "") -> Entry:
    """Read the constants of a figure's file; ValueError for one that is absent or names what does not exist."""
    found: dict[str, Any] = {**OF_OWN} if own else {}
    for statement in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(statement, ast.FunctionDef) and statement.name == "animate":
            found["animated"] = True
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            name = statement.targets[0].id
            if name in CONSTANTS:
                found[name.lower()] = ast.literal_eval(statement.value)
    missing = [name for name in CONSTANTS if name.lower() not in found]
    if missing:
        raise ValueError(f"{file.name} does not define {', '.join(missing)}")
    strange = sorted(set(found["sections"]) - set(SECTIONS))
    if strange or not found["sections"]:
        raise ValueError(f"{file.name} stands in {', '.join(strange) or 'nothing'}; allowed: {', '.join(SECTIONS)}")
    return Entry(name=own or file.stem, **found)
