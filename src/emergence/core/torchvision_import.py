"""The one place where torchvision is imported; it also works beside a torch built for other hardware.

The compiled operators of a torchvision for CUDA cannot be loaded beside a torch for CPUs. Where they cannot, they are
declared, so that everything loads that does not call them: data sets, transforms, classification networks.
"""

import importlib.util
import sys
from pathlib import Path

import torch

from emergence.core.extras import require

SCHEMAS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)


def _operators_load() -> bool:
    """Tell whether torchvision's compiled operators fit the installed torch."""
    found = importlib.util.find_spec("torchvision")
    if found is None or found.origin is None:
        return True
    libraries = [path for path in Path(found.origin).parent.glob("_C*") if path.suffix in (".so", ".pyd", ".dylib")]
    try:
        for library in libraries:
            torch.ops.load_library(library)
    except (OSError, RuntimeError):
        return False
    return bool(libraries)


def _declare_operators() -> torch.library.Library:
    library = torch.library.Library("torchvision", "FRAGMENT")
    for schema in SCHEMAS:
        library.define(schema)
    return library


require("workflow", "torchvision")
# The declarations last as long as the library object that made them.
DECLARED = None if "torchvision" in sys.modules or _operators_load() else _declare_operators()

import torchvision  # noqa: E402

__all__ = ["DECLARED", "torchvision"]
