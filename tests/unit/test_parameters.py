"""Parameters: defaults, presets and schema agree, and every mistake is told."""

import sys
from pathlib import Path

import pytest
import yaml

from emergence.parameters import CNN, VGG, Parameters, Transformer
from emergence.parameters import __main__ as commands
from emergence.parameters.base import overlay
from emergence.parameters.reading import ParametersError, check, read
from emergence.parameters.rendering import SCHEMA_FILE, as_schema, as_yaml

ROOT = Path(__file__).parent.parent.parent
PRESETS = sorted((ROOT / "workflow" / "presets").glob("*.yaml"))


def test_params_yaml_and_schema_are_what_the_models_make() -> None:
    assert (ROOT / "params.yaml").read_text() == as_yaml(Parameters())
    assert (ROOT / SCHEMA_FILE).read_text() == as_schema()


def test_what_is_written_reads_back_as_it_was() -> None:
    parameters = read(ROOT / "params.yaml", ROOT / "workflow/presets/smoke.yaml")
    assert check(yaml.safe_load(as_yaml(parameters))) == parameters


def test_every_key_is_explained() -> None:
    def fields(section: type) -> list[str]:
        return [name for name, field in section.model_fields.items() if not (field.description or "").strip()]

    sections = [type(getattr(Parameters(), name)) for name in Parameters.model_fields if name != "networks"]
    unexplained = {section.__name__: fields(section) for section in sections}
    nested = {
        "Training": ["optimizer", "schedule", "inhibition", "augmentation", "checkpoints"],
        "Pruning": ["scoring"],
    }
    assert {name: names for name, names in unexplained.items() if names} == nested


@pytest.mark.parametrize("preset", PRESETS, ids=lambda file: file.stem)
def test_every_preset_is_valid(preset: Path) -> None:
    assert read(ROOT / "params.yaml", preset) != Parameters()


def test_an_overlay_replaces_lists_and_merges_mappings() -> None:
    values = {"a": {"b": [1, 2], "c": 3}}
    overlay(values, {"a": {"b": [4]}})
    assert values == {"a": {"b": [4], "c": 3}}


