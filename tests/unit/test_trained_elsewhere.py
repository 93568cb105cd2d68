"""Networks trained elsewhere: what a study plans of them, what it refuses, and what their import writes."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from emergence import count_paths
from emergence.core.saved_steps import find, search
from emergence.core.steps import Step
from emergence.core.storage import write_dataset
from emergence.datasets import ProcessedDataset, RawDataset, process, read_processed
from emergence.foreign import ForeignError
from emergence.networks import Architecture, build, describe
from emergence.parameters.data import Data
from emergence.parameters.networks import MLP
from emergence.parameters.reading import ParametersError, check
from emergence.parameters.trained_elsewhere import TrainedElsewhere
from emergence.parameters.training import Training
from emergence.study.jobs import Job
from emergence.study.plan import Plan
from emergence.study.stages import as_yaml, saved_elsewhere
from emergence.training.block import train_block
from emergence.training.checkpoints import Checkpoint, paths, publish, read, write
from emergence.training.imported import Imported, architecture_of
from tests.elsewhere import NET, entry, net, save, save_run, weights

ROOT = Path(__file__).parents[2]
CPU = torch.device("cpu")

torch.set_num_threads(1)


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a study with checkpoints of three seeds at five steps."""
    monkeypatch.chdir(tmp_path)
    save_run(tmp_path)
    return tmp_path


def plan(experiments: tuple[str, ...] = ("digits/mlp", "digits/theirs"), **sections: Any) -> Plan:
    given = {
        "study": {"experiments": list(experiments), "seeds": 3},
        "networks": {"mlp": {"builder": "mlp"}, "theirs": entry()},
        "pruning": {"methods": ["global_magnitude"], "sparsities": [0.5]},
        "variations": {"networks": []},
    }
    return Plan(check({**given, **sections}), ROOT)


def keys(jobs: list[Job]) -> set[str]:
    return {job.key for job in jobs}


def of_network(planned: Plan, network: str) -> list[Job]:
    return [job for job in planned.jobs if job.run and job.run.network == network]


OF_THEIRS = {
    "import_networks",
    "count_paths",
    "apply_measures",
    "compare_controls",
    "sample_landscape",
    "measure_ruggedness",
    "measure_curvature",
}


def test_a_network_trained_elsewhere_is_imported_and_analysed_and_neither_trained_nor_pruned(runs: Path) -> None:
    planned = plan(tuning={"learning_rates": [0.1]})
    assert {job.rule for job in of_network(planned, "theirs")} == OF_THEIRS
    assert {"train_networks", "retrain_networks", "find_minima"} <= {job.rule for job in of_network(planned, "mlp")}
    known = plan(networks={"mlp": {"builder": "mlp"}, "theirs": entry(training={"batch_size": 8})})
    assert {job.rule for job in of_network(known, "theirs")} == OF_THEIRS | {"find_minima"}


def test_a_study_of_networks_trained_elsewhere_alone_has_all_but_what_is_about_pruning(runs: Path) -> None:
    planned = plan(("digits/theirs",))
    rules = {job.rule for job in planned.jobs}
    assert OF_THEIRS | {"collect_runs", "judge_claims", "write_report", "gather_networks"} <= rules
    assert not rules & {"train_networks", "make_masks", "retrain_networks"}
    drawn = {job.name for job in planned.of_phase("figures")}
    assert "training_curves" in drawn and not drawn & {"sparsity", "retraining", "winning_tickets", "mask_density"}


def test_a_changed_file_is_imported_anew_with_what_follows_from_it_and_nothing_else(runs: Path) -> None:
    before = plan()
    path = runs / "runs/1/step_4.safetensors"
    content = path.read_bytes()
    save(path, weights(1, 5))
    after = plan()
    assert keys(of_network(before, "mlp")) == keys(of_network(after, "mlp"))
    assert not keys(of_network(before, "theirs")) & keys(of_network(after, "theirs"))
    path.write_bytes(content)
    assert keys(plan().jobs) == keys(before.jobs)


def test_settings_of_own_training_do_not_reach_networks_trained_elsewhere(runs: Path) -> None:
    changed = plan(training={"epochs": 3, "batch_size": 32}, pruning={"methods": ["snip"], "sparsities": [0.2]})
    assert keys(of_network(changed, "theirs")) == keys(of_network(plan(), "theirs"))
    assert not keys(of_network(changed, "mlp")) & keys(of_network(plan(), "mlp"))


def test_the_template_and_the_options_reach_the_import(runs: Path) -> None:
    (job,) = plan().of_rule("import_networks")
    for more in (
        {"updates_per_epoch": 4},
        {"options": {"width": 6}},
        {"checkpoints": f"{runs}/{entry()['checkpoints']}"},
    ):
        (other,) = plan(networks={"mlp": {"builder": "mlp"}, "theirs": entry(**more)}).of_rule("import_networks")
        assert other.key != job.key


