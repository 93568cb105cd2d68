"""The picture of all claims shows their effects, verdicts and choices as the claims have them."""

import copy
import json
from typing import Any

import numpy as np
import pytest
import xarray as xr
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from emergence.drawing.inputs import Inputs
from emergence.drawing.verdicts import LOOKS
from emergence.figures.claims_at_a_glance import INSIDE, LIMIT
from emergence.statistics.rules import read_rules
from tests import figure_data
from tests.figure_drawing import SMALL, VARIANTS, drawn, panels

VERDICTS = [1] * 12 + [-1] * 30 + [2] * 6 + [0] * 12


def of_all_claims() -> xr.Dataset:
    """Choices of every claim: 12 of 60 at which it holds, 30 at which it fails, 20 with an effect of the other sign."""
    claims = read_rules().claims
    columns = {
        "claim_verdict": VERDICTS * len(claims),
        "effect": [*[1.0] * 40, *[-1.0] * 20] * len(claims),
        "is_reference": [1, *[0] * 59] * len(claims),
        "seed_left_out": [np.nan] * 60 * len(claims),
        "claim": np.repeat(list(claims), 60),
    }
    return xr.Dataset({name: ("cell", column) for name, column in columns.items()})


def inputs_of(claims: dict[str, Any]) -> Inputs:
    return Inputs(claims=claims, conclusions={"robustness": of_all_claims()})


@pytest.fixture(scope="module")
def claims(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("results")
    figure_data.write_results(folder, figure_data.TWO[:1], VARIANTS, **SMALL)
    found: dict[str, Any] = json.loads((folder / "claims.json").read_text())
    return found


def with_effect(claims: dict[str, Any], estimate: float, low: float, high: float | None, verdict: str) -> Figure:
    """Draw C1 alone, in one experiment with this effect, which counts from 0.3 on."""
    claim = copy.deepcopy(claims["C1"])
    first = next(name for name, rule in read_rules().claims["C1"].quantities.items() if rule.role == "decides")
    deciding = claim["further"].get(first, claim)
    test = {"estimate": estimate, "interval_low": low, "interval_high": high, "verdict": verdict}
    deciding["experiments"] = {"digits/mlp": deciding["experiments"]["digits/mlp"] | test}
    return drawn("claims_at_a_glance", inputs_of({"C1": claim | {"verdict": verdict}}))


def test_every_claim_stands_with_its_statement_verdict_and_a_row_for_all_that_decides(claims: dict[str, Any]) -> None:
    statements, effects = panels(drawn("claims_at_a_glance", inputs_of(claims)))[:2]
    texts = [" ".join(text.get_text().split()) for text in statements.texts]
    for name, claim in claims.items():
        place = texts.index(f"{name} {claim['verdict']}")
        assert texts[place + 1] == claim["statement"]
    deciding = [
        f"{quantity.replace('_', ' ')}, digits/mlp"
        for name in claims
        for quantity, rule in read_rules().claims[name].quantities.items()
        if rule.role == "decides" and claims[name]["further"].get(quantity, claims[name])["experiments"]
    ]
    assert [label.get_text() for label in effects.get_yticklabels()] == deciding
    assert [text.get_text().strip() for text in effects.texts].count("no value") >= 2  # of C8, which has no measure


def test_effects_are_divided_by_the_smallest_that_counts(claims: dict[str, Any]) -> None:
    effects = panels(with_effect(claims, 0.45, 0.15, 0.6, "inconclusive"))[1]
    lines = [np.asarray(line.get_xdata()) for line in effects.get_lines()]
    assert any(np.allclose(line, [0.5, 2.0]) for line in lines if len(line) == 2)
    assert any(np.allclose(line, [1.5]) for line in lines if len(line) == 1)
    assert effects.get_xlim()[0] < -LIMIT < LIMIT < effects.get_xlim()[1]


def test_effects_beyond_the_axis_are_drawn_inside_it_with_an_arrow(claims: dict[str, Any]) -> None:
    effects = panels(with_effect(claims, 0.99, 0.95, None, "supported"))[1]
    markers = {line.get_marker(): line.get_xdata()[0] for line in effects.get_lines() if len(line.get_xdata()) == 1}
    assert markers == {">": LIMIT, "o": INSIDE}


@pytest.mark.parametrize("verdict", ["supported", "contradicted", "mixed", "inconclusive"])
def test_verdicts_are_told_by_colour_and_by_marker(claims: dict[str, Any], verdict: str) -> None:
    effects = panels(with_effect(claims, 0.3, 0.2, 0.4, verdict))[1]
    (point,) = [line for line in effects.get_lines() if len(line.get_xdata()) == 1]
    assert (point.get_color(), point.get_marker()) == (LOOKS[verdict]["color"], LOOKS[verdict]["marker"])


def test_no_two_verdicts_look_alike_in_grey() -> None:
    assert len({(look["marker"], look.get("markerfacecolor")) for look in LOOKS.values()}) == len(LOOKS)
    greys = [float(np.dot(to_rgb(look["color"]), (0.2126, 0.7152, 0.0722))) for look in LOOKS.values()]
    assert max(greys) < 0.6, "paler than can be seen on white"


def test_shares_of_choices_stand_beside_a_claim(claims: dict[str, Any]) -> None:
    shares = panels(drawn("claims_at_a_glance", inputs_of({"C1": claims["C1"]})))[2]
    assert [bar.get_width() for bar in shares.patches] == pytest.approx([0.2, 0.1, 0.2, 0.5])
    assert [text.get_text() for text in shares.texts] == ["holds at 12 of 60,\nsign flips at 20"]
