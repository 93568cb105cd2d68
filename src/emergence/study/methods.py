"""Which trained networks a pruning method scores, read from its file without importing it."""

import ast
from pathlib import Path

from emergence.plugins import module_of

CONSTANT = "SCORED_RUN"
SCORED_RUNS = ("dense", "previous_round", "l1_penalised", "itself")


def scored_run(method: str, root: Path) -> str:
    """Return what the module of a method (a name, or module:function) says in its constant SCORED_RUN.

    "dense" is the default: the dense networks are scored; "previous_round": those pruned and trained in the round
    before; "l1_penalised": dense ones trained with a penalty; "itself": the mask grows while the network is trained.
    Raises ValueError for another value.
    """
    module = Path(*module_of("pruning", method).split(".")).with_suffix(".py")
    for file in (root / "src" / module, root / module):
        if file.is_file():
            return _constant(file)
    return SCORED_RUNS[0]


def rounds(sparsity: float, share: float) -> list[float]:
    """Return the sparsities of the rounds before the last, when each removes a share of the weights that are left.

    >>> rounds(0.5, share=0.2)
    [0.2, 0.36, 0.488]
    """
    before: list[float] = []
    while (following := round(1 - (1 - share) ** (len(before) + 1), 6)) < sparsity:
        before.append(following)
    return before


def _constant(file: Path) -> str:
    for statement in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == CONSTANT:
            value = ast.literal_eval(statement.value)
            if value not in SCORED_RUNS:
                raise ValueError(f"{file}: {CONSTANT} = {value!r}; allowed: {', '.join(SCORED_RUNS)}")
            return str(value)
    return SCORED_RUNS[0]
