"""What no study can be made from is told before the first job, with file, key, value and what is allowed."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from emergence.core.plugins import load
from emergence.parameters.reading import ParametersError, check, read
from emergence.study.plan import Plan

ROOT = Path(__file__).parents[2]

BASE = """
study: {experiments: [digits/mlp], seeds: 2}
networks: {mlp: {builder: mlp, widths: [16, 8]}, deep: {builder: cnn, channels: [4, 4, 4, 4]}, cnn: {builder: cnn},
           resnet20: {builder: resnet}, vgg19: {builder: vgg}}
variations: {networks: []}
training: {epochs: 4, checkpoints: {early_iterations: [2, 500]}}
pruning: {methods: [global_magnitude], sparsities: [0.5]}
landscape: {seeds: 1}
"""

OWN = {
    "empty_line": "def load(files:\n    return 1\n",
    "leaves": "import sys\n\nsys.exit(0)\n\n\ndef load(files): ...\n",
    "leaves_at_once": "import os\nos._exit(3)\ndef load(files): ...\n",
    "raises": "raise OSError('not here')\n",
    "wants_more": "import package_that_nobody_has\n\n\ndef load(files): ...\n",
    "reads_broken": "from own_of_tests.empty_line import load\n",
    "reads_absent": "from own_of_tests.fine import nothing\n\n\ndef load(files): ...\n",
    "constant": "load = 'a file'\n",
    "fine": "def load(files): ...\ndef measure(network, inputs, labels): ...\n"
    "def build(input_shape, classes, width=3): ...\ndef needs(input_shape, classes, width): ...\n"
    "def make_mask(subject, sparsity, generator): ...\n",
    "branches": "try:\n    import package_that_nobody_has\nexcept ImportError:\n    def load(files): ...\n",
}
"""Modules of a user's, none of which is imported when a study is planned."""

SHA = "0" * 64

INFINITE = [
    ("training: {optimizer: {learning_rate: .inf}}", "training.optimizer.learning_rate = inf", "finite number"),
    ("training: {inhibition: {factor: .nan}}", "training.inhibition.factor = nan", "finite number"),
    ("emergence: {thresholds: [0.05, .inf]}", "emergence.thresholds[1] = inf", "finite number"),
    ("pruning: {l1_penalty: 1.0e+400}", "pruning.l1_penalty = inf", "finite number"),
    (
        "networks: {own: {builder: 'own_of_tests.fine:build', options: {width: [1, .inf]}}}",
        "networks.own.options.width = [1, inf]",
        "no finite number",
    ),
]

TRUTHS = [
    ("training: {epochs: yes}", "training.epochs = True", "no numbers"),
    ("pruning: {sparsities: [0.5, yes]}", "pruning.sparsities = [0.5, True]", "no numbers"),
    ("landscape: {beta_points: no}", "landscape.beta_points = False", "no numbers"),
    ("figures: {colour_map: off}", "figures.colour_map = False", "no numbers or names"),
]

TOO_LARGE = [
    ("training: {epochs: 10000000000000}", "training.epochs = 10000000000000", "less than or equal to 1000000"),
    ("networks: {mlp: {widths: [2000000000]}}", "networks.mlp.widths[0] = 2000000000", "less than or equal to 1000000"),
    ("networks: {mlp: {widths: [900000, 900000]}}", "networks.mlp", "GB (compute.memory"),
    ("landscape: {points: 900000}", "landscape.points = 900000", "GB (compute.memory"),
    ("landscape: {slices: 900000, slice_points: 900000}", "landscape.slice_points = 900000", "GB (compute.memory"),
    (
        "data: {sets: {p: {kind: sparse_parity, samples: 500000000000}}}",
        "data.sets.p.samples = 500000000000",
        "GB (compute.memory",
    ),
    (
        "data: {sets: {l: {kind: formal_language, sequences: 100000000000, length: 64}}}",
        "data.sets.l.sequences = 100000000000",
        "GB (compute.memory",
    ),
    (
        "data: {sets: {l: {kind: formal_language, entities: 1000000, properties: 1000000}}}",
        "data.sets.l.properties = 1000000",
        "GB (compute.memory",
    ),
    (
        "{data: {sets: {l: {kind: formal_language, length: 200000}}}, networks: {t: {builder: transformer}},"
        " study: {experiments: [l/t]}}",
        "data.sets.l.length = 200000",
        "GB (compute.memory",
    ),
    ("variations: {networks: [mlp], widths: [1000000]}", "variations.widths[0] = 1000000.0", "GB (compute.memory"),
    ("variations: {networks: [mlp], depths: [5000]}", "variations.depths[0] = 5000", "less than or equal to 1000"),
    ("study: {seeds: 900000, seeds_per_block: 1}", "study.seeds = 900000", "allowed: 20000"),
    ("data: {split_seed: 99999999999999999999}", "data.split_seed = 99999999999999999999", "less than 4294967296"),
    ("controls: {noise: [1.0e+30]}", "controls.noise[0] = 1e+30", "less than or equal to 1000000"),
    ("minima: {radii: [1.0e-30]}", "minima.radii[0] = 1e-30", "greater than or equal to 0.000001"),
]

