"""Properties of a pruning method, read from its file without importing it."""

import ast
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from emergence.core.plugins import module_of
from emergence.parameters.pruning import Scoring

SCORED_RUNS = ("dense", "previous_round", "l1_penalised", "itself")


def scored_run(method: str, root: Path) -> str:
    """Return what the module of a method (a name, or module:function) says in its constant SCORED_RUN.

    "dense" is the default: the dense networks are scored; "previous_round": those pruned and trained in the round
    before; "l1_penalised": dense ones trained with a penalty; "itself": the mask grows while the network is trained.
    Raises ValueError for another value.
    """
    return str(_constant(method, root, "SCORED_RUN", SCORED_RUNS) or SCORED_RUNS[0])


def scored_with(method: str, root: Path) -> set[str]:
    """Return the keys of `pruning.scoring` that a method says in its constant SCORED_WITH to use; all by default.

    Raises ValueError for a key that there is not.
    """
    keys = list(Scoring.model_fields)
    used = _constant(method, root, "SCORED_WITH", keys)
    return set(keys if used is None else used)


def draws(method: str, root: Path) -> bool:
    """Tell whether a method says in its constant DRAWS that chance makes its masks; ValueError for another value."""
    return bool(_constant(method, root, "DRAWS", [True, False]))


def rounds(sparsity: float, share: float) -> list[float]:
    """Return the sparsities of the rounds before the last, when each removes a share of the weights that are left.

    >>> rounds(0.5, share=0.2)
    [0.2, 0.36, 0.488]
    """
    before: list[float] = []
    while (following := round(1 - (1 - share) ** (len(before) + 1), 6)) < sparsity:
        before.append(following)
    return before


def _constant(method: str, root: Path, name: str, allowed: Sequence[str | bool]) -> Any:
    """Return a constant, one value or a tuple of some, of a method's module; None where that does not define it."""
    module = Path(*module_of("pruning", method).split(".")).with_suffix(".py")
    file = next((file for file in (root / "src" / module, root / module) if file.is_file()), None)
    for statement in _statements(file.read_text(encoding="utf-8")) if file else ():
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == name:
            value = ast.literal_eval(statement.value)
            if not set(value if isinstance(value, tuple) else [value]) <= set(allowed):
                raise ValueError(f"{file}: {name} = {value!r}; allowed: {', '.join(map(str, allowed))}")
            return value
    return None


@cache
def _statements(text: str) -> list[ast.stmt]:
    """The statements of a module, which is asked for every run that its method prunes."""
    return ast.parse(text).body
