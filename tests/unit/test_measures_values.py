"""Each measure against a value found in another way."""

from math import sqrt
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils import prune

from emergence.core.plugins import available
from emergence.core.steps import Step
from emergence.core.storage import read_dataset, write_dataset
from emergence.datasets import RawDataset, process
from emergence.measures import apply
from emergence.networks import Architecture, build
from emergence.parameters.data import Data
from emergence.training.checkpoints import Checkpoint, file_name, publish, read, write
from tests.job_files import RUN, do, job_file

ROOT = Path(__file__).parents[2]
OF_SOME = {"information_emergence", "causal_emergence_2"}  # those of transformers, and of few units
NAMES = sorted({*available("measures")} - OF_SOME)
RANDOM = {"hessian_trace", "local_learning_coefficient"}  # draw in the order of parameters, which a mask changes


def convolutional() -> nn.Module:
    torch.manual_seed(0)
    network = build(Architecture("cnn", (1, 8, 8), 3, {"channels": [4, 6], "batch_norm": True}))
    return network.eval()


def value(name: str, network: nn.Module, inputs: Tensor, labels: Tensor | None = None) -> float:
    labels = torch.zeros(len(inputs), dtype=torch.long) if labels is None else labels
    return float(apply(network, inputs, labels, [name])[name].mean())


def inputs(samples: int = 24, seed: int = 1) -> Tensor:
    return torch.randn(samples, 1, 8, 8, generator=torch.Generator().manual_seed(seed))


def outputs_of_relus(network: nn.Module, samples: Tensor) -> list[Tensor]:
    """Activations found with hooks instead of a trace."""
    found: list[Tensor] = []
    hooks = [
        module.register_forward_hook(lambda _module, _inputs, output: found.append(output.detach().flatten(1)))
        for module in network.modules()
        if isinstance(module, nn.ReLU)
    ]
    network(samples)
    for hook in hooks:
        hook.remove()
    return found


def test_active_fraction_counts_pairs_of_sample_and_unit() -> None:
    network, samples = convolutional(), inputs()
    activations = torch.cat(outputs_of_relus(network, samples), dim=1)
    assert value("active_fraction", network, samples) == pytest.approx(float((activations > 0.05).double().mean()))


def test_measures_of_activity_do_not_depend_on_how_samples_are_cut_into_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    network, samples = convolutional(), inputs()
    labels = torch.arange(24) % 3
    names = ["active_fraction", "hoyer_sparsity", "monosemanticity"]
    whole = apply(network, samples, labels, names)
    monkeypatch.setattr("emergence.graph.tracing.Trace.rows_per_block", lambda *_: 5)
    in_blocks = apply(network, samples, labels, names)
    assert all(in_blocks[name].item() == pytest.approx(whole[name].item(), rel=1e-6) for name in names)


def test_a_network_without_non_linearities_has_no_activity_to_measure() -> None:
    network = nn.Sequential(nn.Flatten(), nn.Linear(64, 3)).eval()
    assert np.isnan(value("active_fraction", network, inputs())) and np.isnan(
        value("hoyer_sparsity", network, inputs())
    )


def test_hoyer_sparsity_is_the_mean_over_sites_and_samples() -> None:
    network, samples = convolutional(), inputs()
    by_site = []
    for site in outputs_of_relus(network, samples):
        numbers = site.double().numpy()
        root = sqrt(numbers.shape[1])
        ratio = np.abs(numbers).sum(1) / np.sqrt((numbers**2).sum(1))
        by_site.append(np.mean((root - ratio) / (root - 1)))
    assert value("hoyer_sparsity", network, samples) == pytest.approx(np.mean(by_site))


@pytest.mark.parametrize(("activity", "sparsity"), [([1.0, 1, 1, 1], 0.0), ([0.0, 2, 0, 0], 1.0)])
def test_hoyer_sparsity_is_zero_for_equal_and_one_for_single_activity(activity: list[float], sparsity: float) -> None:
    samples = torch.tensor([activity, [0.0] * 4])
    assert value("hoyer_sparsity", nn.Sequential(nn.ReLU()), samples) == pytest.approx(sparsity)


def test_weight_norm_leaves_out_biases_and_normalisations() -> None:
    network = convolutional()
    kernels = [module.weight for module in network.modules() if isinstance(module, nn.Conv2d | nn.Linear)]
    expected = np.linalg.norm(np.concatenate([kernel.detach().double().numpy().ravel() for kernel in kernels]))
    assert value("weight_norm", network, inputs()) == pytest.approx(expected)


