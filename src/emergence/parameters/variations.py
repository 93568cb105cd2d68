"""Section ``variations``: dense networks that start from other weights, have another size or are held back."""

from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, Field

from emergence.core.runs import Variation
from emergence.parameters.base import Factor as AnyFactor
from emergence.parameters.base import Name, Section, in_six_digits, without_repeats

Value = TypeVar("Value", int, float)


def _changes(network: float) -> AfterValidator:
    """Refuse the value that leaves the network as it is."""

    def check(value: Value) -> Value:
        if value == network:
            raise ValueError("the network as it is, which is always trained")
        return value

    return AfterValidator(check)


Factor = Annotated[AnyFactor, _changes(1), AfterValidator(in_six_digits)]
Layers = Annotated[int, Field(ge=-1000, le=1000), _changes(0)]


class Variations(Section):
    """Networks that differ from the dense ones in one thing each, trained from the same seeds and not pruned."""

    networks: Annotated[list[Name], AfterValidator(without_repeats)] = ["mlp", "cnn"]
    """Which of `networks` are varied, on all data sets of the study."""

    alphas: Annotated[list[Factor], AfterValidator(without_repeats)] = [0.25, 0.5, 0.7, 1.4, 2.0, 4.0]
    """Initialisations with more emergence (above 1) or less (below 1), by Li et al. 2024; claim C2 compares them."""

    widths: Annotated[list[Factor], AfterValidator(without_repeats)] = [0.25, 0.5, 2.0, 4.0]
    """Factors of the widths of all hidden layers (mlp, cnn, transformer); claim C7 compares sizes."""

    depths: Annotated[list[Layers], AfterValidator(without_repeats)] = [-1, 1]
    """Hidden layers (mlp), convolutions (cnn) or blocks (transformer) more, or less where negative; for C7 too."""

    inhibitions: Annotated[list[Literal["penalty", "reverse"]], AfterValidator(without_repeats)] = []
    """Ways of `training.inhibition` in which monosemantic units are held back; a figure shows what they change."""

    def of(self, network: str) -> list[Variation]:
        """The variations in which a network is trained.

        >>> variations = Variations(networks=["mlp"], alphas=[2.0], widths=[], depths=[-1])
        >>> [variation.name for variation in variations.of("mlp")]
        ['alpha~2', 'depth~-1']
        >>> Variations(networks=["mlp"]).of("cnn")
        []
        """
        if network not in self.networks:
            return []
        sizes = [*(Variation(width=width) for width in self.widths), *(Variation(depth=depth) for depth in self.depths)]
        inhibited = [Variation(inhibition=way) for way in self.inhibitions]
        return [*(Variation(alpha=alpha) for alpha in self.alphas), *sizes, *inhibited]
