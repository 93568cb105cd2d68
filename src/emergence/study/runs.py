"""The runs of a study: one configuration each, trained from a block of seeds."""

from dataclasses import asdict, dataclass, replace
from typing import Any

from emergence.parameters.variations import UNVARIED, Variation

DENSE = "dense"
L1_PENALISED = "l1_penalised"
UNPRUNED = (DENSE, L1_PENALISED)

NONE = "none"
"""Retraining of networks that are not trained again after pruning."""


@dataclass(frozen=True)
class Run:
    """One configuration of the study, trained from a block of seeds; `retraining` says what follows pruning.

    Only dense networks are varied.
    """

    dataset: str
    network: str
    method: str
    sparsity: float
    seeds: tuple[int, ...]
    retraining: str = NONE
    variation: Variation = UNVARIED

    @property
    def name(self) -> str:
        """Readable name, also the run's folder.

        >>> Run("digits", "mlp", "global_magnitude", 0.5, (0, 1, 2), "rewind").name
        'digits/mlp/global_magnitude~0.5/rewind/seeds~0-2'
        >>> Run("digits", "mlp", DENSE, 0.0, (0, 1), variation=Variation(alpha=2.0)).name
        'digits/mlp/dense/alpha~2/seeds~0-1'
        """
        method = self.method.replace(":", ".")
        pruning = method if self.method in UNPRUNED else f"{method}~{self.sparsity:g}"
        retraining = "" if self.retraining == NONE else self.retraining
        seeds = f"seeds~{self.seeds[0]}-{self.seeds[-1]}"
        parts = (self.dataset, self.network, pruning, retraining, self.variation.name, seeds)
        return "/".join(part for part in parts if part)

    @property
    def dense(self) -> "Run":
        """The dense network with the same seeds."""
        return replace(self, method=DENSE, sparsity=0.0, retraining=NONE)

    @property
    def described(self) -> dict[str, Any]:
        """What distinguishes this run from others, as plain values."""
        described = asdict(self)
        variation = described.pop("variation")
        return {**described, **variation, "seeds": list(self.seeds)}

    @classmethod
    def from_description(cls, described: dict[str, Any]) -> "Run":
        """Return the run that `described` describes.

        >>> run = Run("digits", "mlp", DENSE, 0.0, (0, 1), variation=Variation(alpha=2.0))
        >>> Run.from_description(run.described) == run
        True
        """
        own = {name: described[name] for name in ("dataset", "network", "method", "sparsity", "retraining")}
        variation = Variation(*(described[name] for name in ("alpha", "width", "depth", "inhibition")))
        return cls(**own, seeds=tuple(described["seeds"]), variation=variation)


def start_of(run: Run, rewind_to: str) -> str:
    """Return the weights from which a pruned run is trained: a step of its dense run, "last", or "new" ones.

    >>> start_of(Run("digits", "mlp", "random_weights", 0.5, (0,), "fine_tune"), "ep1")
    'last'
    """
    return {"new_initialisation": "new", "rewind": rewind_to, "fine_tune": "last"}.get(run.retraining, "ep0")
