"""Inhibition of monosemantic units: scores, thresholds and gradients against formulas written out."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from emergence.networks import Architecture, build
from emergence.parameters.training import Inhibition as Off
from emergence.parameters.training import Training
from emergence.training.batches import sample_order
from emergence.training.block import train_block
from emergence.training.checkpoints import read
from emergence.training.inhibition import Inhibition, RunningMoments, monosemanticity
from tests.samples import OneSplit

torch.set_num_threads(1)


def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(5, 6), nn.Tanh(), nn.Linear(6, 4), nn.Tanh(), nn.Linear(4, 3)).double()


def batches(count: int = 2, size: int = 40) -> torch.Tensor:
    return torch.randn(count, size, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


def test_running_moments_are_those_of_all_samples_and_later_forget_the_first() -> None:
    samples = torch.randn(7, 30, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    moments = RunningMoments(memory=1000)
    for batch in samples:
        moments.update(batch)
    everything = samples.flatten(0, 1)
    torch.testing.assert_close(moments.mean, everything.mean(0))
    torch.testing.assert_close(moments.variance, everything.var(0))
    for _ in range(100):
        moments.update(torch.full((60, 4), 5.0))
    assert moments.mean.min() > 4.98


def test_scores_are_squared_z_scores_and_none_for_dead_units() -> None:
    samples = torch.cat([torch.randn(50, 3), torch.ones(50, 1)], dim=1)
    moments = RunningMoments(memory=50)
    moments.update(samples)
    found = monosemanticity(samples, moments).numpy()
    numbers = samples[:, :3].double().numpy()
    assert found[:, :3] == pytest.approx(((numbers - numbers.mean(0)) / numbers.std(0, ddof=1)) ** 2)
    assert not found[:, 3].any()


def test_the_gradient_of_the_penalty_is_two_over_the_distance_from_the_mean_for_chosen_pairs_alone() -> None:
    model, (first, second) = network(), batches()
    with Inhibition([model[1]], "penalty", share=0.05) as inhibition:
        model(first)
        assert inhibition.penalty == 0
        hidden = model[0](second).detach().requires_grad_()
        activations = model[1](hidden)
        inhibition.penalty.backward()
    before = torch.tanh(model[0](first)).detach()
    z, mean, variance = activations.detach(), before.mean(0), before.var(0, correction=1)
    phi = (z - mean) ** 2 / variance
    chosen = phi >= np.quantile(phi.numpy(), 0.95)
    assert chosen.sum() == inhibition.inhibited == 12
    torch.testing.assert_close(hidden.grad, torch.where(chosen, 2 / (z - mean) * (1 - z**2), 0))
    assert inhibition.penalty.item() == pytest.approx(float((z - mean)[chosen].square().log().sum()))


def test_reverse_deactivation_puts_the_mean_and_turns_the_gradient_of_chosen_pairs_alone() -> None:
    model, (first, second) = network(), batches()
    with Inhibition([model[1]], "reverse", share=0.05) as inhibition:
        model(first)
        hidden = model[0](second).detach().requires_grad_()
        outputs = model[1](hidden)
        weights = torch.randn(outputs.shape, dtype=torch.float64)
        (weights * outputs).sum().backward()
    z, mean = torch.tanh(hidden).detach(), torch.tanh(model[0](first)).detach().mean(0)
    changed = outputs.detach() != z
    assert changed.sum() == inhibition.inhibited == 12
    torch.testing.assert_close(outputs.detach(), torch.where(changed, mean.expand_as(z), z))
    slope = torch.where(changed, torch.tensor(-1.0, dtype=torch.float64), 1.0) * (1 - z**2)
    torch.testing.assert_close(hidden.grad, weights * slope)


def test_evaluation_and_what_follows_are_left_as_they_are() -> None:
    model, (first, second) = network(), batches()
    expected = model(second)
    with Inhibition([model[1], model[3]], "reverse", share=0.2):
        model(first)
        assert not torch.equal(model(second), expected)
        assert torch.equal(model.eval()(second), expected)
    assert torch.equal(model.train()(second), expected)


class Noise(OneSplit):
    """Samples, exact in single precision as stored ones are, and labels at random."""

    input_shape, classes = (5,), 3

    def part(self, name: str) -> tuple[torch.Tensor, torch.Tensor]:
        generator = torch.Generator().manual_seed(len(name))
        return torch.randn(40, 5, generator=generator).double(), torch.arange(40) % 3


MLP = Architecture("mlp", (5,), 3, {"widths": [6], "activation": "tanh"})


@pytest.mark.parametrize("way", ["penalty", "reverse"])
def test_training_follows_the_loop_in_which_everything_is_written_out(tmp_path: Path, way: str) -> None:
    inhibition = {"way": way, "share": 0.1, "factor": 0.03}
    training = Training.model_validate({"epochs": 2, "batch_size": 8, "precision": "float64", "inhibition": inhibition})
    trained = train_block(Noise(), MLP, [3, 4], training, tmp_path)
    final = read(list(trained.checkpoints)[-1])
    usual = train_block(Noise(), MLP, [3, 4], training.model_copy(update={"inhibition": Off()}), tmp_path)
    for position, seed in enumerate([3, 4]):
        for name, expected in written_out(way, seed, share=0.1, factor=0.03).items():
            torch.testing.assert_close(final.weights[name][position], expected, rtol=1e-9, atol=1e-12)
            assert not torch.equal(read(list(usual.checkpoints)[-1]).weights[name][position], expected)


def written_out(way: str, seed: int, share: float, factor: float) -> dict[str, torch.Tensor]:
    """Weights of a loop that looks at all activations seen before, of one hidden layer."""
    inputs, labels = Noise().part("train")
    torch.manual_seed(seed)
    model = build(MLP).double().train()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    seen, threshold = torch.empty(0, 6, dtype=torch.float64), None
    for epoch in range(2):
        for index in sample_order(seed, epoch, len(inputs)).split(8):
            z = model.activation1(model.linear1(inputs[index]))
            held, penalty = z, 0.0
            if len(seen):
                mean = seen.mean(0)
                phi = ((z - mean) ** 2 / seen.var(0)).detach()
                exceeded = phi.flatten().sort(descending=True).values[round(share * phi.numel()) - 1]
                threshold = exceeded if threshold is None else 0.9 * threshold + 0.1 * exceeded
                chosen = phi >= threshold
                penalty = ((z - mean)[chosen] ** 2).log().sum() / len(index)
                held = torch.where(chosen, mean + z.detach() - z, z)
            seen = torch.cat([seen, z.detach()])
            logits = model.output(held if way == "reverse" else z)
            loss = nn.functional.cross_entropy(logits, labels[index]) + (factor * penalty if way == "penalty" else 0)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return {name: tensor.detach() for name, tensor in model.named_parameters()}


def test_a_network_without_units_to_hold_back_is_refused() -> None:
    settings = Training.model_validate({"inhibition": {"way": "penalty"}})
    assert Inhibition.of(nn.Linear(2, 2), Training()) is None
    with pytest.raises(ValueError, match="no layers whose units could be held back"):
        Inhibition.of(nn.Linear(2, 2), settings)
