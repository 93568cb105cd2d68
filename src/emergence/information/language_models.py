"""Information emergence in causal language models: information on texts that blocks keep beyond that on tokens."""

import sys
from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
import torch
import xarray as xr
from torch import Tensor, nn

from emergence.core.arrays import Floats
from emergence.core.known_skills import labelled
from emergence.core.modules import private_copy
from emergence.information.estimate import DEFAULT, Fit, Information, mutual_information
from emergence.networks.transformer import Block

States = Callable[[Tensor], Sequence[Tensor]]
"""Maps tokens (sample, position) to what enters the first block and what leaves each: (sample, position, width)."""

SAMPLES_AT_ONCE = 512


def blocks_of(network: nn.Module) -> list[nn.Module]:
    """Return the blocks of a transformer of this project or of the package transformers, from the first to the last.

    >>> from emergence.networks.transformer import build
    >>> len(blocks_of(build((8,), 27, blocks=3, heads=2, width=16)))
    3
    """
    library = sys.modules.get("transformers.modeling_layers")
    kinds = (Block, library.GradientCheckpointingLayer) if library else (Block,)
    blocks: dict[str, nn.Module] = {}
    for name, module in network.named_modules():
        if isinstance(module, kinds) and not any(name.startswith(f"{outer}.") for outer in blocks):
            blocks[name] = module
    return list(blocks.values())


def states_of(network: nn.Module, blocks: Sequence[nn.Module]) -> States:
    """Return a function that runs the network on tokens, for the states that enter the first block and leave each.

    It runs a copy in evaluation mode, so that neither network nor tokens change. Blocks that return several things must
    return their states first, as those of Hugging Face do.

    >>> from emergence.networks.transformer import build
    >>> network = build((8,), 27, blocks=3, heads=2, width=16)
    >>> states = states_of(network, blocks_of(network))
    >>> [tuple(state.shape) for state in states(torch.zeros(5, 8, dtype=torch.int64))]
    [(5, 8, 16), (5, 8, 16), (5, 8, 16), (5, 8, 16)]
    """

    def run(tokens: Tensor) -> list[Tensor]:
        seen: list[Tensor] = []
        copied, *inside = private_copy(nn.ModuleList([network, *blocks])).eval()
        inside[0].register_forward_pre_hook(lambda _, args: seen.append(args[0]))
        for block in inside:
            block.register_forward_hook(lambda _, __, left: seen.append(left if isinstance(left, Tensor) else left[0]))
        copied(tokens.clone())
        return seen

    return run


def information_emergence(
    states: States, tokens: Tensor, position: int = 7, fit: Fit = DEFAULT, seed: int = 0
) -> xr.Dataset:
    """Return the information emergence E of each block, in nats, on tokens (sample, position) of many texts.

    E = I(macro out; macro in) - mean over t of I(micro out of t; micro in of t) (Chen et al. 2024, arXiv:2405.12617).
    Macro is the state at `position`, which has read all tokens up to it; micro of t is the state of token t at the
    first position, where a causal model sees nothing else, for t from 0 to `position`. States include the residual
    stream. Both terms are InfoNCE on held-out samples (`mutual_information`) and at most `info_nce_cap`. Where a block
    loses nothing, the micro term is `token_entropy`, the mean entropy of the tokens.

    Dimension `block`, all in nats: `emergence`, `macro`, `macro_error`, its standard error, and `micro`. Raises
    ValueError for a position that the texts lack.

    >>> from emergence.networks.transformer import build
    >>> _ = torch.manual_seed(0)
    >>> network = build((4,), 5, blocks=2, heads=2, width=8)
    >>> states = states_of(network, blocks_of(network))
    >>> found = information_emergence(states, torch.randint(5, (200, 4)), position=1, fit=Fit(steps=5))
    >>> found.emergence.dims, found.sizes["block"], round(found.token_entropy.item(), 1)
    (('block',), 2, 1.6)
    """
    return emergence_over_positions(states, tokens, [position], fit, seed).isel(position=0, drop=True)


def emergence_over_positions(
    states: States, tokens: Tensor, positions: Sequence[int], fit: Fit = DEFAULT, seed: int = 0
) -> xr.Dataset:
    """Return the same along a dimension `position`, with the micro term of each token estimated once."""
    for position in positions:
        if not 0 <= position < tokens.shape[1]:
            raise ValueError(f"position: {position} is not allowed; from 0 to {tokens.shape[1] - 1}")
    read = tokens[:, : max(positions) + 1]
    distinct, which = read.unique(return_inverse=True)
    alone = [state[which] for state in _at(states, distinct[:, None].expand(-1, tokens.shape[1]), 0)]
    micro = np.array(
        [
            [mutual_information(before[:, t], after[:, t], fit, seed).info_nce for t in range(read.shape[1])]
            for before, after in pairwise(alone)
        ]
    )
    found = []
    for position in positions:
        macro = [mutual_information(*pair, fit, seed) for pair in pairwise(_at(states, tokens, position))]
        up_to = slice(position + 1)
        found.append(_described(macro, micro[:, up_to].mean(axis=1), _token_entropy(which[:, up_to])))
    attributes = {"units": "1", "long_name": "place of the last token read"}
    label = xr.DataArray(list(positions), dims="position", name="position", attrs=attributes)
    return xr.concat(found, label, combine_attrs="override")


def _described(macro: Sequence[Information], micro: Floats, entropy: float) -> xr.Dataset:
    values = np.array([found.info_nce for found in macro])
    errors = [found.info_nce_error for found in macro]
    return labelled(
        {
            "emergence": ("block", values - micro, "information emergence"),
            "macro": ("block", values, "information that a block keeps of the text"),
            "macro_error": ("block", errors, "standard error of the information kept of the text"),
            "micro": ("block", micro, "information that a block keeps of single tokens, mean over tokens"),
            "token_entropy": ((), entropy, "entropy of a token, mean over positions"),
            "info_nce_cap": ((), macro[0].cap, "most that InfoNCE can show"),
        },
        units="nat",
        block=("block", np.arange(1, len(values) + 1), {"units": "1", "long_name": "block"}),
    )


@torch.no_grad()
def _at(states: States, tokens: Tensor, position: int) -> list[Tensor]:
    """States (sample, width) at a position, for some samples at a time."""
    parts = [[state[:, position].cpu() for state in states(part)] for part in tokens.split(SAMPLES_AT_ONCE)]
    return [torch.cat(of_block) for of_block in zip(*parts, strict=True)]


def _token_entropy(tokens: Tensor) -> float:
    """Mean over positions of the entropy of tokens (sample, position)."""
    entropies = []
    for column in tokens.T:
        shares = column.unique(return_counts=True)[1].double() / len(column)
        entropies.append(float(torch.special.entr(shares).sum()))
    return float(np.mean(entropies))
