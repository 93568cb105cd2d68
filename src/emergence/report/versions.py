"""Versions of the software that made the results."""

import platform
import re
from importlib import metadata

PACKAGE = "nn-emergence"


def versions() -> dict[str, str]:
    """Return the versions of Python, this package and what it directly depends on, by name.

    >>> "torch" in versions()
    True
    """
    demanded = [text for text in metadata.requires(PACKAGE) or [] if "extra ==" not in text]
    names = sorted(match.group() for text in demanded if (match := re.match(r"[\w.-]+", text)))
    return {"Python": platform.python_version()} | {name: metadata.version(name) for name in [PACKAGE, *names]}
