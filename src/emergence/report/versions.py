"""Versions of the software that made the results."""

import platform
import re
from importlib import metadata

PACKAGE = "nn-emergence"

EXTRAS = ("figures", "workflow")
"""Extras of the installation without which there is no report."""


def versions() -> dict[str, str]:
    """Return the versions of Python, this package and what it directly depends on, by name.

    >>> "torch" in versions()
    True
    """
    names = {PACKAGE}
    for text in metadata.requires(PACKAGE) or []:
        name, extra = re.match(r"[\w.-]+", text), re.search(r"extra == ['\"](\w+)", text)
        if name and (extra is None or extra[1] in EXTRAS):
            names.add(name.group())
    return {"Python": platform.python_version()} | {name: metadata.version(name) for name in sorted(names)}


def versions_in(page: str) -> dict[str, str]:
    """Return the versions that a report states, by name; none where a text is no report.

    >>> versions_in('<p class="versions"><span>Python 3.11.2</span>, <span>torch 2.13.0</span>.</p>')
    {'Python': '3.11.2', 'torch': '2.13.0'}
    """
    stated = page.partition('<p class="versions">')[2].partition("</p>")[0]
    return dict(re.findall(r"<span>(\S+) (\S+)</span>", stated))