FUNCTIONS = [
    ("measures: {names: ['emergence.measures.path_norm:mesure']}", "measures.names[0]", "did you mean 'measure'?"),
    ("landscape: {metrics: [loss, accuracy, emergense]}", "landscape.metrics[2]", "did you mean 'emergence'?"),
    ("landscape: {metrics: [loss, accuracy, 'os.path:join:x']}", "landscape.metrics[2]", "allowed: a name"),
    ("pruning: {methods: ['own_of_tests.fine:prune']}", "pruning.methods[0]", "allowed: load, measure"),
    ("pruning: {methods: ['own_of_tests.fine:load']}", "pruning.methods[0]", "is called with 3"),
    ("pruning: {methods: ['..up:f']}", "pruning.methods[0] = '..up:f'", "module:function"),
    *(
        (f"data: {{sets: {{own: {{kind: custom, loader: 'own_of_tests{loader}'}}}}}}", "data.sets.own.loader", told)
        for loader, told in {
            ".empty_line:load": "is no Python",
            ".leaves:load": "line 3: sys.exit ends the program",
            ".leaves_at_once:load": "os._exit ends the program",
            ".raises:load": "an error is raised",
            ".raises.deeper:load": "no module",
            ".wants_more:load": "no module 'package_that_nobody_has'",
            ".reads_broken:load": "own_of_tests/empty_line.py is no",
            ".reads_absent:load": "defines no 'nothing'",
            ".constant:load": "is no function",
            ":load": "name a module in it",
            ".fine:load:more": "module:function",
        }.items()
    ),
    (
        "data: {sets: {own: {kind: custom, loader: 'own_of_tests.fine:load', skills: 'own_of_tests.fine:load'}}}",
        "data.sets.own.skills",
        "is called with 3",
    ),
    ("data: {sets: {own: {kind: custom, loader: 'fine'}}}", "data.sets.own.loader = 'fine'", "module:function"),
    (
        "networks: {own: {builder: 'torchvision.models.vgg:vgg19_b'}}",
        "networks.own.builder",
        "did you mean 'vgg19_bn'?",
    ),
    (
        "networks: {own: {builder: 'own_of_tests.fine:build', options: {widht: 3}}}",
        "networks.own.builder",
        "did you mean 'width'?",
    ),
    ("networks: {own: {builder: 'own_of_tests.fine:needs'}}", "networks.own.builder", "needs width too"),
]

NAMES = [
    (
        "data: {sets: {digits: {kind: custom, loader: 'own_of_tests.fine:load'}}}",
        "data.sets.digits",
        "another data set has this name",
    ),
    ("data: {sets: {'a b': {kind: sparse_parity}}}", "data.sets.a b = 'a b'", "letters (a to z), digits"),
    ("networks: {'$(id)': {builder: mlp}}", "networks.$(id)", "letters (a to z), digits"),
    ("networks: {-rf: {builder: mlp}}", "networks.-rf", "the first no - or dot"),
    (f"networks: {{{'n' * 200}: {{builder: mlp}}}}", "networks.nnn", "at most 100 letters"),
    ("study: {experiments: ['digits/mlp;id']}", "study.experiments[0] = 'digits/mlp;id'", "data set/network"),
    ("study: {experiments: [größe/mlp]}", "study.experiments[0]", "letters (a to z), digits"),
    ("pruning: {methods: ['snip@ep1;id']}", "pruning.methods[0]", "letters (a to z), digits"),
    ("pruning: {methods: ['emergence.pruning.snip:`id`']}", "pruning.methods[0]", "module:function"),
    ('measures: {names: ["weight_norm\'"]}', "measures.names[0]", "letters (a to z), digits"),
]

