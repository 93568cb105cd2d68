"""The benchmark of the burden proxy at toy size."""

import json
import runpy
from argparse import Namespace
from pathlib import Path

import numpy as np
import pytest
import torch
from benchmarks.systems.vision_transformer import VisionTransformer

torch.set_num_threads(1)

pytestmark = pytest.mark.long

benchmark = Namespace(**runpy.run_path(str(Path(__file__).parents[2] / "benchmarks" / "burden.py")))


def test_removed_weights_stay_zero_while_the_others_train() -> None:
    torch.manual_seed(0)
    network = VisionTransformer((1, 8, 8), 10)
    name = "blocks.0.linear1.weight"
    kept = {name: torch.rand(64, 32) > 0.9}
    trained = benchmark.train(network, (torch.randn(50, 1, 8, 8), torch.arange(50) % 10), 0, 5, kept)
    before, after = network.get_parameter(name)[kept[name]], trained.get_parameter(name)
    assert not after[~kept[name]].any()
    assert (after[kept[name]] != before).all()


@pytest.mark.parametrize("merged", [0, 8])
def test_a_network_has_no_burden_until_weights_are_removed(merged: int) -> None:
    found = benchmark.course(benchmark.read("digits"), merged, 0, Namespace(steps=5, sparsities=[0, 0.99]))
    _, survivors, activity, rank = found[0][1:]
    assert survivors == 1 and (activity, rank) == pytest.approx((1, 1), abs=0.05)
    assert found[1][2] < 0.5 and abs(found[1][4] - 1) > 0.1


def test_a_correlation_that_sparsity_makes_is_told_from_the_one_within_sparsities() -> None:
    sparsity, seed = np.arange(5.0), np.arange(6.0)[:, None]
    lost, proxy = 10 * sparsity + seed, 10 * sparsity - seed
    assert min(benchmark.correlation(lost, proxy, within=False)) > 0.9
    assert benchmark.correlation(lost, proxy, within=True) == pytest.approx((-1, -1, -1))


def test_the_last_line_has_every_network(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.argv", ["burden.py", "--seeds", "2", "--steps", "3", "--sparsities", "0", "0.5", "0.9"])
    benchmark.main()
    networks = json.loads(capsys.readouterr().out.splitlines()[-1])["networks"]
    assert {merged: np.shape(values) for merged, values in networks.items()} == {"0": (2, 3, 5), "8": (2, 3, 5)}


@pytest.mark.parametrize("wrong", ["--sparsities 1", "--sparsities 0", "--seeds 1"])
def test_what_cannot_be_compared_is_refused(
    wrong: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["burden.py", *wrong.split()])
    with pytest.raises(SystemExit):
        benchmark.main()
    assert "--sparsities: from 0 up to, but not including, 1, one of them above 0" in capsys.readouterr().err