def test_files_are_found_below_emergence_data_and_steps_are_updates_where_an_epoch_has_some(
    runs: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("study"))
    with pytest.raises(ValueError, match="there is no file"):
        find(entry()["checkpoints"], None, search())
    monkeypatch.setenv("EMERGENCE_DATA", str(runs))
    found = find(entry()["checkpoints"], 4, search())
    assert list(found) == [Step(0), Step(0, 1), Step(0, 2), Step(1), Step(2)]
    assert list(found[Step(2)]) == [0, 1, 2]


def refusal(**more: Any) -> str:
    with pytest.raises(ParametersError) as told:
        plan(networks={"mlp": {"builder": "mlp"}, "theirs": entry(**more)})
    return str(told.value)


def test_a_missing_seed_or_step_is_refused_while_the_study_is_planned(runs: Path) -> None:
    lost = runs / "runs/2/step_4.safetensors"
    lost.rename(runs / "elsewhere")
    told = refusal()
    assert "networks.theirs.checkpoints" in told and "seed 2 lacks ep4, of which there is runs/0/step_4" in told
    for step in (0, 1, 2, 8):
        (runs / f"runs/2/step_{step}.safetensors").unlink()
    assert "there are files of seeds [0, 1], and none of seed 2" in refusal()


def test_a_network_without_its_start_or_without_files_or_with_two_of_a_step_is_refused(runs: Path) -> None:
    assert "there is no file gone/{seed}_{step}.pt" in refusal(checkpoints="gone/{seed}_{step}.pt")
    save(runs / "runs/0/step_01.safetensors", weights(0, 1))
    assert "step_01.safetensors and runs/0/step_1.safetensors are both of seed 0 and step 1" in refusal()
    for file in runs.glob("runs/*/step_0*"):
        file.unlink()
    assert "the first step is ep1; claims compare with step 0" in refusal()


def test_a_network_without_an_end_of_an_epoch_is_refused(runs: Path) -> None:
    assert "no step ends an epoch (ep0, ep0it1, ep0it2, ep0it4, ep0it8)" in refusal(updates_per_epoch=9)


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"checkpoints": "runs/{seed}.pt"}, "it lacks {step}"),
        ({"checkpoints": "{name}/{seed}_{step}.pt"}, "allowed in braces: {seed} and {step}"),
        ({"model": "tests.elsewhere:nett"}, "networks.theirs.model = 'tests.elsewhere:nett': unknown function"),
        ({"options": {"widht": 3}}, "networks.theirs.model = 'tests.elsewhere:net': unknown option of net 'widht'"),
        ({"model": "gone"}, "there is no file gone/config.json"),
        ({"input_mean": [0.5]}, "input_mean and input_std belong together"),
        ({"training": {"batch_sise": 3}}, "networks.theirs.training.batch_sise: unknown key"),
    ],
)
def test_a_wrong_entry_is_refused_with_its_key(more: dict[str, Any], told: str, runs: Path) -> None:
    assert told in refusal(**more)


def test_networks_trained_elsewhere_cannot_be_varied_and_steps_that_none_has_cannot_be_looked_at(runs: Path) -> None:
    with pytest.raises(ParametersError, match=r"variations.networks.*'theirs'.*allowed: mlp"):
        plan(variations={"networks": ["theirs"], "alphas": [2.0]})
    with pytest.raises(ParametersError, match=r"landscape.steps.*'ep3'.*allowed: ep0, .*ep4, ep8, last"):
        plan(training={"epochs": 2}, landscape={"steps": ["ep3"]})
    with pytest.raises(
        ParametersError, match=r"controls.steps = \['ep3', 'ep20'\]: 'theirs' has none; it has ep0, ep1"
    ):
        plan(controls={"steps": ["ep3", "ep20"]})
    plan(landscape={"steps": ["ep0", "ep8", "ep5", "last"]})


def test_dvc_watches_the_folder_of_the_files(runs: Path) -> None:
    folders = saved_elsewhere(plan().parameters)
    assert folders == ["runs"] and "extensions, runs]" in as_yaml(folders)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> ProcessedDataset:
    generator = np.random.default_rng(0)
    images = generator.integers(0, 17, (300, 1, 8, 8)).astype(np.uint8)
    raw = RawDataset(images, np.arange(300) % 10, tuple("abcdefghij"), source="made up")
    path = tmp_path_factory.mktemp("data") / "dataset.nc"
    write_dataset(path, process("made_up", raw, Data(probe_samples=20)), {})
    return read_processed(path)


def imported(data: ProcessedDataset, target: Path, scale: Any = None, **more: Any) -> Any:
    described = TrainedElsewhere.model_validate(entry(**more))
    files = find(described.checkpoints, described.updates_per_epoch, search())
    brought = Imported(data, architecture_of(described, None, data), files, CPU, scale)
    return brought.write(target, described.updates_per_epoch)


