"""Models and weights from elsewhere: what fits is loaded as it is, anything else is refused with its name."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from emergence.foreign import ForeignError, load_model, load_weights, read_weights

State = dict[str, Tensor]


def small() -> nn.Sequential:
    return nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2))


def state(seed: int = 0) -> State:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return small().state_dict()


def saved(content: Any, path: Path) -> Path:
    path.parent.mkdir(exist_ok=True)
    save_file(content, path) if path.suffix == ".safetensors" else torch.save(content, path)
    return path


def sharded(folder: Path, form: str) -> Path:
    """A folder with the small network in two shards, and their index."""
    name, save = {"safetensors": ("model", save_file), "bin": ("pytorch_model", torch.save)}[form]
    folder.mkdir()
    shards = {tensor: f"{name}-0000{1 + (place > 1)}-of-00002.{form}" for place, tensor in enumerate(state())}
    for file in set(shards.values()):
        save({tensor: value for tensor, value in state().items() if shards[tensor] == file}, folder / file)
    (folder / f"{name}.{form}.index.json").write_text(json.dumps({"metadata": {}, "weight_map": shards}))
    return folder


def same(first: State, second: State) -> bool:
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


FORMS: dict[str, Callable[[Path], Path]] = {
    "safetensors": lambda folder: saved(state(), folder / "a.safetensors"),
    "state_dict alone": lambda folder: saved(state(), folder / "a.pt"),
    "nested": lambda folder: saved({"epoch": 3, "model_state_dict": state()}, folder / "a.pth"),
    "lightning": lambda folder: saved({"state_dict": state(), "hyper_parameters": {"width": 3}}, folder / "a.ckpt"),
    "folder of safetensors": lambda folder: saved(state(), folder / "f/model.safetensors").parent,
    "folder of torch": lambda folder: saved(state(), folder / "f/pytorch_model.bin").parent,
    "shards of safetensors": lambda folder: sharded(folder / "f", "safetensors"),
    "shards of torch": lambda folder: sharded(folder / "f", "bin"),
}


@pytest.mark.parametrize("form", FORMS)
def test_weights_of_every_form_of_file_are_read_as_they_were_saved(form: str, tmp_path: Path) -> None:
    assert same(read_weights(FORMS[form](tmp_path)), state())


@pytest.mark.parametrize("form", FORMS)
def test_a_file_cut_short_or_gone_is_named(form: str, tmp_path: Path) -> None:
    path = FORMS[form](tmp_path)
    broken = max(f for f in path.iterdir() if f.suffix != ".json") if path.is_dir() else path
    whole = broken.read_bytes()
    for content in (whole[:-40], whole[:10], b""):
        broken.write_bytes(content)
        with pytest.raises(ForeignError, match=rf"{broken.name} is (damaged|no)"):
            read_weights(path)
    broken.unlink()
    with pytest.raises(ForeignError, match=rf"{broken.name} is missing|{path} holds no weights"):
        read_weights(path)


def test_a_changed_bit_of_what_torch_saved_is_noticed(tmp_path: Path) -> None:
    path = FORMS["state_dict alone"](tmp_path)
    number = state()["0.weight"].numpy().tobytes()
    path.write_bytes(path.read_bytes().replace(number, bytes([number[0] ^ 1]) + number[1:]))
    with pytest.raises(ForeignError, match=r"a\.pt is damaged .*checksum"):
        read_weights(path)


class Program:
    """What runs a program when it is unpickled."""

    def __reduce__(self) -> tuple[object, ...]:
        return subprocess.run, (["touch", "trace"],)


@pytest.mark.parametrize("name", ["a.pt", "a.ckpt", "f/pytorch_model.bin"])
@pytest.mark.parametrize("nested", [False, True])
def test_a_file_with_code_is_refused_and_the_code_not_run(
    name: str, nested: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = saved({"state_dict": state(), "callback": Program()} if nested else Program(), Path(name))
    with pytest.raises(ForeignError, match=rf"{name} holds code or objects \([\w.]+run\).*state_dict"):
        read_weights(path)
    assert not Path("trace").exists()
    torch.load(path, weights_only=False)  # the trap is one: elsewhere the code would have run
    assert Path("trace").exists()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ({"weights": state()}, "holds no state_dict.* the keys weights"),
        ([1, 2], "holds no state_dict.* a list"),
        ({}, "holds no state_dict.* an empty dictionary"),
        ({5: torch.ones(2)}, "holds no state_dict.* the keys 5"),
        ({"weight": torch.eye(2).to_sparse()}, "tensor 'weight' is torch.sparse_coo; allowed: dense"),
        ({"weight": torch.empty(2, device="meta")}, "tensor 'weight' is without values"),
    ],
)
def test_a_file_without_a_state_dict_is_refused_with_what_it_holds(content: Any, told: str, tmp_path: Path) -> None:
    with pytest.raises(ForeignError, match=rf"a\.pt:? {told}"):
        read_weights(saved(content, tmp_path / "a.pt"))


@pytest.mark.parametrize(
    ("index", "told"),
    [
        ("{", "is no index of shards"),
        ('{"weight_map": {}}', "names no files"),
        ('{"weight_map": {"0.weight": "../a.bin"}}', "names no files beside it"),
        ('{"weight_map": {"0.scale": "pytorch_model-00001-of-00002.bin"}}', "00001-of-00002.bin lacks .*'0.scale'"),
    ],
)
def test_an_index_that_is_not_that_of_its_shards_is_refused(index: str, told: str, tmp_path: Path) -> None:
    folder = sharded(tmp_path / "f", "bin")
    (folder / "pytorch_model.bin.index.json").write_text(index)
    with pytest.raises(ForeignError, match=told):
        read_weights(folder)


@pytest.mark.parametrize(
    "prefix", ["", "module.", "_orig_mod.", "model.", "net.", "module._orig_mod.", "model.module."]
)
def test_prefixes_that_wrappers_add_are_left_out(prefix: str, tmp_path: Path) -> None:
    model = small()
    path = saved({f"{prefix}{name}": tensor for name, tensor in state(1).items()}, tmp_path / "a.pt")
    load_weights(model, path)
    assert same(model.state_dict(), state(1))


def test_the_prefix_of_a_compiled_part_is_left_out(tmp_path: Path) -> None:
    model, names = small(), {"0.weight": "0._orig_mod.weight", "0.bias": "0._orig_mod.bias"}
    load_weights(model, saved({names.get(name, name): tensor for name, tensor in state(1).items()}, tmp_path / "a.pt"))
    assert same(model.state_dict(), state(1))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"2.bias": None}, r"tensor '2\.bias' of shape \(2,\) is missing"),
        ({"4.bias": torch.zeros(5)}, r"tensor '4\.bias' of shape \(5,\) is not in the model"),
        ({"0.weight": torch.zeros(7, 4)}, r"tensor '0\.weight' has shape \(7, 4\), in the model \(3, 4\)"),
        (
            {"0.bias": torch.zeros(3, dtype=torch.int8)},
            r"tensor '0\.bias' holds torch.int8, in the model torch.float32",
        ),
    ],
)
def test_weights_that_do_not_fit_are_refused_and_the_model_is_left_as_it_was(
    change: dict[str, Any], told: str, tmp_path: Path
) -> None:
    model = small()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    given = {f"module.{n}": tensor for n, tensor in (state(1) | change).items() if tensor is not None}
    with pytest.raises(ForeignError, match=rf"a\.pt: {told}$"):
        load_weights(model, saved(given, tmp_path / "a.pt"))
    assert same(model.state_dict(), before)


@pytest.mark.parametrize(
    ("name", "options", "told"),
    [
        ("resnet18", {}, "'resnet18' is no model; allowed: module:function, torchvision:NAME"),
        ("torchvision:resnet19", {}, "torchvision has no model 'resnet19'; did you mean resnet1"),
        ("torchvision:resnet18", {"weights": "DEFAULT"}, "option 'weights'"),
        ("torchvision:resnet18", {"clases": 3}, "'clases'"),
        ("no.such_module:build", {}, "No module named"),
        ("torch.nn:Liner", {}, "no function 'Liner'"),
        ("torch.nn:Linear", {"in_features": 3}, "cannot be built with its options"),
        ("math:pi", {}, "not callable"),
        ("builtins:dict", {}, "is a dict; allowed: a torch.nn.Module"),
    ],
)
def test_a_name_that_stands_for_no_model_is_refused(name: str, options: dict[str, Any], told: str) -> None:
    with pytest.raises(ForeignError, match=told):
        load_model(name, **options)


@pytest.mark.parametrize("package", ["timm", "transformers"])
def test_a_package_that_is_missing_is_named_with_what_installs_it(
    package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ForeignError, match=rf"pip install 'nn-emergence\[{package}\]'"):
        load_model(f"{package}:some")


def test_models_of_torchvision_and_timm_are_built_with_fresh_weights() -> None:
    assert load_model("torchvision:resnet18", num_classes=3).fc.out_features == 3
    pytest.importorskip("timm")
    assert load_model("timm:test_vit", num_classes=3).head.out_features == 3
    with pytest.raises(ForeignError, match="timm has no model 'test_vitt'; did you mean test_vit"):
        load_model("timm:test_vitt")


@pytest.fixture(scope="module")
def gpt2(tmp_path_factory: pytest.TempPathFactory) -> tuple[nn.Module, Path]:
    """A tiny language model with tied weights, and the folder that it is saved in, in shards."""
    transformers = pytest.importorskip("transformers")
    model = load_model("transformers:GPT2LMHeadModel", vocab_size=11, n_positions=8, n_embd=8, n_layer=1, n_head=2)
    folder = tmp_path_factory.mktemp("gpt2")
    model.save_pretrained(folder, max_shard_size="1KB")
    assert isinstance(model, transformers.GPT2LMHeadModel) and (folder / "model.safetensors.index.json").is_file()
    return model, folder


def test_a_folder_of_hugging_face_is_the_model_with_its_weights(gpt2: tuple[nn.Module, Path]) -> None:
    model, folder = gpt2
    assert "lm_head.weight" not in read_weights(folder)
    found = load_model(str(folder), attn_implementation="eager")
    assert same(found.state_dict(), model.state_dict())
    assert found.lm_head.weight is found.transformer.wte.weight


def test_tied_weights_may_be_left_out_and_other_ones_not(gpt2: tuple[nn.Module, Path], tmp_path: Path) -> None:
    model, folder = gpt2
    weights = {f"module.{name}": tensor for name, tensor in read_weights(folder).items()}
    load_weights(model, saved(weights, tmp_path / "a.pt"))
    changes: dict[str, Any] = {"ln_f.bias": None, "wpe.weight": torch.zeros(9, 8), "h.9.mlp": torch.zeros(1)}
    for name, tensor in changes.items():
        kept = {k: v for k, v in (weights | {f"module.transformer.{name}": tensor}).items() if v is not None}
        with pytest.raises(ForeignError, match=rf"a\.pt: tensor 'transformer\.{name}' (is missing|has|is not)"):
            load_weights(model, saved(kept, tmp_path / "a.pt"))


def test_a_folder_of_hugging_face_that_is_not_whole_or_asked_for_what_it_has_not_is_refused(
    gpt2: tuple[nn.Module, Path], tmp_path: Path
) -> None:
    _, folder = gpt2
    with pytest.raises(ForeignError, match="option 'n_layr'"):
        load_model(str(folder), n_layr=2)
    with pytest.raises(ForeignError, match="'someone/attention' names code that would be fetched"):
        load_model(str(folder), attn_implementation="someone/attention")
    (tmp_path / "config.json").write_text((folder / "config.json").read_text()[:50])
    with pytest.raises(ForeignError, match=r"config\.json describes no model"):
        load_model(str(tmp_path))
    config = json.loads((folder / "config.json").read_text())
    for name in ("model.safetensors.index.json", *(file.name for file in folder.glob("*.safetensors"))):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    (tmp_path / "config.json").write_text(json.dumps(config | {"n_embd": 16}))
    with pytest.raises(ForeignError, match=r"tensor 'transformer\..*' has shape \(24,\), in the model \(48,\), and 15"):
        load_model(str(tmp_path))


def test_code_beside_a_config_is_not_run(gpt2: tuple[nn.Module, Path], tmp_path: Path) -> None:
    config = json.loads((gpt2[1] / "config.json").read_text())
    trace = tmp_path / "trace"
    (tmp_path / "modeling_own.py").write_text(f"open({str(trace)!r}, 'w')\n")
    own = {"model_type": "own", "auto_map": {"AutoConfig": "modeling_own.Config"}, "architectures": ["Own"]}
    (tmp_path / "config.json").write_text(json.dumps(config | own))
    with pytest.raises(ForeignError, match=r"config\.json describes no model"):
        load_model(str(tmp_path))
    assert not trace.exists()


def test_a_checkpoint_of_lightning_is_loaded_into_the_network_of_its_module(tmp_path: Path) -> None:
    lightning = pytest.importorskip("lightning.pytorch")

    class Module(lightning.LightningModule):  # type: ignore[misc, name-defined]
        def __init__(self, width: int = 3) -> None:
            super().__init__()
            self.save_hyperparameters()
            self.model = small()

        def training_step(self, batch: Any, number: int) -> Tensor:
            return self.model(batch[0]).square().mean()

        def configure_optimizers(self) -> torch.optim.Optimizer:
            return torch.optim.SGD(self.parameters(), 0.1)

    quiet = {
        "logger": False,
        "enable_checkpointing": False,
        "enable_progress_bar": False,
        "enable_model_summary": False,
    }
    trainer = lightning.Trainer(max_epochs=1, accelerator="cpu", **quiet)
    module, data = Module(), torch.utils.data.TensorDataset(torch.ones(4, 4))
    trainer.fit(module, torch.utils.data.DataLoader(data))
    trainer.save_checkpoint(tmp_path / "a.ckpt")
    model = small()
    load_weights(model, tmp_path / "a.ckpt")
    assert same(model.state_dict(), module.model.state_dict())


def test_the_readers_leave_files_as_they_are(tmp_path: Path) -> None:
    path = FORMS["safetensors"](tmp_path)
    read_weights(path)["0.weight"].zero_()
    assert same(load_file(path), state())