MISTAKES = [
    ({"training": {"optimizer": {"nam": "sgd"}}}, "training.optimizer.nam: unknown key 'nam'; allowed: name,"),
    (
        {"training": {"optimizer": {"name": "sdg"}}},
        "'sdg'; allowed: sgd, adam, adamw; did you mean 'sgd'?",
    ),
    ({"training": {"optimizer": {"nesterov": True, "momentum": 0}}}, "training.optimizer: nesterov is a form of the"),
    ({"training": {"optimizer": {"nesterov": True, "name": "adamw"}}}, "but name is adamw and momentum 0.9; set"),
    (
        {"training": {"optimizer": {"name": "adamw", "learning_rate": 2, "weight_decay": 0.5}}},
        "adamw with learning_rate 2 and weight_decay 0.5 would turn the signs",
    ),
    (
        {"training": {"epochs": 5, "schedule": {"warmup_epochs": 5.5}}},
        "training: schedule.warmup_epochs = 5.5 is more than epochs = 5",
    ),
    (
        {"training": {"schedule": {"warmup_epochs": 3}}, "tuning": {"learning_rates": [0.1], "epochs": 2}},
        "tuning at learning rate 0.1 for 2 epochs: schedule.warmup_epochs = 3 is more than epochs = 2",
    ),
    (
        {
            "training": {"augmentation": {"flip": True}},
            "data": {"sets": {"plays": {"kind": "text", "file": "plays.txt", "sha256": "0" * 64}}},
            "study": {"experiments": ["plays/transformer"]},
        },
        "training.augmentation changes images, but the data set 'plays' is text",
    ),
    ({"pruning": {"sparsities": [0.5, 1.5]}}, "pruning.sparsities[1] = 1.5: input should be less than 1"),
    ({"pruning": {"methods": []}}, "pruning.methods = []: value should have at least 1 item"),
    (
        {"pruning": {"methods": ["snip", "global_magnitude@ep3"]}, "training": {"checkpoints": {"every_epochs": 8}}},
        "pruning.methods[1] = 'global_magnitude@ep3': training saves no weights at ep3 (training.checkpoints); "
        "allowed: ep0, ep0it1, ep0it2, ep0it4, ep0it8, ep8, ep16, ep20, last",
    ),
    (
        {"pruning": {"retraining": ["rewind"], "rewind_to": "ep0it3"}},
        "pruning.rewind_to = 'ep0it3': training saves no weights at ep0it3 (training.checkpoints); allowed: ep0,",
    ),
    (
        {"study": {"experiments": ["digit/mlp"]}},
        "unknown data set 'digit'; allowed: cifar10, cifar10_jpeg, digits",
    ),
    ({"study": {"experiments": ["digits/mpl"]}}, "unknown network 'mpl'; allowed: mlp, cnn, vgg19"),
    ({"emergence": {"thresholds": [-0.1, 0.05]}}, "emergence.thresholds[0] = -0.1: input should be greater than or"),
    ({"statistics": {"reference_threshold": 0.3}}, "statistics.reference_threshold = 0.3 is not among the counted"),
    (
        {"emergence": {"through": ["active"]}},
        "statistics.reference_through = all is not among the counted: emergence.through is ['active']",
    ),
    (
        {"emergence": {"samples": ["test"]}},
        "statistics.reference_samples = probe is not among the counted: emergence.samples is ['test']",
    ),
    (
        {"statistics": {"reference_criterion": "weight-change", "reference_threshold": 0.5}},
        "statistics.reference_threshold = 0.5 is not among the counted: emergence.change_thresholds is [0.02, 0.05,",
    ),
    (
        {
            "statistics": {"reference_criterion": "weight-change"},
            "landscape": {"metrics": ["loss", "accuracy", "emergence"]},
        },
        "landscape.metrics has emergence, but statistics.reference_criterion is weight-change",
    ),
    ({"networks": {"mlp": {"builder": "mpl"}}}, "networks.mlp.builder: unknown kind of network 'mpl'; allowed: mlp"),
    (
        {"data": {"sets": {"parity": {"kind": "sparse_parity", "bits": 2, "relevant_bits": 3}}}},
        "data.sets.parity: relevant_bits = 3 is more than bits = 2",
    ),
    (
        {"data": {"sets": {"parity": {"kind": "sparse_parity", "skils": 2}}}},
        "data.sets.parity.skils: unknown key 'skils'",
    ),
    (
        {"data": {"sets": {"sentences": {"kind": "formal_language", "entities": 99}}}},
        "data.sets.sentences: entities = 99 is no multiple of classes = 10",
    ),
    (
        {"data": {"sets": {"sentences": {"kind": "formal_language", "density": 0.001}}}},
        "data.sets.sentences.density = 0.001: entity 1 has no property; join entities and properties more often",
    ),
    (
        {"data": {"sets": {"sentences": {"kind": "formal_language"}}}, "study": {"experiments": ["sentences/mlp"]}},
        "study.experiments[0] = 'sentences/mlp': 'sentences' is text, which 'mlp' (mlp) cannot read",
    ),
    (
        {"data": {"sets": {"own": {"kind": "parity"}}}},
        "data.sets.own.kind: unknown kind of data set 'parity'; allowed: cu",
    ),
    (
        {"data": {"sets": {"own": {"bits": 3}}}},
        "data.sets.own: should hold a kind and its options; allowed kinds: custom",
    ),
    ({"data": {"sets": {"own": "m:load"}}}, "data.sets.own = 'm:load': should hold a kind and its options; allowed"),
    (
        {"data": {"sets": {"own": {"kind": "custom", "loader": "own:load", "control": True}}}},
        "data.sets.own: control = true needs skills, the function that says what there would be to learn",
    ),
    (
        {"data": {"texts": {"plays": {"file": "a b.txt", "length": 8}}}},
        "data.texts: write data.sets instead: {sets: {plays: {kind: text, file: a b.txt, length: 8}}}",
    ),
    (
        {"data": {"parities": {"bits": {"skills": 3}, "more": {}}}},
        "data.parities: write data.sets instead: {sets: {bits: {kind: sparse_parity, skills: 3}, more: {kind: sparse",
    ),
    (
        {"data": {"languages": {}}},
        "data.languages: write data.sets instead: {sets: {NAME: {kind: formal_language}}}",
    ),
    (
        {"data": {"custom": {"own": "mine:load"}}},
        "data.custom: write data.sets instead: {sets: {own: {kind: custom, loader: 'mine:load'}}}",
    ),
    (
        {"data": {"sets": {"parity": {"kind": "sparse_parity"}}}, "study": {"experiments": ["parity/transformer"]}},
        "study.experiments[0] = 'parity/transformer': 'transformer' (transformer) reads text, not 'parity'",
    ),
    (
        {
            "training": {"augmentation": {"flip": True}},
            "data": {"sets": {"parity": {"kind": "sparse_parity"}}},
            "study": {"experiments": ["parity/mlp"]},
        },
        "training.augmentation changes images, but the data set 'parity' is bits",
    ),
]


