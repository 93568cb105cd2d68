"""The picture of the findings: a panel per claim and network, with its effects and verdicts."""

from collections.abc import Sequence
from textwrap import wrap

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from emergence.drawing.panels import Line, legend_above
from emergence.drawing.style import Style
from emergence.drawing.verdicts import GREY, LOOKS
from emergence.findings.entry import Entry, Found
from emergence.findings.words import SAID, experiments, labels, overall
from emergence.parameters.statistics import Statistics
from emergence.statistics.robustness import relative_effect
from emergence.statistics.rules import Quantity, read_rules

LIMIT = 3.0
"""Where the axis of effects ends; those further out are drawn there."""

WIDTH, ROW, MARGIN = 10.0, 0.5, 1.5
"""Width, height per network, and height of what stands above and below all networks, in inches."""

LETTERS = 12
"""Letters in a line of a claim's short name."""


def style_of(entries: Sequence[Entry]) -> Style:
    """Return the look of the picture."""
    statistics = Statistics()
    return Style(
        font_size=9,
        reference_threshold=statistics.reference_threshold,
        reference_criterion=statistics.reference_criterion,
        convergence_share=statistics.convergence_share,
        confidence=entries[0].study.confidence,
    )


def draw(entries: Sequence[Entry], short: dict[str, str], style: Style) -> Figure:
    """Draw a row of panels per network and a column per claim; within `style.active()`."""
    claims, rows = list(entries[0].claims), experiments(entries)
    layout = ConstrainedLayoutEngine(w_pad=0.02, h_pad=0.02, wspace=0, hspace=0)
    figure = Figure(figsize=(WIDTH, ROW * len(rows) + MARGIN), layout=layout)
    panels = figure.subplots(len(rows), len(claims), sharex=True, squeeze=False)
    for row, (entry, experiment) in enumerate(rows):
        for column, claim in enumerate(claims):
            _draw_tests(panels[row, column], entry, claim, experiment)
        label = labels(entries)[row].replace(" ", "\n")
        panels[row, 0].set_ylabel(label, rotation=0, ha="right", va="center", color="#202020")
    for column, claim in enumerate(claims):
        verdict = overall(entries, claim)
        name = "\n".join([claim, *wrap(short[claim], LETTERS)])
        panels[0, column].set_title(name, loc="center", fontsize="medium")
        panels[-1, column].set_xticks([0, (1 + LIMIT) / 2], ["0", "counts"], fontsize="small")
        panels[-1, column].set_xlabel(SAID[verdict], fontweight="bold", color=LOOKS[verdict]["color"])
    verdicts: list[Line] = [
        {"label": SAID[verdict], "linestyle": "none", "markersize": 6, **look} for verdict, look in LOOKS.items()
    ]
    legend_above(figure, {"verdict": verdicts})
    return figure


def _draw_tests(axes: Axes, entry: Entry, claim: str, experiment: str) -> None:
    """Draw the tests of a claim in one network, one below the other."""
    rules = read_rules().claims[claim].quantities
    tests = [
        (rules[name], test)
        for name, quantity in entry.claims[claim].deciding.items()
        for test in quantity.of(experiment).values()
    ]
    axes.set(xlim=(-LIMIT - 0.3, LIMIT + 0.3), ylim=(-1, 1), yticks=[])
    axes.grid(False)
    axes.tick_params(axis="x", length=0, pad=2)
    axes.spines[["left", "bottom"]].set_color("#c8c8c8")
    axes.axvspan(1, LIMIT + 0.3, color="#eef3f6", zorder=0)
    axes.axvline(0, color="#909090", linewidth=0.7, zorder=1)
    axes.axvline(1, color="#909090", linewidth=0.7, linestyle="--", zorder=1)
    known = [(rule, test) for rule, test in tests if test.estimate is not None]
    if not known:
        axes.text(0, 0, "no value", ha="center", va="center", fontsize="small", color=GREY)
    for (rule, test), height in zip(known, np.linspace(0.7, -0.7, len(known) + 2)[1:-1], strict=True):
        _draw_test(axes, rule, test, float(height))


def _draw_test(axes: Axes, rule: Quantity, test: Found, height: float) -> None:
    look = LOOKS[test.verdict]
    ends = [
        relative_effect(infinite if end is None else end, rule)
        for end, infinite in ((test.interval_low, -np.inf), (test.interval_high, np.inf))
    ]
    place = relative_effect(test.estimate or 0.0, rule)
    axes.plot(np.clip(ends, -LIMIT, LIMIT), [height] * 2, color=look["color"], linewidth=1.3, zorder=2)
    axes.plot(np.clip(place, -LIMIT, LIMIT), height, zorder=3, **{**look, "markersize": 5})