LOOKS = [
    ("figures: {colour_map: magna}", "figures.colour_map = 'magna'", "did you mean 'magma'?"),
    ("figures: {colours: []}", "figures.colours = []", "at least 1 item"),
    ("figures: {colours: ['#12345g']}", "figures.colours[0] = '#12345g'", "hexadecimal"),
    ("figures: {font_family: Comic Sans}", "figures.font_family", "did you mean 'DejaVu Sans'?"),
]

STEPS = [
    ("landscape: {steps: [ep0, ep5]}", "landscape.steps[1] = 'ep5'", "ep3, ep4, last"),
    ("landscape: {steps: [final]}", "landscape.steps[0] = 'final'", "is no step"),
    ("controls: {steps: [ep1it3]}", "controls.steps[0] = 'ep1it3'", "allowed: ep0, ep0it2"),
    ("landscape: {steps: [last, ep4]}", "landscape.steps[1] = 'ep4'", "names the same step"),
    ("landscape: {steps: [ep1, ep01]}", "landscape.steps = ['ep1', 'ep01']", "'ep1' is listed twice"),
    ("pruning: {methods: [global_magnitude@ep9]}", "pruning.methods[0] = 'global_magnitude@ep9'", "ep4, last"),
    ("pruning: {methods: [snip@ep1, snip@ep01]}", "pruning.methods", "'snip@ep1' is listed twice"),
    ("pruning: {methods: [iterative_magnitude], rewind_to: ep0it500}", "pruning.rewind_to = 'ep0it500'", "ep4"),
    ("pruning: {methods: [gradual_magnitude@last]}", "pruning.methods[0]", "allowed: 'gradual_magnitude'"),
    (
        "pruning: {methods: [iterative_magnitude], sparsities: [0.999], share_per_round: 0.01}",
        "pruning.share_per_round = 0.01: sparsity 0.999 would take 688 rounds",
        "allowed: 0.067 or more",
    ),
    ("pruning: {share_per_round: 0.0001}", "pruning.share_per_round = 0.0001", "greater than or equal to 0.01"),
]

PARTS = [
    ("data: {validation_fraction: 0.003}", "data.validation_fraction = 0.003", "allowed: 0.0077"),
    ("data: {test_fraction: 0.0001}", "data.test_fraction = 0.0001", "not some of each class"),
    ("data: {test_fraction: 0.9999}", "data.test_fraction = 0.9999", "not all"),
    ("data: {probe_samples: 1500}", "data.probe_samples = 1500", "allowed: 1 to 1293"),
    (
        "{data: {sets: {p: {kind: sparse_parity, samples: 300}}, probe_samples: 290}, study: {experiments: [p/mlp]}}",
        "data.probe_samples = 290",
        "allowed: 1 to 215",
    ),
]

NETWORKS = [
    ("study: {experiments: [digits/deep]}", "study.experiments[0] = 'digits/deep'", "sides of at least 16"),
    (
        "{networks: {vgg: {builder: vgg, depth: 11}}, study: {experiments: [mnist1d/vgg]}}",
        "study.experiments[0] = 'mnist1d/vgg'",
        "32 x 32 pixels",
    ),
    (
        "{data: {sets: {p: {kind: sparse_parity, skills: 2, bits: 4}}}, study: {experiments: [p/deep]}}",
        "study.experiments[0] = 'p/deep'",
        "inputs of 6: its 4 convolutions",
    ),
    (
        "{study: {experiments: [digits/cnn]}, variations: {networks: [cnn], widths: [], depths: [3]}}",
        "variations.depths[0] = 3",
        "sides of at least 32",
    ),
    ("curvature: {eigenvalues: 1400}", "curvature.eigenvalues = 1400", "allowed: 1 to 1300"),
    ("curvature: {eigenvalues: 2000000}", "curvature.eigenvalues = 2000000", "less than or equal to 10000"),
]

ALIKE = [
    ("pruning: {sparsities: [0.7, 0.70000001]}", "pruning.sparsities[1] = 0.70000001", "allowed: 0.7"),
    ("pruning: {sparsities: [0.000001]}", "pruning.sparsities[0] = 1e-06", "removes none of the 1232 weights"),
    ("pruning: {sparsities: [0.99999]}", "pruning.sparsities[0] = 0.99999", "leaves none of the 1232 weights"),
    ("variations: {alphas: [0.5, 0.49999999]}", "variations.alphas[1] = 0.49999999", "allowed: 0.5"),
    ("emergence: {thresholds: [0.05, 0.0500000001]}", "emergence.thresholds", "listed twice (as 0.05"),
    ("tuning: {learning_rates: [0.1, 0.1000000002]}", "tuning.learning_rates", "six digits tell numbers apart"),
    (
        "training: {checkpoints: {early_iterations: [4, 4]}}",
        "training.checkpoints.early_iterations",
        "4 is listed twice",
    ),
]