def test_spectral_norm_product_bounds_how_far_outputs_part() -> None:
    torch.manual_seed(2)
    network = nn.Sequential(nn.Flatten(), nn.Linear(64, 9), nn.ReLU(), nn.Linear(9, 4), nn.Tanh(), nn.Linear(4, 3))
    bound = value("spectral_norm_product", network.eval(), inputs())
    norms = [np.linalg.svd(p.detach().numpy(), compute_uv=False)[0] for p in network.parameters() if p.ndim == 2]
    assert bound == pytest.approx(np.prod(norms), rel=1e-5)
    first, second = inputs(200, 3), inputs(200, 4)
    parting = (network(first) - network(second)).norm(dim=1) / (first - second).flatten(1).norm(dim=1)
    assert float(parting.detach().max()) <= bound


def test_effective_rank_of_known_matrices() -> None:
    network = nn.Sequential(nn.Linear(5, 5, bias=False), nn.Linear(5, 5, bias=False), nn.Linear(5, 5, bias=False))
    with torch.no_grad():
        network[0].weight.copy_(torch.linalg.qr(torch.randn(5, 5)).Q)
        network[1].weight.copy_(torch.outer(torch.arange(1.0, 6), torch.ones(5)))
        network[2].weight.copy_(torch.diag(torch.tensor([3.0, 1, 0, 0, 0])))
    third = np.exp(-0.75 * np.log(0.75) - 0.25 * np.log(0.25))
    assert value("effective_rank", network, torch.zeros(4, 5)) == pytest.approx((5 + 1 + third) / 3, rel=1e-5)


def test_loss_gradient_norm_is_the_slope_along_the_gradient() -> None:
    network, samples = convolutional().double(), inputs().double()
    labels = torch.arange(24) % 3
    found = value("loss_gradient_norm", network, samples, labels)
    loss = nn.functional.cross_entropy(network(samples), labels)
    gradients = torch.autograd.grad(loss, list(network.parameters()))
    step = 1e-5 / found
    with torch.no_grad():
        for parameter, gradient in zip(network.parameters(), gradients, strict=True):
            parameter += step * gradient
        further = nn.functional.cross_entropy(network(samples), labels)
    assert found == pytest.approx(float(further - loss.detach()) / 1e-5, rel=1e-3)


def test_loss_gradient_norm_leaves_out_removed_weights() -> None:
    network, labels = nn.Linear(64, 3), torch.arange(24) % 3
    samples = inputs().flatten(1)
    with torch.no_grad():
        network.weight[:, 10:] = 0
    narrow = nn.Linear(10, 3)
    narrow.load_state_dict({"weight": network.weight[:, :10].detach(), "bias": network.bias.detach()})
    expected = value("loss_gradient_norm", narrow, samples[:, :10], labels)
    assert value("loss_gradient_norm", network, samples, labels) == pytest.approx(expected)


@pytest.mark.parametrize("samples", [16, 40, 400], ids=lambda samples: f"{samples} samples of 64 features")
def test_affine_networks_have_no_effective_complexity(samples: int) -> None:
    torch.manual_seed(4)
    network = nn.Sequential(nn.Flatten(), nn.Linear(64, 30), nn.Linear(30, 5)).eval()
    assert value("effective_complexity", network, inputs(samples)) == pytest.approx(0, abs=1e-9)


def test_effective_complexity_is_one_minus_the_adjusted_r_squared_of_a_linear_regression() -> None:
    statsmodels = pytest.importorskip("statsmodels.api")
    torch.manual_seed(5)
    network = nn.Sequential(nn.Linear(4, 30), nn.ReLU(), nn.Linear(30, 1)).eval()
    samples = torch.randn(60, 4)
    fit = statsmodels.OLS(network(samples).detach().numpy(), statsmodels.add_constant(samples.numpy())).fit()
    assert value("effective_complexity", network, samples) == pytest.approx(1 - fit.rsquared_adj, rel=1e-4)


class Parity(nn.Module):
    """The product of signs of two features: without any linear part."""

    def forward(self, samples: Tensor) -> Tensor:
        return samples[:, :1].sign() * samples[:, 1:2].sign()


@pytest.mark.parametrize("features", [8, 200])
def test_a_function_without_linear_part_is_fully_complex_however_few_the_samples(features: int) -> None:
    generator = torch.Generator().manual_seed(6)
    found = [value("effective_complexity", Parity(), torch.randn(200, features, generator=generator)) for _ in range(3)]
    assert np.mean(found) > 0.9


@pytest.mark.parametrize("name", NAMES)
def test_a_measure_sees_what_a_mask_leaves_and_gives_the_same_again(name: str) -> None:
    torch.manual_seed(8)
    network = nn.Sequential(nn.Flatten(), nn.Linear(64, 6), nn.ReLU(), nn.Linear(6, 3)).eval()
    plain = nn.Sequential(nn.Flatten(), nn.Linear(64, 6), nn.ReLU(), nn.Linear(6, 3)).eval()
    prune.random_unstructured(network[1], "weight", amount=0.5)
    weights = {key.removesuffix("_orig"): tensor for key, tensor in network.state_dict().items()}
    plain.load_state_dict({key: weights[key] for key in plain.state_dict()} | {"1.weight": network[1].weight.detach()})
    found = value(name, network, inputs())
    assert np.isfinite(found) and value(name, network, inputs()) == found
    if name not in RANDOM:
        assert found == pytest.approx(value(name, plain, inputs()), rel=1e-4)


