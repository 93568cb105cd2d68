"""Seeds that train together each train, and are evaluated, on their own split of the data."""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from emergence.core.seeds import TUNING
from emergence.core.storage import write_dataset
from emergence.datasets import ProcessedDataset, RawDataset, SplitDataset, process, read_processed
from emergence.networks import Architecture, build
from emergence.parameters.data import Data
from emergence.parameters.training import Training
from emergence.training.batches import parts_of, sample_order
from emergence.training.block import TrainedBlock, train_block
from emergence.training.checkpoints import read

torch.set_num_threads(1)  # as in jobs

CPU = torch.device("cpu")
SEEDS = (0, 3, TUNING[0])
NETWORKS = {
    "mlp": Architecture("mlp", (2, 6, 6), 3, {"widths": [8]}),
    "cnn": Architecture("cnn", (2, 6, 6), 3, {"channels": [4], "batch_norm": True}),
}
TRAINING = Training.model_validate(
    {"epochs": 2, "batch_size": 16, "optimizer": {"learning_rate": 0.05, "momentum": 0}, "precision": "float64"}
)


@cache
def images(split: str = "each_seed") -> ProcessedDataset:
    """Images whose channels have means and deviations of their own, which depend on the class."""
    random = np.random.default_rng(1)
    labels = np.arange(240) % 3
    inputs = random.random((240, 2, 6, 6))
    inputs = inputs * np.array([1, 9])[:, None, None] + 0.3 * labels[:, None, None, None]
    raw = RawDataset(inputs.astype(np.float32), labels, ("a", "b", "c"), "made up")
    with TemporaryDirectory() as folder:
        write_dataset(Path(folder, "data.nc"), process("images", raw, Data(probe_samples=12, split=split)), {})
        return read_processed(Path(folder, "data.nc"))


def plain_loop(data: SplitDataset, architecture: Architecture, seed: int) -> torch.nn.Module:
    """The textbook loop on a data set that is split already."""
    inputs, labels = data.part("train")
    torch.manual_seed(seed)
    network = build(architecture).double().train()
    optimizer = torch.optim.SGD(network.parameters(), lr=0.05)
    for epoch in range(TRAINING.epochs):
        for index in sample_order(seed, epoch, len(labels)).split(16):
            optimizer.zero_grad()
            cross_entropy(network(data.normalise(inputs[index]).double()), labels[index]).backward()
            optimizer.step()
    return network.eval()


def trained(name: str, seeds: tuple[int, ...], folder: Path, at_once: int, split: str = "each_seed") -> TrainedBlock:
    return train_block(images(split), NETWORKS[name], seeds, TRAINING, folder, seeds_at_once=at_once)


@pytest.mark.parametrize("at_once", [1, 3])
@pytest.mark.parametrize("name", NETWORKS)
def test_each_seed_is_trained_and_evaluated_on_its_own_parts(name: str, at_once: int, tmp_path: Path) -> None:
    block = trained(name, SEEDS, tmp_path, at_once)
    assert block.cost.seeds_together == ([list(SEEDS)] if at_once == 3 else [[seed] for seed in SEEDS])
    last = read(list(block.checkpoints)[-1])
    for seed in SEEDS:
        data = images().of_seed(seed)
        expected = plain_loop(data, NETWORKS[name], seed)
        for key, tensor in last.of_seed(seed).items():
            torch.testing.assert_close(tensor, expected.state_dict()[key], rtol=1e-6, atol=1e-8)
        for part in ("train", "validation", "test"):
            inputs, labels = data.part(part)
            logits = expected(data.normalise(inputs).double())
            stated = block.metrics.sel(seed=seed).isel(step=-1)
            assert stated[f"{part}_loss"].item() == pytest.approx(cross_entropy(logits, labels).item(), rel=1e-6)
            share = (logits.argmax(1) == labels).double().mean().item()
            assert stated[f"{part}_accuracy"].item() == pytest.approx(share, rel=1e-6)


@pytest.mark.parametrize("name", NETWORKS)
def test_a_seed_of_a_block_gives_the_bits_that_it_gives_alone(name: str, tmp_path: Path) -> None:
    together, alone = trained(name, SEEDS, tmp_path / "a", 1), trained(name, SEEDS[1:2], tmp_path / "b", 1)
    weights = (read(list(block.checkpoints)[-1]).of_seed(SEEDS[1]) for block in (together, alone))
    for one, other in zip(*(of_block.values() for of_block in weights), strict=True):
        assert torch.equal(one, other)
    assert together.metrics.sel(seed=[SEEDS[1]]).identical(alone.metrics)


def test_a_common_split_is_one_for_all_seeds_and_another_training(tmp_path: Path) -> None:
    (part,) = parts_of(images("common"), ["train"], SEEDS, CPU)
    assert torch.equal(part.places, part.places[:1].expand(3, -1))
    (own,) = parts_of(images(), ["train"], SEEDS, CPU)
    assert len({tuple(places.tolist()) for places in own.places}) == 3
    each, common = (trained("mlp", SEEDS, tmp_path, 3, split) for split in ("each_seed", "common"))
    assert len(list(tmp_path.iterdir())) == 2  # the state of one is not taken for that of the other
    assert (each.metrics["train_loss"] != common.metrics["train_loss"]).all()


def test_samples_lie_in_memory_once_however_many_seeds_and_parts_there_are() -> None:
    data = images()
    parts = parts_of(data, ["train", "validation", "test"], range(20), CPU)
    assert {part.inputs.data_ptr() for part in parts} == {data.inputs.data_ptr()}
    assert {part.of([3, 3]).inputs.data_ptr() for part in parts} == {data.inputs.data_ptr()}


def test_parts_of_several_sizes_are_refused_with_the_seeds() -> None:
    class Uneven(ProcessedDataset):
        def of_seed(self, seed: int) -> SplitDataset:
            split = super().of_seed(seed)
            split.parts[: 5 * seed] = 0
            return split

    with pytest.raises(ValueError, match=r"the train part has a size .* seeds train together: \{0: 161, 2: 1"):
        parts_of(Uneven(**vars(images())), ["train"], [0, 2], CPU)