@pytest.mark.parametrize(("values", "message"), MISTAKES, ids=[message[:40] for _, message in MISTAKES])
def test_a_mistake_is_told_with_key_value_and_what_is_allowed(values: dict, message: str) -> None:
    with pytest.raises(ParametersError) as error:
        check(values)
    assert message in str(error.value)


def test_all_mistakes_are_told_at_once_with_the_file_each_stands_in(tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text("training: {epochs: 0}\n")
    (tmp_path / "two.yaml").write_text("training: {batch_size: -1}\n")
    with pytest.raises(ParametersError) as error:
        read(tmp_path / "one.yaml", tmp_path / "two.yaml")
    assert f"{tmp_path / 'one.yaml'}: training.epochs = 0" in str(error.value)
    assert f"{tmp_path / 'two.yaml'}: training.batch_size = -1" in str(error.value)


def test_landscapes_without_the_loss_that_figures_show_are_refused() -> None:
    with pytest.raises(ValueError, match=r"landscape\.metrics lacks loss, .* got \['accuracy'\]"):
        Parameters.model_validate({"landscape": {"metrics": ["accuracy"]}})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"variations": {"networks": ["mpl"]}},
            r"variations\.networks\[0\] = 'mpl': unknown network 'mpl'.* did you mean 'mlp'",
        ),
        (
            {"variations": {"networks": ["vgg19"], "widths": [2], "depths": []}},
            r"variations\.widths\[0\] = 2: 'vgg19' cannot be varied so: only networks of kind mlp, deep_linear, cnn",
        ),
        (
            {"variations": {"networks": ["mlp"], "depths": [-2]}},
            r"variations\.depths\[0\] = -2: 'mlp' cannot be varied so: of 2 hidden layers at least one must be left",
        ),
        (
            {"variations": {"widths": [1]}},
            r"variations\.widths\[0\] = 1: the network as it is, which is always trained",
        ),
        ({"variations": {"depths": [0]}}, r"variations\.depths\[0\] = 0: the network as it is"),
        ({"variations": {"alphas": [0]}}, r"variations\.alphas\[0\] = 0: input should be greater than or equal to 0"),
    ],
    ids=["unknown network", "fixed size", "no layer left", "width as it is", "depth as it is", "alpha of zero"],
)
def test_a_variation_that_there_cannot_be_is_refused(changes: dict, message: str) -> None:
    with pytest.raises(ParametersError, match=message):
        check(changes)


def test_networks_are_resized_in_whole_layers_and_a_transformer_in_whole_heads() -> None:
    cnn, transformer = CNN(channels=[8, 3]), Transformer(width=12, heads=3, blocks=2)
    assert cnn.resized(width=0.1).channels == [1, 1] and cnn.resized(depth=2).channels == [8, 3, 3, 3]
    assert cnn.resized(depth=-1).channels == [8] and cnn.resized() == cnn
    wide = transformer.resized(width=1.3, depth=-1)
    assert (wide.width, wide.blocks, wide.heads) == (15, 1, 3)
    with pytest.raises(ValueError, match="of 2 hidden layers at least one must be left, not 0"):
        transformer.resized(depth=-2)
    assert VGG().resized() == VGG()


def test_restored_parameters_are_those_of_the_file_but_for_how_to_compute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    chain = {"kind": "sparse_parity"}
    before = check({"data": {"sets": {"chain": chain}}, "compute": {"device": "cpu"}})
    (tmp_path / "params.yaml").write_text(as_yaml(before))
    (tmp_path / "left.yaml").write_text("study: {seeds: 3}\n")
    monkeypatch.setattr(sys, "argv", ["parameters", "restore", "left.yaml"])
    commands.main()
    assert read(tmp_path / "params.yaml") == check({"study": {"seeds": 3}, "compute": {"device": "cpu"}})
