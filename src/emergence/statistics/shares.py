"""At how many of its choices a claim holds or fails, and at how many the sign of its effect flips."""

from typing import NamedTuple

import numpy as np
import xarray as xr

from emergence.statistics.robustness import CODES


class Shares(NamedTuple):
    """Numbers of choices at which a claim gets each verdict, and of all; the choices of reference are among them.

    `unknown` are those at which the claim's headline has no value, which are inconclusive too but not `open`. At
    `sign_flips` the effect of the headline lies on the other side of none than at the choice of reference; None where
    it has no sign there. `verdict_changes` is with how many of the `seeds`, each left out by itself at that choice, the
    verdict is another.
    """

    choices: int
    holds: int
    fails: int
    mixed: int
    open: int
    unknown: int
    sign_flips: int | None
    seeds: int
    verdict_changes: int


def shares(robustness: xr.Dataset) -> dict[str, Shares]:
    """Return the shares of each claim, of what `emergence.statistics.robustness` returns."""
    claims = robustness["claim"].values
    return {name: _shares(robustness.isel(cell=claims == name)) for name in dict.fromkeys(claims.tolist())}


def _shares(cells: xr.Dataset) -> Shares:
    chosen = np.isnan(cells["seed_left_out"].values)
    verdicts, effects = cells["claim_verdict"].values, cells["effect"].values
    at_reference = cells["is_reference"].values == 1
    reference, verdict = np.sign(effects[at_reference][0]), verdicts[at_reference][0]
    unknown = np.isnan(effects) & (verdicts == CODES["inconclusive"])
    counts = {name: int((chosen & ~unknown & (verdicts == code)).sum()) for name, code in CODES.items()}
    return Shares(
        choices=int(chosen.sum()),
        holds=counts["supported"],
        fails=counts["contradicted"],
        mixed=counts["mixed"],
        open=counts["inconclusive"],
        unknown=int((chosen & unknown).sum()),
        sign_flips=int((np.sign(effects[chosen]) == -reference).sum()) if abs(reference) == 1 else None,
        seeds=int((~chosen).sum()),
        verdict_changes=int((verdicts[~chosen] != verdict).sum()),
    )
