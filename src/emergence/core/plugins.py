"""Finding a network, data set, pruning method or measure by its name.

A built-in one is a file of its room (`emergence/networks/mlp.py` is the network `mlp`) that defines a function named
as the room demands; a user's own is written `module:function`.
"""

import importlib
import importlib.util
import pkgutil
from collections.abc import Callable
from difflib import get_close_matches
from functools import cache
from typing import Any


def available(room: str) -> list[str]:
    """Names that a room of this package offers, without importing them.

    >>> "mlp" in available("networks")
    True
    """
    package = importlib.util.find_spec(f"emergence.{room}")
    folders = package.submodule_search_locations if package else None
    return sorted(module.name for module in pkgutil.iter_modules(folders) if not module.name.startswith("_"))


MODEL_LIBRARIES = ("torchvision", "timm", "transformers")
"""Libraries of models: NAME of one is written `torchvision:NAME`."""


def own_program(model: str) -> str:
    """Return module:function where the name of a model stands for the user's own; "" of a library's, and of a folder.

    >>> own_program("mine.nets:Net"), own_program("torchvision:resnet18"), own_program("runs/config")
    ('mine.nets:Net', '', '')
    """
    return model if ":" in model and model.partition(":")[0] not in MODEL_LIBRARIES else ""


@cache
def module_of(room: str, name: str) -> str:
    """Return the module that a name stands for; ValueError names the nearest known one.

    >>> module_of("networks", "mlp"), module_of("networks", "mine.nets:small")
    ('emergence.networks.mlp', 'mine.nets')
    """
    if ":" in name:
        return name.split(":")[0]
    known = available(room)
    if name not in known:
        raise ValueError(unknown(name, known, f"name in emergence.{room}") + "; or write module:function")
    return f"emergence.{room}.{name}"


def load(room: str, name: str, function: str) -> Callable[..., Any]:
    """Import what a name stands for: `function` of a built-in module, or a user's own function.

    Raises ValueError where there is no such function, and where its module ends the program.
    """
    try:
        module = importlib.import_module(module_of(room, name))
    except SystemExit as end:
        raise ValueError(f"module {module_of(room, name)} ends the program when it is imported ({end!r})") from end
    attribute = name.split(":")[1] if ":" in name else function
    if not hasattr(module, attribute):
        raise ValueError(f"module {module.__name__} has no function '{attribute}' (wanted by '{name}')")
    found: Callable[..., Any] = getattr(module, attribute)
    return found


def unknown(value: str, allowed: list[str], what: str) -> str:
    """Say that a value is not known, what is, and which known one is nearest.

    >>> unknown("digit", ["digits", "mnist"], "data set")
    "unknown data set 'digit'; allowed: digits, mnist; did you mean 'digits'?"
    """
    near = get_close_matches(value, allowed, n=1, cutoff=0.4)
    hint = f"; did you mean '{near[0]}'?" if near else ""
    return f"unknown {what} '{value}'; allowed: {', '.join(allowed)}{hint}"
