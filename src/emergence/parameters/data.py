"""Section ``data``: which data sets there are beside the built-in ones, and how each is split."""

from collections.abc import Mapping
from functools import reduce
from importlib import import_module
from operator import or_
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

from pydantic import Discriminator, Field, Tag, TypeAdapter

from emergence.core.plugins import available
from emergence.parameters.base import MOST_SAMPLES, Name, Section, Seed
from emergence.parameters.data_kind import BuiltIn, DataKind

Fraction = Annotated[float, Field(gt=0, lt=1)]


def _kind(value: Any) -> str:
    return str(value.get("kind") if isinstance(value, dict) else getattr(value, "kind", None))


def _model(kind: str) -> type[DataKind]:
    """The model that the file of a kind defines."""
    module = import_module(f"emergence.data_kinds.{kind}")
    defined = [
        value for value in vars(module).values() if isinstance(value, type) and value.__module__ == module.__name__
    ]
    return next(model for model in defined if issubclass(model, DataKind))


KINDS = {kind: _model(kind) for kind in available("data_kinds")}
"""The kinds of entries of `data.sets`: a file of `emergence.data_kinds` each."""

if TYPE_CHECKING:
    DataSet: TypeAlias = DataKind
else:
    DataSet = Annotated[reduce(or_, (Annotated[KINDS[kind], Tag(kind)] for kind in KINDS)), Discriminator(_kind)]


class Data(Section):
    """How data sets are split into stratified parts, by the split seed and, by default, the seed of the run."""

    test_fraction: Fraction = 0.2
    """Share of all samples held out for testing where the data set has no published test part."""

    validation_fraction: Fraction = 0.1
    """Share of the remaining samples held out for validation."""

    probe_samples: int = Field(default=256, ge=1, le=MOST_SAMPLES)
    """Samples, used in no other part, on which activity and loss landscapes are read."""

    split: Literal["each_seed", "common"] = "each_seed"
    """each_seed: every seed of a study has a split of its own; common: all have the same one."""

    split_seed: Seed = 0
    """Seed of the splits."""

    sets: dict[Name, DataSet] = {}
    """Data sets beside the built-in ones: name -> kind and its options (docs/data.md)."""

    def entry(self, name: str) -> DataKind:
        """Return what describes a data set; one without an entry is a built-in one.

        >>> Data(sets={"bits": {"kind": "sparse_parity"}}).entry("bits").has_skills, Data().entry("digits").form
        (True, 'image')
        """
        return self.sets.get(name) or BuiltIn(name=name)

    @property
    def with_skills(self) -> set[str]:
        """The data sets of which it is known what there is to learn; controls are not among them."""
        return {name for name, entry in self.sets.items() if entry.has_skills}


def described(entry: Mapping[str, Any]) -> DataKind:
    """Return what an entry of `data.sets` describes, given as plain values."""
    kind: DataKind = TypeAdapter(DataSet).validate_python(entry)
    return kind