def test_an_unknown_measure_names_the_nearest() -> None:
    with pytest.raises(ValueError, match="did you mean 'weight_norm'"):
        apply(nn.Linear(2, 2), torch.zeros(4, 2), torch.zeros(4), ["weight_nrom"])


def test_a_network_with_infinite_logits_has_no_measures() -> None:
    network = convolutional()
    with torch.no_grad():
        network[0].weight[0, 0, 0, 0] = torch.nan
    found = apply(network, inputs(), torch.zeros(24, dtype=torch.long), NAMES)
    assert set(found) == set(NAMES) and all(np.isnan(found[name].item()) for name in NAMES)


def test_values_by_site_are_labelled_with_sites() -> None:
    found = apply(convolutional(), inputs(), torch.zeros(24), ["effective_complexity_by_site", "weight_norm"])
    assert found["effective_complexity_by_site"].dims == ("site",) and found["weight_norm"].dims == ()
    assert found["site"].values.tolist() == ["activation1", "activation2", "output"]


def test_the_script_measures_every_seed_at_every_step(tmp_path: Path) -> None:
    rng = np.random.default_rng(7)
    raw = RawDataset(rng.normal(size=(90, 6)).astype(np.float32), np.arange(90) % 3, ("a", "b", "c"), source="made up")
    write_dataset(tmp_path / "dataset.nc", process("made-up", raw, Data(probe_samples=20)), {})
    architecture = Architecture("mlp", (6,), 3, {"widths": [5]})
    files = {}
    for step in (Step(0), Step(0, 2), Step(10), Step(2)):
        states = [build(architecture).state_dict() for _ in range(2)]
        weights = {name: torch.stack([state[name] for state in states]) for name in states[0]}
        if step == Step(2):
            weights["output.bias"][0] = torch.inf
        file = tmp_path / file_name(step)
        files[file] = write(Checkpoint(step, (3, 5), architecture, weights), file)
    publish(files, tmp_path / "checkpoints")
    names = ["weight_norm", "active_fraction", "effective_complexity_by_site"]
    inputs = {"data": {"dataset": tmp_path / "dataset.nc"}, "training": {"checkpoints": tmp_path / "checkpoints"}}
    settings = {"networks": {"mlp": {"builder": "mlp"}}, "measures": {"names": names}}
    first, second = tmp_path / "one" / "measures.nc", tmp_path / "two" / "measures.nc"
    first.parent.mkdir()
    outputs, parts = {"measures": first}, {name: f"key of {name}" for name in names}
    do(job_file(tmp_path / "job.json", "apply_measures", inputs, outputs, run=RUN, settings=settings, parts=parts))
    measured = read_dataset(first)
    assert measured["step"].values.tolist() == ["ep0", "ep0it2", "ep2", "ep10"]
    assert measured["seed"].values.tolist() == [3, 5] and measured["site"].values.tolist() == ["activation1", "output"]
    assert set(measured.data_vars) == set(names)
    for name in names:
        of_networks = measured[name].stack(network=["seed", "step"]).isnull()
        missing = of_networks if of_networks.ndim == 1 else of_networks.all("site")
        assert missing["network"].values[missing.values].tolist() == [(3, "ep2")]
    linear = read(tmp_path / "checkpoints" / "ep10.safetensors").network(5)
    norm = sqrt(sum(float((p.detach() ** 2).sum()) for p in linear.parameters() if p.ndim == 2))
    assert measured["weight_norm"].sel(seed=5, step="ep10").item() == pytest.approx(norm, rel=1e-6)
    told_apart = measured.assign(weight_norm=measured["weight_norm"].copy(data=np.full((2, 4), 42.0)))
    write_dataset(first, told_apart, {})
    outputs, parts = {"measures": second}, {"path_norm": "new", "weight_norm": parts["weight_norm"]}
    second.parent.mkdir()
    do(job_file(tmp_path / "job.json", "apply_measures", inputs, outputs, run=RUN, settings=settings, parts=parts))
    measured = read_dataset(second)
    assert (measured["weight_norm"] == 42).all()  # kept
    inner, outer = (p.detach().abs() for p in linear.parameters() if p.ndim == 2)
    assert measured["path_norm"].sel(seed=5, step="ep10").item() == pytest.approx(
        float((outer @ inner).sum()), rel=1e-5
    )
