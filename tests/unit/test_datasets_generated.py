"""Data sets that need no files: digits and MNIST-1D."""

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from torch import nn

from emergence.datasets import RawDataset, RawFiles, digits, mnist1d

NO_FILES = RawFiles(())


@pytest.fixture(scope="module")
def generated() -> RawDataset:
    return mnist1d.load(NO_FILES)


def test_digits_are_those_of_scikit_learn() -> None:
    raw = digits.load(NO_FILES)
    images, labels = load_digits(return_X_y=True)
    assert np.array_equal(raw.inputs.reshape(1797, 64), images)
    assert np.array_equal(raw.labels, labels)
    assert raw.inputs.dtype == np.uint8
    assert raw.test is None


def test_mnist1d_has_the_published_sizes(generated: RawDataset) -> None:
    assert generated.inputs.shape == (5000, 40)
    assert np.bincount(generated.labels).tolist() == [500] * 10
    assert generated.test is not None
    assert np.array_equal(np.flatnonzero(generated.test), np.arange(4000, 5000))
    assert abs(generated.inputs.mean()) < 1e-6
    assert abs(generated.inputs.std() - 1) < 1e-6


def test_mnist1d_templates_start_and_end_at_zero_with_equal_variance() -> None:
    templates = mnist1d.templates()
    assert templates.shape == (10, 12)
    assert np.all(templates[:, [0, -1]] == 0)
    np.testing.assert_allclose(templates.std(axis=1), 1 / 6)


def test_mnist1d_without_disturbance_is_the_stretched_template(monkeypatch: pytest.MonkeyPatch) -> None:
    quiet = {"SCALE_RANGE": 0, "SHEAR_RANGE": 0, "CORRELATED_NOISE": 0, "INDEPENDENT_NOISE": 0, "SHIFTS": 1}
    for name, value in quiet.items():
        monkeypatch.setattr(mnist1d, name, value)
    monkeypatch.setattr(mnist1d, "PADDING", (60, 60))  # then padded length and sampled length agree
    monkeypatch.setattr(mnist1d, "FEATURES", 72)
    inputs, labels = mnist1d.generate(1, seed=0)
    expected = np.pad(mnist1d.templates()[labels], ((0, 0), (0, 60)))
    np.testing.assert_allclose(inputs, (expected - expected.mean()) / expected.std(), atol=1e-6)


@pytest.mark.long
def test_mnist1d_is_as_hard_as_published(generated: RawDataset) -> None:
    torch.set_num_threads(1)
    of_seeds = []
    for seed in range(3):  # single networks differ by a few percent, from processor to processor too
        torch.manual_seed(seed)
        perceptron = nn.Sequential(nn.Linear(40, 100), nn.ReLU(), nn.Linear(100, 100), nn.ReLU(), nn.Linear(100, 10))
        of_seeds.append([accuracy_after_training(net, generated) for net in (nn.Linear(40, 10), perceptron)])
    linear, deep = np.mean(of_seeds, axis=0)
    assert linear == pytest.approx(0.32, abs=0.04)
    assert deep == pytest.approx(0.68, abs=0.05)


def accuracy_after_training(network: nn.Module, raw: RawDataset) -> float:
    """Accuracy after 1,500 updates with Adam on the published training part."""
    inputs, labels = torch.from_numpy(raw.inputs), torch.from_numpy(raw.labels)
    optimizer = torch.optim.Adam(network.parameters(), lr=5e-3)
    for _ in range(1500):
        batch = torch.randint(4000, (100,))
        loss = nn.functional.cross_entropy(network(inputs[batch]), labels[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return (network(inputs[4000:]).argmax(1) == labels[4000:]).double().mean().item()
