import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from emergence.landscape import Metrics
from emergence.landscape.network import sample_path, sample_planes
from emergence.landscape.planes import Centre
from emergence.parameters.landscape import Landscape

WHERE = Landscape(points=5, extent=0.5, line_points=3, direction_seed=2, metrics=["loss"], planes=["random"])


class Tied(nn.Module):
    """Two layers that share one matrix, and a counter among the buffers."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.last = nn.Linear(6, 6), nn.Linear(6, 6)
        self.last.weight = self.first.weight
        self.register_buffer("calls", torch.tensor(3))

    def forward(self, inputs: Tensor) -> Tensor:
        return self.last(self.first(inputs).tanh())


def test_layers_that_share_their_weights_move_together():
    torch.manual_seed(0)
    initial, final = Tied(), Tied()
    samples = torch.randn(30, 6), torch.randint(6, (30,))
    metrics = Metrics(final, *samples, ["loss"])
    line = sample_path(initial, final, metrics, WHERE)["line_loss"]
    plane = planes(final, samples, WHERE)
    middle = Tied()
    with torch.no_grad():
        for moved, start, end in zip(*(net.parameters() for net in (middle, initial, final)), strict=True):
            moved.copy_((start + end) / 2)
        losses = [F.cross_entropy(net(samples[0]), samples[1]).item() for net in (initial, middle, final)]
    assert line.values == pytest.approx(losses, rel=1e-5)
    assert float(plane.sel(alpha=0, beta=0)) == pytest.approx(losses[-1], rel=1e-5)


def test_the_same_direction_seed_gives_the_same_landscape_and_another_one_does_not():
    torch.manual_seed(1)
    network = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 3))
    samples = torch.randn(20, 6), torch.randint(3, (20,))
    first, again, other = (
        planes(network, samples, WHERE.model_copy(update={"direction_seed": seed})) for seed in (2, 2, 3)
    )
    assert first.values.tobytes() == again.values.tobytes()
    assert not np.allclose(first, other)
    assert first.sel(alpha=0, beta=0) == other.sel(alpha=0, beta=0)


def planes(network: nn.Module, samples: tuple[Tensor, Tensor], where: Landscape):
    """The loss on the plane through a network's weights."""
    centre = Centre(network, *samples, {"ep0": dict(network.named_parameters())})
    return sample_planes(centre, Metrics(network, *samples, ["loss"]), where)["plane_loss"].sel(plane="random")
