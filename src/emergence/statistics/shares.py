"""At how many of its choices a claim holds, fails, or has an effect of the other sign."""

from typing import NamedTuple

import numpy as np
import xarray as xr

from emergence.statistics.robustness import CODES


class Shares(NamedTuple):
    """Numbers of choices at which a claim gets each verdict, and of all; the choices of reference are among them.

    `unknown` are those at which the claim's headline has no value, which are inconclusive too but not `open`. At
    `other_sign` the effect of the headline lies on the other side of no effect than at the choice of reference.
    `verdict_changes` is with how many of the `seeds`, each left out by itself at that choice, the verdict is another.
    """

    choices: int
    holds: int
    fails: int
    mixed: int
    open: int
    unknown: int
    other_sign: int
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
        other_sign=int((np.sign(effects[chosen]) == -reference).sum()) if reference else 0,
        seeds=int((~chosen).sum()),
        verdict_changes=int((verdicts[~chosen] != verdict).sum()),
    )