FORMS = [
    ("networks: {mlp: }", "networks.mlp = None", "should hold a builder"),
    ("networks: {new: {widths: [3]}}", "networks.new", "allowed builders: mlp, deep_linear, "),
    ("networks: {mlp: {widths: []}}", "networks.mlp.widths = []", "at least 1 item"),
    ("training: 3", "training = 3", "valid dictionary"),
    ("compute: {seeds_at_once: -3}", "compute.seeds_at_once = -3", "greater than or equal to 1; or auto"),
    ("compute: {memory: lots}", "compute.memory = 'lots'", "or auto"),
    ("training: {epochs: 2020-05-01}", "training.epochs = datetime.date(2020, 5, 1)", "valid integer"),
    (
        "networks: {own: {builder: 'own_of_tests.fine:build', options: {width: {deep: [2021-01-31]}}}}",
        "networks.own.options.width",
        "is read as a date",
    ),
    ("networks: {own: {builder: 'own_of_tests.fine:build', options: {width: !!set {a}}}}", "networks.own", "a set"),
    (
        f"data: {{sets: {{t: {{kind: text, file: \"a\\0b\", sha256: '{SHA}'}}}}}}",
        "data.sets.t.file = 'a\\x00b'",
        "should match",
    ),
]

FILES = [
    ("a word", "", "should hold sections"),
    ("training:\n\tepochs: 3\n", "line 2", "indent with spaces"),
    ("training: {}\n---\ndata: {}\n", "line 2", "single document"),
    ("training: &a {x: *a}\n", "line 1", "stands for what it lies in"),
    ("training:\n  epochs: 3\n  batch_size: 3\n  epochs: 4\n", "line 4: the key 'epochs'", "line 2"),
    ("networks: {1: {builder: mlp}}\n", "line 1: the key 1", "in quotes"),
    ("training: {epochs: 3\n", "line 2", "expected"),
    ("training: !!python/object/apply:os.getcwd []\n", "line 1", "constructor"),
    ("__use_yte__: true\ntraining: {epochs: '?1 + 1'}\n", "__use_yte__ = True", "Python in parameters is not run"),
    (f"a: {'9' * 5000}\n", "", "digits"),
    ("a: " + "[" * 500 + "]" * 500 + "\n", "", "nested too deeply"),
]