def test_imported_networks_of_own_training_are_what_that_wrote(
    data: ProcessedDataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Own networks are saved as another program would; losses are equal up to the rounding of seeds in one product."""
    monkeypatch.chdir(tmp_path)
    own = describe(MLP(widths=[6]), data.input_shape, data.classes)
    trained = train_block(data, own, [0, 1], Training(epochs=2, batch_size=50), tmp_path / "work")
    publish(trained.checkpoints, tmp_path / "own")
    per_epoch = int(trained.metrics["step_iteration"][-1]) // 2
    for step, path in paths(tmp_path / "own").items():
        for seed in (0, 1):
            save(Path(f"runs/{seed}/step_{step.updates(per_epoch)}.pt"), read(path).of_seed(seed))
    model, options = "emergence.networks.mlp:build", {"input_shape": [1, 8, 8], "classes": 10, "widths": [6]}
    found = imported(data, tmp_path / "theirs", form="pt", updates_per_epoch=per_epoch, model=model, options=options)
    wanted = trained.metrics[list(found.data_vars)]
    assert {"train_loss", "test_accuracy", "guessing_loss", "test_samples"} <= {*found.data_vars}
    np.testing.assert_allclose(found.to_array(), wanted.to_array(), rtol=1e-4)
    for name in found.coords:
        assert found[name].identical(wanted[name])
    for step, path in paths(tmp_path / "own").items():
        theirs = read(tmp_path / "theirs" / path.name, builders=[model])
        assert theirs.step == step and theirs.seeds == (0, 1)
        assert all(torch.equal(theirs.weights[name], tensor) for name, tensor in read(path).weights.items())


def test_inputs_reach_a_network_with_the_scale_of_its_training(data: ProcessedDataset, runs: Path) -> None:
    imported(data, runs / "theirs", ([3.0], [2.0]), input_mean=[3.0], input_std=[2.0])
    checkpoint = read(runs / "theirs/ep4.safetensors", builders=[NET])
    for seed in (0, 2):
        split, plain = data.of_seed(seed), net()
        plain.load_state_dict(weights(seed, 4))
        inputs, _ = split.part("test")
        network = checkpoint.network(seed)
        torch.testing.assert_close(
            network(split.normalise(inputs)), plain((inputs.float() - 3) / 2), rtol=1e-4, atol=1e-4
        )
        probe = split.normalise(inputs[:5])
        assert count_paths(network, probe).exact() == count_paths(plain, (inputs[:5].float() - 3) / 2).exact()


def test_weights_that_do_not_fit_stop_the_import_before_anything_is_written(data: ProcessedDataset, runs: Path) -> None:
    damaged, other = runs / "runs/2/step_8.safetensors", runs / "runs/1/step_2.safetensors"
    whole = damaged.read_bytes()
    damaged.write_bytes(whole[:-4])
    with pytest.raises(ForeignError, match=r"runs/2/step_8.safetensors is damaged"):
        imported(data, runs / "theirs")
    damaged.write_bytes(whole)
    save(other, weights(1, 2, width=7))
    with pytest.raises(
        ForeignError, match=r"runs/1/step_2.safetensors: tensor '1.weight' has shape \(7, 64\).*\(6, 64\)"
    ):
        imported(data, runs / "theirs")
    assert not (runs / "theirs").exists()
    with pytest.raises(ValueError, match="logits of shape"):
        imported(data, runs / "theirs", model="torch.nn:Flatten")


def test_a_checkpoint_does_not_decide_which_program_builds_its_network(tmp_path: Path) -> None:
    options = {"model": "tests.elsewhere:net", "options": {}, "rescaled": False}
    stacked = {name: tensor[None] for name, tensor in weights(0, 0).items()}
    path = tmp_path / "ep0.safetensors"
    write(Checkpoint(Step(0), (0,), Architecture("trained_elsewhere", (1, 8, 8), 10, options), stacked), path)
    with pytest.raises(ValueError, match=r"ep0.safetensors: its network is built by 'tests.elsewhere:net'.*builders="):
        read(path)
    assert isinstance(read(path, builders=[NET]).network(0), nn.Sequential)


def test_models_of_libraries_need_no_name_and_language_models_give_logits_by_position(tmp_path: Path) -> None:
    options = {"model": "torchvision:squeezenet1_1", "options": {"num_classes": 3}}
    assert Architecture("trained_elsewhere", (3, 32, 32), 3, options).program == ""
    pytest.importorskip("transformers")
    small = {"vocab_size": 11, "n_positions": 8, "n_embd": 8, "n_layer": 1, "n_head": 2}
    options = {"model": "transformers:GPT2LMHeadModel", "options": small}
    network = build(Architecture.from_json(Architecture("trained_elsewhere", (8,), 11, options).to_json()))
    tokens = torch.randint(11, (3, 8))
    logits = network.eval()(tokens)
    assert logits.shape == (3, 11, 8)
    torch.testing.assert_close(logits, network.model(tokens).logits.movedim(-1, 1))
