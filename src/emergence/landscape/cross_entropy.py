"""Loss and accuracy of a classifier as a function of its weights."""

import logging
from collections.abc import Iterable, Sequence
from functools import partial
from math import ceil

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.utils.flop_counter import FlopCounterMode

from emergence.core.arrays import Floats
from emergence.core.losses import CROSS_ENTROPY, loss_of
from emergence.core.modules import private_copy
from emergence.landscape.combination import Combination, Weights, own_names, renamed
from emergence.landscape.hoisting import HoistedNetwork
from emergence.landscape.sampling import Evaluator, pointwise
from emergence.training.gradients import class_indices, full_precision, squared_errors

log = logging.getLogger(__name__)

CPU_BLOCK_BYTES = 6 * 2**20
"""What stays in a processor's cache from one layer to the next, and is enough work per call."""

GPU_BLOCK_BYTES = 2**28
"""Enough work for a GPU per call."""

CPU_WORK, GPU_WORK = 2e11, 2e13
"""Floating-point operations after which values are handed over: a second or a few."""

MOST_POINTS = 50
"""Points computed together where each is little work."""

LOGIT_BYTES = 2**26
"""Bytes of logits beyond which no more points are computed together."""

CHECKED = 10
"""Samples whose logits are compared before a faster way is trusted."""


class CrossEntropy:
    """Mean loss that a network is trained on ("loss") and share of right answers ("accuracy") on fixed samples.

    A metric for `sample_plane` and `sample_line`. The given network never changes: a copy is evaluated on the device of
    `inputs` (sample, ...). `labels` (sample, ...) are indices of its logits (sample, class, ...); `block` samples go
    through the network at once, by default a number that suits cache and network. Sampling a plane takes memory for 1
    GiB of products at most, and 15 times the weights or the largest activation of a block, whichever is more. Masks of
    `torch.nn.utils.prune` and parametrisations hold at all weights. Raises ValueError where there are no samples or not
    as many labels.

    >>> metric = CrossEntropy(nn.Linear(2, 2), torch.tensor([[1.0, 0.0], [0.0, 1.0]]), torch.tensor([0, 1]))
    >>> values = metric({"weight": 100 * torch.eye(2), "bias": torch.zeros(2)})
    >>> round(values["loss"], 6), values["accuracy"]
    (0.0, 1.0)
    """

    def __init__(self, network: nn.Module, inputs: Tensor, labels: Tensor, block: int | None = None) -> None:
        labels = class_indices(inputs, labels)
        self._network = private_copy(network).eval().requires_grad_(False).to(inputs.device)
        self._names = own_names(self._network)
        blocks = ceil(len(inputs) / (block or samples_per_block(self._network, inputs)))
        self._inputs = inputs.detach().tensor_split(blocks)
        self._labels = labels.to(inputs.device).tensor_split(blocks)

    @torch.no_grad()
    def __call__(self, weights: Weights) -> dict[str, float]:
        """Return loss and accuracy at `weights`; parameters and buffers that it lacks are those of the network."""
        # The network may write to its buffers.
        given = {name: tensor.clone() for name, tensor in renamed(weights, self._names).items()}
        logits = (torch.stack([functional_call(self._network, given, (x.clone(),))]) for x in self._inputs)
        return {name: float(values[0]) for name, values in self._means(logits).items()}

    @torch.no_grad()
    def along(self, basis: Sequence[Weights]) -> Evaluator:
        """Return what evaluates combinations of `basis`, with the products of first layers made once if possible.

        A network for which that fails or gives other logits, such as one that uses the weights of its first layer
        twice, is evaluated point by point.
        """
        basis = [renamed(tensors, self._names) for tensors in basis]
        for fast_forms in (True, False) if self._inputs[0].device.type == "cpu" else (False,):
            try:
                hoisted = HoistedNetwork(self._network, basis, self._inputs, fast_forms)
                _check_agreement(hoisted, self._network, basis, self._inputs[0])
                return Evaluator(partial(self._evaluate, hoisted), self._at_once())
            except (RuntimeError, ValueError) as error:
                log.info("first layers not computed once for all points (in fast forms: %s): %s", fast_forms, error)
        return pointwise(self, basis)

    @torch.inference_mode()
    def _evaluate(self, hoisted: HoistedNetwork, points: Floats) -> dict[str, Floats]:
        return self._means(hoisted.logits(points))

    def _means(self, blocks: Iterable[Tensor]) -> dict[str, Floats]:
        """Return loss and accuracy per point from the logits (point, sample, class, ...) of all blocks."""
        score = _score if loss_of(self._network) == CROSS_ENTROPY else _score_squared_errors
        sums = [score(logits, labels) for logits, labels in zip(blocks, self._labels, strict=True)]
        loss, accuracy = (torch.stack(sums).sum(0) / sum(map(torch.numel, self._labels))).cpu().numpy()
        return {"loss": loss, "accuracy": accuracy}

    def _at_once(self) -> int:
        """Return how many points to compute together: few enough that not much is lost where the process ends."""
        one = self._inputs[0][:1]
        with FlopCounterMode(display=False) as counter:
            logits = self._network(one.clone())
        work = CPU_WORK if one.device.type == "cpu" else GPU_WORK
        of_point = counter.get_total_flops() * sum(map(len, self._inputs))
        of_block = logits.nbytes * len(self._inputs[0])
        return max(1, int(min(work / max(of_point, 1), LOGIT_BYTES / of_block, MOST_POINTS)))


