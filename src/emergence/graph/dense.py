"""The closed form for fully connected networks."""

from collections.abc import Sequence


def dense_emergence(size: Sequence[int], active: Sequence[int]) -> int:
    """Emergence of a fully connected network from the number of units and of active units per layer.

    The sum over i < j of (n_i - a_i) a_j n_(i+1) ... n_(j-1): paths from inactive units of a layer to active units of a
    later one (AlShinaifi et al. 2024, arXiv:2409.01568, with the product ending at j - 1, which makes it a count).

    Raises ValueError unless 0 <= active <= size in each layer.

    >>> dense_emergence([3, 4, 2], [1, 2, 2])  # 2*2 + 2*4*2 + 2*2
    24
    """
    if len(size) != len(active):
        raise ValueError(f"{len(size)} sizes and {len(active)} numbers of active units: one of each per layer")
    emergence = arriving = 0  # paths from inactive units of earlier layers to any one unit of this layer
    for layer, (units, on) in enumerate(zip(map(int, size), map(int, active), strict=True)):
        if not 0 <= on <= units:
            raise ValueError(f"layer {layer}: {on} active units must lie between 0 and its size {units}")
        emergence += arriving * on
        arriving = arriving * units + units - on
    return emergence
