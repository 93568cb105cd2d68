"""Models by name: a function of the user's, torchvision's, timm's, or a folder of Hugging Face."""

import importlib
import json
from collections.abc import Callable, Collection, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from torch import nn

from emergence.core.extras import prepare
from emergence.core.plugins import MODEL_LIBRARIES, load
from emergence.core.saved_steps import CONFIG
from emergence.foreign.error import ForeignError
from emergence.foreign.files import has_weights
from emergence.foreign.weights import load_weights

FETCHING = ("weights", "weights_backbone", "pretrained", "pretrained_cfg", "checkpoint_path")
"""Options of torchvision and timm that fetch or read weights; these come from files of the user's own."""


def load_model(name: str, **options: Any) -> nn.Module:
    """Build the model of a name in float32, and never ask the network for anything.

    `name` is module:function or module:Class of your own, called with the options; torchvision:NAME, of its models for
    classification; timm:NAME; transformers:CLASS, whose options are those of its configuration; or a folder of Hugging
    Face, whose config.json describes the model. The weights in the folder are loaded where it has some. Other models
    have fresh weights drawn from torch's global generator. Code in a folder is never run. Raises ForeignError for a
    name that stands for no model, for options that it does not take, and where a package is missing, with what to
    install.

    >>> load_model("torch.nn:Linear", in_features=2, out_features=3)
    Linear(in_features=2, out_features=3, bias=True)
    """
    try:
        model = _builder(name)(**options)
    except ForeignError:
        raise
    except (ImportError, OSError, RuntimeError, TypeError, ValueError) as error:
        raise ForeignError(f"model '{name}' cannot be built with its options: {error}") from error
    if not isinstance(model, nn.Module):
        raise ForeignError(f"model '{name}' is a {type(model).__name__}; allowed: a torch.nn.Module")
    return model.float()


def _builder(name: str) -> Callable[..., Any]:
    library, _, rest = name.partition(":")
    if is_folder(name):
        return lambda **options: _of_folder(Path(name), options)
    if library in LIBRARIES:
        return lambda **options: LIBRARIES[library](rest, options)
    if rest:
        return load("networks", name, "")
    raise ForeignError(
        f"'{name}' is no model; allowed: module:function, {', '.join(f'{known}:NAME' for known in LIBRARIES)}, "
        f"or a folder with a {CONFIG} of Hugging Face"
    )


def is_folder(name: str) -> bool:
    """Tell whether a name is that of a folder of Hugging Face."""
    return (Path(name) / CONFIG).is_file()


def _of_torchvision(name: str, options: Mapping[str, Any]) -> nn.Module:
    from emergence.core.torchvision_import import torchvision

    _refuse(options, FETCHING)
    known = torchvision.models.list_models(module=torchvision.models)
    if name not in known:
        raise ForeignError(_unknown("torchvision", name, known))
    model: nn.Module = torchvision.models.get_model(name, weights=None, **options)
    return model


def _of_timm(name: str, options: Mapping[str, Any]) -> nn.Module:
    timm = _installed("timm")
    _refuse(options, FETCHING)
    if not timm.is_model(name):
        raise ForeignError(_unknown("timm", name, timm.list_models()))
    model: nn.Module = timm.create_model(name, pretrained=False, **options)
    return model


def _of_transformers(name: str, options: Mapping[str, Any]) -> nn.Module:
    transformers = _installed("transformers")
    kind: Any = getattr(transformers, name, None)
    if not hasattr(kind, "base_model_prefix"):  # which models have alone
        known = [known for known in dir(transformers) if "Model" in known or "For" in known]
        raise ForeignError(_unknown("transformers", name, known))
    _refuse_fetched(options)
    model: nn.Module = kind(kind.config_class(**options))
    return model


LIBRARIES = dict(zip(MODEL_LIBRARIES, (_of_torchvision, _of_timm, _of_transformers), strict=True))


def _of_folder(folder: Path, options: Mapping[str, Any]) -> nn.Module:
    name, stated = described_in(folder, options)
    model = load_model(name, **stated)
    if has_weights(folder):
        load_weights(model, folder)
    return model


def described_in(folder: Path, options: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return the name and all options of the model that a folder of Hugging Face describes, some of them replaced."""
    transformers = _installed("transformers")
    try:
        config = transformers.AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        name = config.architectures[0]
    except (AttributeError, IndexError, KeyError, OSError, TypeError, ValueError) as error:
        raise ForeignError(f"{folder / CONFIG} describes no model of transformers: {error}") from error
    _refuse(options, options.keys() - config.to_dict().keys() - {"attn_implementation"})
    return f"transformers:{name}", {**json.loads(config.to_json_string()), **options}


def _unknown(library: str, name: str, known: list[str]) -> str:
    """Say that a library has no such model; of hundreds that it has, only the nearest are told."""
    near = get_close_matches(name, known, n=5, cutoff=0.4)
    return f"{library} has no model '{name}'" + (f"; did you mean {', '.join(near)}?" if near else "")


def _refuse(options: Mapping[str, Any], refused: Collection[str]) -> None:
    if strange := [option for option in options if option in refused]:
        raise ForeignError(f"option '{strange[0]}' of a model is not taken here; allowed: those of its architecture")


def _refuse_fetched(options: Mapping[str, Any]) -> None:
    """Refuse implementations of layers that transformers would fetch from elsewhere and run: org/name."""
    for option, value in options.items():
        if isinstance(value, Mapping):
            _refuse_fetched(value)
        elif option.endswith("_implementation") and "/" in str(value):
            raise ForeignError(
                f"option '{option}' = {value!r} names code that would be fetched; allowed: 'eager', 'sdpa'"
            )


def _installed(package: str) -> Any:
    """Import an optional package, which may import torchvision in turn."""
    try:
        prepare(package)
    except ModuleNotFoundError as error:
        raise ForeignError(f"models of {package} need it: {error}") from error
    return importlib.import_module(package)