def samples_per_block(network: nn.Module, inputs: Tensor) -> int:
    """Return how many samples to pass through a network at once.

    Their largest activation fills a block of fixed size or, in a network with more weights than that, takes as much
    memory as the weights, so that setting the weights at every point costs little beside using them.
    """
    activations = [0]
    hooks = [
        layer.register_forward_hook(lambda _layer, _arguments, output: activations.append(getattr(output, "nbytes", 0)))
        for layer in network.modules()
        if next(layer.parameters(recurse=False), None) is not None
    ]
    with torch.no_grad():
        network(inputs[:1].clone())
    for hook in hooks:
        hook.remove()
    weights = sum(parameter.nbytes for parameter in network.parameters())
    least = CPU_BLOCK_BYTES if inputs.device.type == "cpu" else GPU_BLOCK_BYTES
    return max(1, max(least, weights) // max(1, *activations))


def _score(logits: Tensor, labels: Tensor) -> Tensor:
    """Return sums over labels (2, point) of cross-entropies and of right answers; overwrites the logits.

    `logits` are (point, sample, class, ...). Equals torch's cross_entropy, which is slower for few classes.
    """
    logits = full_precision(logits)
    highest = logits.amax(2, keepdim=True)
    one_each = int((logits == highest).sum()) == highest.numel()
    answers = None if one_each else logits.argmax(2)  # which takes longer than all else
    below = logits.sub_(highest)
    of_label = below.gather(2, labels.expand(len(logits), *labels.shape).unsqueeze(2)).squeeze(2)
    right = (of_label == 0 if answers is None else answers == labels).flatten(1)
    losses = (below.exp_().sum(2).log() - of_label).flatten(1)
    return torch.stack([losses.sum(-1, dtype=torch.float64), right.sum(-1).double()])


def _score_squared_errors(logits: Tensor, labels: Tensor) -> Tensor:
    """Return sums over labels (2, point) of squared errors and of right answers, of logits as in `_score`."""
    logits = full_precision(logits)
    right = (logits.argmax(2) == labels).flatten(1)
    listed, each = logits.movedim(2, -1).flatten(0, -2), labels.expand(len(logits), *labels.shape).flatten()
    losses = squared_errors(listed, each).view(len(logits), -1)
    return torch.stack([losses.sum(-1, dtype=torch.float64), right.sum(-1).double()])


def _check_agreement(hoisted: HoistedNetwork, network: nn.Module, basis: Sequence[Weights], inputs: Tensor) -> None:
    """Raise ValueError if the logits of some samples differ from the network's at a point that lies on no axis."""
    point = [1 / (1 + number) for number in range(len(basis))]
    expected = functional_call(network, Combination(basis).at(point), (inputs[:CHECKED].clone(),))
    got = next(hoisted.logits([point]))[0, :CHECKED]
    if hoisted.has_other_samples(inputs):
        raise ValueError("it writes to its inputs")
    if not torch.allclose(got, expected, rtol=0, atol=1e-4 * float(expected.abs().max()), equal_nan=True):
        raise ValueError("other logits than the network itself gives")
