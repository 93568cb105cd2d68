"""Which seeds of a block are trained together: one after another, or stacked."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from emergence.core.modules import prunable
from emergence.networks import Architecture
from emergence.parameters.training import Training
from emergence.training.batches import Part
from emergence.training.dense import is_dense
from emergence.training.group import Group
from emergence.training.member import Member, initial_network
from emergence.training.stack import NotStackable, Stack
from emergence.training.tensors import rows

log = logging.getLogger(__name__)

LAUNCH_BOUND = 10**8
"""Multiply-adds of a layer per update below which a GPU spends more time on starting it than on computing it."""

BATCHED_PRODUCTS = 4
"""Seeds per stack of fully connected networks on a CPU: more of them do not stay in its cache."""

MEMORY_SHARE = 0.5
"""Share of a GPU's free memory that a stack may take by estimate."""


@dataclass(frozen=True)
class Work:
    """What an update of one network takes: multiply-adds per layer in the forward pass, and bytes of memory."""

    per_layer: float
    bytes: int


def form_groups(
    architecture: Architecture,
    seeds: Sequence[int],
    training: Training,
    device: torch.device,
    part: Part,
    seeds_at_once: int | str = "auto",
    masks: Mapping[str, Tensor] | None = None,
    initial: Mapping[str, Tensor] | None = None,
) -> list[Group]:
    """Return the seeds in groups, in their order; networks that cannot be stacked come one by one, with a log line.

    `seeds_at_once` is the number of seeds per stack, or "auto": BATCHED_PRODUCTS for fully connected networks on a CPU,
    1 for others, and on a GPU what `stack_size` says. `part` is that of all these seeds; `masks` and `initial` are
    stacked over them.
    """
    size = min(len(seeds), _size(architecture, seeds[0], training, device, part, seeds_at_once))
    if size > 1:
        try:
            Stack(architecture, seeds[:2], training, device).check(part)
        except NotStackable as error:
            log.info("seeds are trained one after another, because they cannot be stacked: %s", error)
            size = 1
    if size == 1:
        return [
            Member(architecture, seed, training, device, rows(masks or {}, place), initial and rows(initial, place))
            for place, seed in enumerate(seeds)
        ]
    log.info("seeds are trained in stacks of %d", size)
    return [
        Stack(architecture, seeds[c], training, device, rows(masks or {}, c), initial and rows(initial, c))
        for c in (slice(start, start + size) for start in range(0, len(seeds), size))
    ]


def stack_size(work: Work, free_bytes: int) -> int:
    """Return how many seeds pay and fit in a stack on a GPU: 1 where single layers keep it busy by themselves.

    >>> perceptron, vgg = Work(10**7, 50 * 2**20), Work(3e9, 2**30)
    >>> [stack_size(work, free_bytes=10 * 2**30) for work in (perceptron, vgg)]
    [102, 1]
    """
    if work.per_layer >= LAUNCH_BOUND:
        return 1
    return max(1, int(MEMORY_SHARE * free_bytes / work.bytes))


def measure_work(network: nn.Module, part: Part, batch_size: int) -> Work:
    """Measure an update on one sample: the memory of weights, gradients and an optimiser's two tensors, and of what the
    forward pass keeps and the backward pass needs besides.
    """
    from torch.utils.flop_counter import FlopCounterMode

    weights = {parameter.data_ptr() for parameter in network.parameters()}
    kept: dict[int, int] = {}

    def keep(tensor: Tensor) -> Tensor:
        kept[tensor.data_ptr()] = tensor.nbytes
        return tensor

    inputs, _ = part.first(1)
    counter = FlopCounterMode(display=False)
    with counter, torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        network.eval()(inputs)
    activations = sum(size for place, size in kept.items() if place not in weights)
    layers = max(1, len(prunable(network)))
    return Work(
        per_layer=batch_size * counter.get_total_flops() / 2 / layers,
        bytes=4 * sum(p.nbytes for p in network.parameters()) + 3 * batch_size * activations,
    )


def _size(
    architecture: Architecture,
    seed: int,
    training: Training,
    device: torch.device,
    part: Part,
    seeds_at_once: int | str,
) -> int:
    if isinstance(seeds_at_once, int):
        return seeds_at_once
    network = initial_network(architecture, seed).to(device, part.number_type)
    if device.type == "cpu":
        batched = is_dense(network) and training.precision != "bfloat16"
        return BATCHED_PRODUCTS if batched else 1
    free, _ = torch.cuda.mem_get_info(device)
    return stack_size(measure_work(network, part, training.batch_size), free)
