"""All claims at a glance: effects over the smallest ones that count, and verdicts."""

from collections.abc import Iterator, Mapping
from textwrap import wrap
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from emergence.drawing.inputs import Inputs
from emergence.drawing.panels import Line, legend_above
from emergence.drawing.style import Style
from emergence.drawing.verdicts import GREY, LOOKS
from emergence.statistics.robustness import relative_effect
from emergence.statistics.rules import Quantity, read_rules
from emergence.statistics.shares import Shares, shares
from emergence.statistics.verdict import Verdict

TITLE = "The claims at a glance"
POSITION = 0
NEEDS = ("study", "claims", "robustness")
SECTIONS = ("abstract",)
CAPTION = (
    "What decides each claim, in every experiment: effect, mean over {seeds} seeds, with its {confidence} % confidence "
    "interval, divided by the smallest effect that counts. From 1 on it is large enough, 0 is none, and below 0 it has "
    "the sign opposite to the claimed one. Colour and marker: verdict on the test; where sparsities are tested apart, "
    "there is a marker for each. Arrows: further than the axis reaches. Beside it: shares of the choices of "
    "analysis at which the claim gets each verdict, and at how many the sign is not that at the choice of reference. A "
    "unit is active above {threshold} (criterion: {criterion}) unless that is varied."
)
ALTERNATIVE = (
    "A row per quantity that decides a claim and experiment: a marker with error bars on an axis of the effect divided "
    "by the smallest that counts, coloured and shaped by verdict, with the statement of the claim and its verdict to "
    "the left and a bar of the shares of choices to the right."
)
LIMIT = 3.0
INSIDE = 0.95 * LIMIT
"""Where an effect is drawn that lies further out."""

ROW = 0.17
"""Height of a row in inches."""

TEXT_WIDTH = 46
"""Letters in a line of a statement."""

SHARES: dict[str, Verdict] = {"holds": "supported", "mixed": "mixed", "open": "inconclusive", "fails": "contradicted"}
"""Numbers of choices with each verdict, see `emergence.statistics.shares`."""


class Row(NamedTuple):
    """The tests of one quantity in one experiment."""

    label: str
    rule: Quantity
    tests: list[Mapping[str, Any]]


def draw(inputs: Inputs, style: Style) -> Figure:
    """Draw a block of rows per claim: its statement, its tests, and the choices at which it holds."""
    blocks = {name: list(rows_of(name, claim)) for name, claim in inputs.claims.items()}
    texts = {name: wrap(claim["statement"], TEXT_WIDTH) for name, claim in inputs.claims.items()}
    sizes = {name: max(len(rows), len(texts[name]) + 1) for name, rows in blocks.items()}
    tops = dict(zip(sizes, -np.cumsum([0, *(size + 1 for size in sizes.values())]), strict=False))
    bottom = -sum(size + 1 for size in sizes.values())
    varied = shares(inputs.conclusions["robustness"])
    figure, (statements, effects, choices) = _panels(style, -bottom)
    for name, claim in inputs.claims.items():
        _write_claim(statements, name, claim, texts[name], tops[name])
        for place, row in enumerate(blocks[name]):
            _draw_tests(effects, row, tops[name] - place)
        _draw_choices(choices, varied[name], tops[name])
        for axes in (statements, effects, choices):
            axes.axhline(tops[name] + 1, color="#b0b0b0", linewidth=0.6)
    places = {tops[name] - place: row.label for name, rows in blocks.items() for place, row in enumerate(rows)}
    effects.set_yticks(list(places), list(places.values()))
    statements.set_ylim(bottom + 0.8, 1.2)
    verdicts: list[Line] = [
        {"label": verdict, "linestyle": "none", "markersize": 6, **look} for verdict, look in LOOKS.items()
    ]
    legend_above(figure, {"verdict": verdicts})
    return figure


def rows_of(name: str, claim: Mapping[str, Any]) -> Iterator[Row]:
    """Yield the rows of a claim of `claims.json`: one per quantity that decides it and experiment."""
    rules = read_rules().claims[name].quantities
    headline = next(iter(rules))
    for quantity, rule in rules.items():
        if rule.role == "decides":
            by_experiment: dict[str, list[Mapping[str, Any]]] = {}
            found = claim if quantity == headline else claim["further"][quantity]
            for test, result in found["experiments"].items():
                by_experiment.setdefault("/".join(test.split("/")[:2]), []).append(result)
            for experiment, tests in by_experiment.items():
                yield Row(f"{quantity.replace('_', ' ')}, {experiment}", rule, tests)


