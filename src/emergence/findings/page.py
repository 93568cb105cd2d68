"""The page of findings, its picture and the answer in the README, each from docs/findings alone."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from emergence.drawing.render import NO_METADATA
from emergence.findings import words
from emergence.findings.entry import FOLDER, Entry, Quantity, read_all
from emergence.findings.forest import draw, style_of
from emergence.findings.marks import between
from emergence.report import texts as of_report
from emergence.report.page import VERDICTS
from emergence.report.wording import UNDEFINED, listing, name_of_test, number, percent
from emergence.report.wording import bound as bound_of

HERE = Path(__file__).parent
PAGE, PICTURE, README = Path("docs/findings.md"), Path("docs/images/findings.svg"), Path("README.md")


def files(root: Path) -> dict[Path, str]:
    """Return the content of all files that are made from the entries below `root`.

    Raises ValueError where there is no entry, an entry is damaged, or the README lacks its two marks.
    """
    entries = read_all(root / FOLDER)
    environment = make_environment()
    told = _told(entries)
    answer = environment.get_template("answer.md.jinja").render(told)
    return {
        PAGE: environment.get_template("page.md.jinja").render(told),
        PICTURE: picture(entries),
        README: between((root / README).read_text(encoding="utf-8"), "findings", answer, README),
    }


def picture(entries: Sequence[Entry]) -> str:
    """Return the picture as SVG; equal entries, equal text."""
    short = {claim: text["short"] for claim, text in _texts()["claims"].items()}
    style, target = style_of(entries), io.StringIO()
    with style.active():
        draw(entries, short, style).savefig(target, format="svg", metadata=NO_METADATA[".svg"])
    return "\n".join(line.rstrip() for line in target.getvalue().splitlines()) + "\n"


def make_environment() -> Environment:
    """Return what fills the templates of this room."""
    environment = Environment(
        loader=FileSystemLoader(HERE),
        autoescape=False,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(
        {writer.__name__: writer for writer in (listing, name_of_test, number, percent, bound, in_percent, way)},
        written=words.written,
    )
    return environment


def bound(quantity: Quantity) -> str:
    """Write the smallest effect of a quantity that counts."""
    return bound_of(quantity.model_dump())


def way(name: str) -> str:
    r"""Write how networks were pruned and trained again.

    >>> way("dense"), way("global_magnitude~0.5/rewind")
    ('dense', '50\xa0% global_magnitude, rewind')
    """
    method, _, again = name.partition("/")
    pruned = name_of_test(f"a/b/{method}").removeprefix("a/b, ") if "~" in method else method
    return f"{pruned}, {again.replace('_', ' ')}" if again else pruned


def in_percent(share: float) -> str:
    """Write a share of test samples in percent with one decimal.

    >>> in_percent(0.9571)
    '95.7'
    """
    return f"{100 * share:.1f}"


def _told(entries: Sequence[Entry]) -> dict[str, Any]:
    """Return all that the templates tell."""
    texts = _texts()
    return {
        "entries": entries,
        "texts": texts["claims"],
        "published": texts["published"],
        "limits": texts["limits"],
        "signs": VERDICTS,
        "said": words.SAID,
        "undefined": UNDEFINED,
        "experiments": words.experiments(entries),
        "overall": {claim: words.overall(entries, claim) for claim in entries[0].claims},
        "tally": lambda claim: words.tally(entries, claim),
        "span": lambda claim, quantity: words.span(entries, claim, quantity),
        "labels": words.labels(entries),
        "answer": words.answer(entries, {claim: text["says"] for claim, text in texts["claims"].items()}),
        "requests": of_report.requests(),
    }


def _texts() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((HERE / "texts.yaml").read_text(encoding="utf-8"))
    return content