REFUSED = {
    f"{kind}-{position}": row
    for kind, rows in {
        "infinite": INFINITE,
        "truth": TRUTHS,
        "too large": TOO_LARGE,
        "function": FUNCTIONS,
        "name": NAMES,
        "look": LOOKS,
        "step": STEPS,
        "part": PARTS,
        "network": NETWORKS,
        "alike": ALIKE,
        "form": FORMS,
        "file": FILES,
    }.items()
    for position, row in enumerate(rows)
}


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A file of right parameters, in a folder with modules of a user's."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own_of_tests").mkdir()
    for name, text in OWN.items():
        (tmp_path / "own_of_tests" / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    Path("base.yaml").write_text(BASE)
    yield Path("base.yaml")
    for name in [name for name in sys.modules if name.split(".")[0] == "own_of_tests"]:
        del sys.modules[name]


@pytest.mark.parametrize("case", REFUSED)
def test_it_is_refused_with_file_key_value_and_what_is_allowed(base: Path, case: str) -> None:
    text, key, allowed = REFUSED[case]
    Path("bad.yaml").write_text(text)
    with pytest.raises(ParametersError) as refused:
        read(base, Path("bad.yaml"))
    lines = [line for line in str(refused.value).splitlines() if line.startswith(f"bad.yaml: {key}")]
    assert lines and allowed in lines[0], str(refused.value)
    assert not [name for name in sys.modules if name.startswith("own_of_tests.")]


ACCEPTED = {
    "an empty file": "",
    "no random slices": "landscape: {slices: 0}",
    "an alias": "networks: {mlp: &a {widths: [8]}, other: {builder: mlp, <<: *a}}",
    "names with dots and hyphens": "{networks: {my-net.2: {builder: mlp}}, study: {experiments: [digits/my-net.2]}}",
    "own functions": "{networks: {own: {builder: 'own_of_tests.fine:build', options: {width: 7}}},"
    " measures: {names: ['own_of_tests.fine:measure']}, pruning: {methods: ['own_of_tests.fine:make_mask']},"
    " study: {experiments: [digits/own]}}",
    "an own data set, in a branch": "{data: {sets: {mine: {kind: custom, loader: 'own_of_tests.branches:load'}}},"
    " study: {experiments: [mine/mlp]}}",
    "a function of an installed package": "landscape: {metrics: [loss, accuracy, 'numpy.linalg:norm']}",
    "another colour map": "figures: {colour_map: cividis, colours: ['#000000']}",
    "a saved step": "{landscape: {steps: [ep0it2, ep3]}, controls: {steps: [ep4]},"
    " pruning: {methods: [global_magnitude@ep0it2, iterative_magnitude], rewind_to: ep2}}",
    "as many eigenvalues as fit": "curvature: {eigenvalues: 1300}",
    "numbers in quotes": "training: {epochs: '3', optimizer: {learning_rate: 1e-3}}",
    "more memory elsewhere": "{compute: {memory: 100000}, landscape: {points: 20000}}",
    "a network that fits after all": "study: {experiments: [mnist/deep, cifar10/vgg19]}",
}


@pytest.mark.parametrize("case", ACCEPTED)
def test_a_study_that_can_be_made_is_planned(base: Path, case: str) -> None:
    Path("good.yaml").write_text(ACCEPTED[case])
    assert len(Plan(read(base, Path("good.yaml")), ROOT).jobs) > 10


def test_what_stands_on_the_command_line_is_told_as_such(base: Path) -> None:
    with pytest.raises(ParametersError, match=r"^--config: training\.epochs = '0': "):
        read(base, given={"training": {"epochs": "0"}})


def test_of_values_that_do_not_go_together_the_file_of_the_one_that_is_named_is_told(base: Path) -> None:
    Path("later.yaml").write_text("figures: {dpi: 50}\n")
    Path("first.yaml").write_text("statistics: {reference_threshold: 0.3}\n")
    with pytest.raises(ParametersError, match=r"^first\.yaml: statistics\.reference_threshold = 0\.3 is not among"):
        read(base, Path("first.yaml"), Path("later.yaml"))


@pytest.mark.parametrize("kind", ["pipe", "device", "folder", "long name"])
def test_a_text_that_might_never_end_is_refused_at_once(base: Path, kind: str) -> None:
    Path("data/raw").mkdir(parents=True)
    os.mkfifo("pipe")
    file = {"pipe": "pipe", "device": "/dev/zero", "folder": "own_of_tests", "long name": "n" * 3000}[kind]
    here = file if kind in ("device", "long name") else str(Path(file).absolute())
    Path("text.yaml").write_text(
        yaml.safe_dump({"data": {"sets": {"t": {"kind": "text", "file": here, "sha256": SHA}}}})
    )
    with pytest.raises(ParametersError, match=r"^text\.yaml: data\.sets\.t\.sha256: .*data\.sets\.t\.file"):
        read(base, Path("text.yaml"))


@pytest.mark.parametrize("kind", ["pipe", "device", "folder", "absent"])
def test_parameters_are_read_from_regular_files_only(base: Path, kind: str) -> None:
    os.mkfifo("pipe")
    file = {"pipe": "pipe", "device": "/dev/zero", "folder": "own_of_tests", "absent": "none.yaml"}[kind]
    with pytest.raises(ParametersError, match=rf"^{file}: is no"):
        read(base, Path(file))


def test_a_module_that_ends_the_program_is_named_by_the_job_that_loads_it(base: Path) -> None:
    with pytest.raises(ValueError, match=r"module own_of_tests\.leaves ends the program when it is imported"):
        load("datasets", "own_of_tests.leaves:load", "load")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"mnist": {"epochs": 2}}, "study.training_on: no experiment has the data set 'mnist'; allowed: digits"),
        ({"digits": {"epochs": 0}}, "study.training_on.digits.epochs: Input should be greater than or equal to 1"),
        ({"digits": {"speed": 2}}, "study.training_on.digits.speed: Extra inputs are not permitted"),
    ],
)
def test_training_that_differs_on_a_data_set_is_checked_as_all_training_is(changes: dict, told: str) -> None:
    with pytest.raises(ParametersError) as refused:
        check({"study": {"experiments": ["digits/mlp"], "training_on": changes}})
    assert told in str(refused.value)
