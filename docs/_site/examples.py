"""Doctests of docstrings as examples of the reference, without a heading of their own in the source."""

import re
from typing import Any

from griffe import Extension, Object

FIRST = re.compile(r"^>>> ", flags=re.MULTILINE)


class Examples(Extension):
    """Puts the heading that NumPy's style asks for before the first line of a doctest."""

    def on_object(self, *, obj: Object, **_: Any) -> None:
        """Change the docstring of a module, class, function or attribute."""
        if obj.docstring:
            obj.docstring.value = FIRST.sub("\nExamples\n--------\n>>> ", obj.docstring.value, count=1)
