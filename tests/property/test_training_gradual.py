"""Weights that are removed during training never come back, whatever the update rule."""

from typing import Any

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from emergence.core.modules import prunable
from emergence.networks import Architecture
from emergence.parameters.training import Training
from emergence.training.batches import parts_of
from emergence.training.gradual import remove_more
from emergence.training.grouping import form_groups
from emergence.training.member import initial_network
from tests.property.test_training_masks import ARCHITECTURES, Noise, optimizers, penalties

torch.set_num_threads(1)  # as in jobs

sparsities = st.lists(st.floats(0, 0.999), min_size=2, max_size=4).map(sorted)


@settings(deadline=None, max_examples=40)
@given(st.sampled_from(ARCHITECTURES), optimizers, sparsities, st.sampled_from([1, 2]), penalties)
def test_weights_removed_during_training_stay_zero_under_every_optimizer(
    architecture: Architecture, optimizer: dict[str, Any], sparsities: list[float], stacked: int, penalty: float
) -> None:
    training = Training.model_validate({"batch_size": 4, "optimizer": optimizer, "l1_penalty": penalty})
    device, names = torch.device("cpu"), list(prunable(initial_network(architecture, 0)))
    seeds = [0, 1][:stacked]
    (part,) = parts_of(Noise(architecture.input_shape), ["train"], seeds, device)
    group = form_groups(architecture, seeds, training, device, part, stacked)[0]
    size = sum(group.weights()[name][0].numel() for name in names)
    before = {name: torch.zeros(0) for name in names}
    for epoch, sparsity in enumerate(sparsities):
        group.advance(part, epoch, 0, 3)
        remove_more(group, names, "gradual_magnitude", sparsity, 3 * epoch + 3)
        masks = group.masks()
        removed = sum((~masks[name]).flatten(1).sum(1) for name in names)
        assert (removed - sparsity * size).abs().max() <= 0.5 + 1e-6
        assert not any((masks[name][before[name] == 0]).any() for name in names if epoch)
        group.advance(part, epoch + 10, 0, 3)
        for name, weights in group.weights().items():
            if name in masks:
                assert not weights[~masks[name]].any()
                assert not weights[~masks[name]].signbit().any()
        before = masks
