"""A run: a network on a data set, its pruning, retraining and variation, and its seeds."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, NamedTuple

DENSE = "dense"
"""The method of networks that are not pruned."""

L1_PENALISED = "l1_penalised"
"""The method of networks that are not pruned either, and trained with a penalty on the sum of absolute weights."""

UNPRUNED = (DENSE, L1_PENALISED)

VARIED_ON_PURPOSE = ("random_weights", "most_emergence", "least_emergence")
"""Methods of pruning whose masks of one sparsity differ in emergence on purpose."""

VARIED = "varied on purpose"
"""The family of all of these."""

NONE = "none"
"""Retraining of networks that are not trained again after pruning."""


@dataclass(frozen=True)
class Variation:
    """The one thing in which a dense network differs from that of the section `networks`, if it differs.

    `alpha` is that of the emergence-promoting initialisation, `width` a factor of the sizes of all hidden layers,
    `depth` the number of additional hidden layers, and `inhibition` the mode of `training.inhibition` ("": its own).
    """

    alpha: float = 1.0
    width: float = 1.0
    depth: int = 0
    inhibition: str = ""

    @property
    def name(self) -> str:
        """Readable name; empty where nothing differs.

        >>> Variation(alpha=2.0).name, Variation(width=0.5).name, Variation(depth=1).name, Variation().name
        ('alpha~2', 'width~0.5', 'depth~+1', '')
        >>> Variation(inhibition="penalty").name
        'inhibition~penalty'
        """
        differences = {
            f"alpha~{self.alpha:g}": self.alpha != 1,
            f"width~{self.width:g}": self.width != 1,
            f"depth~{self.depth:+d}": self.depth != 0,
            f"inhibition~{self.inhibition}": self.inhibition != "",
        }
        return "_".join(name for name, differs in differences.items() if differs)


UNVARIED = Variation()


class Experiment(NamedTuple):
    """A network trained on a data set."""

    dataset: str
    network: str

    def __str__(self) -> str:
        return f"{self.dataset}, {self.network}"

    @property
    def name(self) -> str:
        """Name in parameters and results.

        >>> Experiment("digits", "mlp").name
        'digits/mlp'
        """
        return f"{self.dataset}/{self.network}"


class Variant(NamedTuple):
    """Pruning of a network; the unpruned network has method DENSE and sparsity 0.

    `mask` counts, from 1, the masks that a method draws for the same network.
    """

    method: str
    sparsity: float
    retraining: str = NONE
    mask: int = 1


@dataclass(frozen=True)
class Run:
    """One configuration of the study, trained from a block of seeds; without seeds, the configuration alone.

    `retraining` says what follows pruning, `mask` which of the masks that its method draws is meant. Only dense
    networks are varied.
    """

    dataset: str
    network: str
    method: str
    sparsity: float
    seeds: tuple[int, ...] = ()
    retraining: str = NONE
    variation: Variation = UNVARIED
    mask: int = 1

    @classmethod
    def of(cls, labels: Mapping[Any, Any]) -> "Run":
        """Read a run from what `described` gave, or a configuration from the coordinates of one of several joined runs.

        >>> run = Run("digits", "mlp", DENSE, 0.0, (0, 1), variation=Variation(width=2.0))
        >>> Run.of(run.described) == run
        True
        """
        varied = {field.name: _plain(labels[field.name]) for field in fields(Variation) if field.name in labels}
        return cls(
            _plain(labels["dataset"]),
            _plain(labels["network"]),
            _plain(labels["method"]),
            float(_plain(labels["sparsity"])),
            tuple(labels["seeds"]) if "seeds" in labels else (),
            _plain(labels["retraining"]) if "retraining" in labels else NONE,
            Variation(**varied),
            int(_plain(labels["mask"])) if "mask" in labels else 1,
        )

    @property
    def name(self) -> str:
        """Readable name, also the run's folder.

        >>> Run("digits", "mlp", "global_magnitude", 0.5, (0, 1, 2), "rewind").name
        'digits/mlp/global_magnitude~0.5/rewind/seeds~0-2'
        >>> Run("digits", "mlp", "random_weights", 0.5, (0, 1), "rewind", mask=2).name
        'digits/mlp/random_weights~0.5/mask~2/rewind/seeds~0-1'
        >>> Run("digits", "mlp", DENSE, 0.0, (0, 1), variation=Variation(alpha=2.0)).name
        'digits/mlp/dense/alpha~2/seeds~0-1'
        >>> Run("digits", "mlp", DENSE, 0.0).name
        'digits/mlp/dense'
        """
        method = self.method.replace(":", ".")
        pruning = method if self.method in UNPRUNED else f"{method}~{self.sparsity:g}"
        mask = f"mask~{self.mask}" if self.mask > 1 else ""
        retraining = "" if self.retraining == NONE else self.retraining
        seeds = f"seeds~{self.seeds[0]}-{self.seeds[-1]}" if self.seeds else ""
        parts = (self.dataset, self.network, pruning, mask, retraining, self.variation.name, seeds)
        return "/".join(part for part in parts if part)

    @property
    def experiment(self) -> Experiment:
        """The network and its data set."""
        return Experiment(self.dataset, self.network)

    @property
    def variant(self) -> Variant:
        """Pruning of the network."""
        return Variant(self.method, self.sparsity, self.retraining, self.mask)

    @property
    def configuration(self) -> "Run":
        """The run without its seeds."""
        return replace(self, seeds=())

    @property
    def dense(self) -> "Run":
        """The dense network with the same seeds."""
        return replace(self, method=DENSE, sparsity=0.0, retraining=NONE, mask=1)

    @property
    def family(self) -> str:
        """The runs that differ from this one, at its sparsity and retraining, in emergence on purpose.

        >>> [Run("digits", "mlp", method, 0.5).family for method in ("random_weights", "most_emergence@ep1", "snip")]
        ['varied on purpose', 'varied on purpose', 'snip']
        """
        return VARIED if self.method.partition("@")[0] in VARIED_ON_PURPOSE else self.method

    @property
    def is_reference(self) -> bool:
        """True for the unpruned and unvaried network, with which others are compared."""
        return self.method == DENSE and self.variation == UNVARIED

    def start(self, rewind_to: str) -> str:
        """Return the weights from which a pruned run is trained: a step of its dense run, "last", or "new" ones.

        >>> Run("digits", "mlp", "random_weights", 0.5, (0,), "fine_tune").start("ep1")
        'last'
        """
        return {"new_initialisation": "new", "rewind": rewind_to, "fine_tune": "last"}.get(self.retraining, "ep0")

    @property
    def labels(self) -> dict[str, Any]:
        """The configuration as plain values, which are the coordinates of joined runs."""
        variation = asdict(self.variation)
        return {**self.experiment._asdict(), **self.variant._asdict(), **variation}

    @property
    def described(self) -> dict[str, Any]:
        """The configuration and the seeds as plain values."""
        return {**self.labels, "seeds": list(self.seeds)}


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else value
