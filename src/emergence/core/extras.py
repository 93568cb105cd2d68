"""Packages that only some parts of the library need: each comes with an extra of the installation."""

from importlib import import_module
from importlib.util import find_spec


def require(extra: str, *modules: str) -> None:
    """Raise ModuleNotFoundError, with what to install, where a module that comes with an extra is missing.

    >>> require("figures", "no_such_module")
    Traceback (most recent call last):
    ...
    ModuleNotFoundError: no_such_module is not installed: pip install 'nn-emergence[figures]'
    """
    for module in modules:
        if find_spec(module) is None:
            raise ModuleNotFoundError(f"{module} is not installed: pip install 'nn-emergence[{extra}]'", name=module)


def prepare(package: str) -> None:
    """Require a package that comes with the extra of its name and may import torchvision, also one not for this torch.

    >>> prepare("no_such_module")
    Traceback (most recent call last):
    ...
    ModuleNotFoundError: no_such_module is not installed: pip install 'nn-emergence[no_such_module]'
    """
    require(package, package)
    if find_spec("torchvision"):
        import_module("emergence.core.torchvision_import")
