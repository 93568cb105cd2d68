"""The choices at which a claim holds: in words, and as what readers of the page pick from."""

from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from emergence.report import wording
from emergence.statistics.robustness import CHOSEN, CODES
from emergence.statistics.rules import read_rules
from emergence.statistics.shares import Shares

VERDICTS: list[str] = list(CODES)


def of_choices(found: Shares | None) -> str:
    """Say at how many choices a claim holds, fails and is mixed, and whether its effect changes sign.

    >>> of_choices(Shares(132, 12, 40, 0, 78, 2, 20, 10, 1))
    '12 of 132; fails at 40, sign flips at 20'
    >>> of_choices(Shares(9, 0, 1, 0, 2, 6, None, 10, 1))
    '0 of 9; fails at 1, no value at 6'
    >>> of_choices(None)
    '–'
    """
    if found is None:
        return wording.UNDEFINED
    sign = f"sign flips at {found.sign_flips}" if found.sign_flips else "sign never flips"
    last = f"no value at {found.unknown}" if found.sign_flips is None else sign
    mixed = f", mixed at {found.mixed}" if found.mixed else ""
    return f"{found.holds} of {found.choices}; fails at {found.fails}{mixed}, {last}"


def picker(robustness: xr.Dataset | None) -> dict[str, Any]:
    """Return the choices that can be picked, and what each claim is at them, as plain values.

    `choices` are the values of each choice, as texts; `reference` is that at which the claims are judged. Of a claim,
    `over` names its choices, and `at` holds a text per combination of their values, the last changing first: the place
    of the verdict in `verdicts` and the mean effect with its interval. It is empty where nothing was judged.
    """
    cells = _cells(robustness) if robustness is not None else pd.DataFrame(columns=["claim", *CHOSEN])
    values = {name: [str(value) for value in cells[name].unique() if value] for name in CHOSEN}
    values = {name: found for name, found in values.items() if len(found) > 1}
    at_reference = cells[cells["is_reference"] == 1] if len(cells) else cells
    return {
        "verdicts": VERDICTS,
        "choices": values,
        "reference": {name: str(next(value for value in at_reference[name] if value)) for name in values},
        "claims": {str(name): _of_claim(str(name), of, values) for name, of in cells.groupby("claim", sort=False)},
    }


def _cells(robustness: xr.Dataset) -> pd.DataFrame:
    """Return a row per claim and choice; choices are texts, those that are numbers in their order."""
    of_cells = {name: values.values for name, values in robustness.variables.items() if values.dims == ("cell",)}
    cells = pd.DataFrame(of_cells)
    numbers = [name for name in CHOSEN if cells[name].dtype == float]
    cells = cells[cells["seed_left_out"].isna()].sort_values(numbers, kind="stable")
    cells[numbers] = cells[numbers].map(lambda value: "" if np.isnan(value) else f"{value:g}")
    return cells


def _of_claim(name: str, cells: pd.DataFrame, values: dict[str, list[str]]) -> dict[str, Any]:
    over = [choice for choice in values if cells[choice].iloc[0]]
    at = [""] * int(np.prod([len(values[choice]) for choice in over]))
    for cell in cells.to_dict("records"):
        place = 0
        for choice in over:
            place = place * len(values[choice]) + values[choice].index(cell[choice])
        at[place] = f"{VERDICTS.index(_verdict(cell))}{_effect(name, cell)}"
    return {"over": over, "at": at}


def _verdict(cell: dict[Any, Any]) -> str:
    return next(name for name, code in CODES.items() if code == cell["claim_verdict"])


def _effect(name: str, cell: dict[Any, Any]) -> str:
    """Write the mean effect of a claim's headline at a choice."""
    ends = {"estimate": "", "interval_low": "_low", "interval_high": "_high"}
    found = {key: cell[f"mean_effect{end}"] for key, end in ends.items()}
    known = {key: float(value) if np.isfinite(value) else None for key, value in found.items()}
    headline = next(iter(read_rules().claims[name].judged_by(cell["reading"]).values()))
    return wording.effect(known, headline.smallest_effect)