def _panels(style: Style, rows: float) -> tuple[Figure, list[Axes]]:
    """Return a figure and its columns, which share the vertical axis."""
    widths = [1.15, 1.25, 0.5]
    figure = Figure(figsize=(3 * style.panel_width, ROW * rows + 0.8), layout="constrained")
    panels = list(figure.subplots(1, len(widths), sharey=True, squeeze=False, width_ratios=widths)[0])
    for axes in panels:
        axes.grid(False)
        axes.tick_params(axis="y", length=0)
    statements, effects, choices = panels
    statements.set(xlim=(0, 1))
    statements.set_axis_off()
    effects.tick_params(axis="y", labelleft=True)
    effects.axvspan(1, LIMIT + 0.1, color="#eef3f6", zorder=0)
    effects.axvline(0, color="#404040", linewidth=0.9, zorder=1)
    effects.axvline(1, color="#404040", linewidth=0.9, linestyle="--", zorder=1)
    effects.set(xlim=(-LIMIT - 0.1, LIMIT + 0.1), xlabel="effect / smallest effect that counts")
    for place, text in ((-LIMIT / 2, "other sign"), (0.5, "too small"), ((1 + LIMIT) / 2, "counts")):
        look: Line = {"ha": "center", "va": "bottom", "fontsize": "small", "color": "#404040"}
        effects.annotate(
            text, (place, 1), xycoords=("data", "axes fraction"), xytext=(0, 2), textcoords="offset points", **look
        )
    choices.set(xlim=(0, 1), xlabel="share of choices (%)")
    choices.set_xticks([0, 0.5, 1], ["0", "50", "100"])
    return figure, panels


def _write_claim(axes: Axes, name: str, claim: Mapping[str, Any], lines: list[str], top: float) -> None:
    verdict = claim["verdict"]
    axes.plot(0.02, top, markersize=7, clip_on=False, **LOOKS[verdict])
    axes.text(0.06, top, f"{name}  {verdict}", va="center", fontweight="bold")
    axes.text(0.06, top - 0.55, "\n".join(lines), va="top", fontsize="small", linespacing=1.25)


def _draw_tests(axes: Axes, row: Row, height: float) -> None:
    """Draw the tests of a row, a little apart where there are several."""
    spread = 0.3 if len(row.tests) > 1 else 0
    for shift, test in zip(np.linspace(spread, -spread, len(row.tests)), row.tests, strict=True):
        look = LOOKS[test["verdict"]]
        if test["estimate"] is None:
            axes.text(0, height + shift, " no value", va="center", fontsize="small", color=GREY)
            continue
        low, high = sorted(
            relative_effect(end if end is not None else infinite, row.rule)
            for end, infinite in ((test["interval_low"], -np.inf), (test["interval_high"], np.inf))
        )
        ends = np.clip([low, high], -LIMIT, LIMIT)
        axes.plot(ends, [height + shift] * 2, color=look["color"], linewidth=1.3, zorder=2)
        for edge, beyond, arrow in ((-LIMIT, low < -LIMIT, "<"), (LIMIT, high > LIMIT, ">")):
            if beyond:
                axes.plot(edge, height + shift, arrow, color=look["color"], markersize=5)
        estimate = np.clip(relative_effect(test["estimate"], row.rule), -INSIDE, INSIDE)
        axes.plot(estimate, height + shift, markersize=5.5, zorder=3, **look)


def _draw_choices(axes: Axes, choices: Shares, height: float) -> None:
    """Draw the shares of the choices of analysis at which a claim gets each verdict, and write where it holds."""
    start = 0.0
    for name, verdict in SHARES.items():
        width = getattr(choices, name) / choices.choices
        axes.barh(height, width, left=start, color=LOOKS[verdict]["color"], edgecolor="white", linewidth=0.8)
        start += width
    flips = choices.sign_flips
    last = f"no value at {choices.unknown}" if flips is None else f"sign flips at {flips}"
    text = f"holds at {choices.holds} of {choices.choices},\n{last}"
    axes.text(0.02, height - 0.75, text, va="top", fontsize="small")
