"""What is left of networks: effective sparsity and cost, whatever made their weights zero."""

import numpy as np
import torch

from emergence.core.steps import Step
from emergence.networks import Architecture
from emergence.pruning import Mask, effective_sparsity, masked, prunable, remaining
from emergence.training.checkpoints import Checkpoint
from emergence.training.member import initial_network

ARCHITECTURE = Architecture("cnn", (1, 8, 8), 10, {"channels": [4], "batch_norm": True})
EXAMPLE = torch.zeros(1, 1, 8, 8)


def checkpoint(*seeds: int) -> Checkpoint:
    states = [initial_network(ARCHITECTURE, seed).state_dict() for seed in seeds]
    return Checkpoint(
        Step(3), seeds, ARCHITECTURE, {name: torch.stack([s[name] for s in states]) for name in states[0]}
    )


def test_dense_networks_have_all_their_weights_and_cost_what_they_are_built_of() -> None:
    left = remaining(checkpoint(4, 7), EXAMPLE)
    assert left["seed"].values.tolist() == [4, 7]
    assert left["effective_sparsity"].values.tolist() == [0, 0]
    # 64 positions for each of 36 kernel entries, one for each weight of the output
    assert (
        left["multiply_adds"].values.tolist() == left["effective_multiply_adds"].values.tolist() == [64 * 36 + 640] * 2
    )


def test_weights_behind_or_before_a_gap_are_gone_in_effect_but_still_cost() -> None:
    stored = checkpoint(4)
    kept = {name: torch.ones_like(tensor, dtype=torch.bool) for name, tensor in prunable(stored.network(4)).items()}
    kept["conv1.weight"][1] = False  # a channel without inputs
    kept["output.weight"][:, 32:48] = False  # and one without effect
    mask = Mask((4,), {name: tensor[None] for name, tensor in kept.items()})
    pruned = Checkpoint(stored.step, stored.seeds, ARCHITECTURE, masked(stored.weights, mask.kept))
    left = remaining(pruned, EXAMPLE).sel(seed=4)
    assert left["multiply_adds"] == 64 * 36 + 640
    assert left["effective_multiply_adds"] == 64 * 27 + 480
    np.testing.assert_allclose(left["effective_sparsity"], 1 - (18 + 320) / 676)


def test_a_network_that_diverged_has_lost_no_weight() -> None:
    stored = checkpoint(4)
    diverged = {
        name: torch.full_like(t, torch.nan) if t.is_floating_point() else t for name, t in stored.weights.items()
    }
    left = remaining(Checkpoint(stored.step, stored.seeds, ARCHITECTURE, diverged), EXAMPLE)
    assert left["effective_sparsity"].item() == 0


def test_a_network_that_no_path_crosses_has_lost_all_weights() -> None:
    network = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.ReLU(), torch.nn.Linear(2, 1))
    torch.nn.init.zeros_(network[2].weight)
    assert effective_sparsity(network, torch.zeros(1, 3)) == 1
