"""At which share of its choices a claim holds, in words."""

from emergence.report import wording
from emergence.statistics.shares import Shares


def over_choices(found: Shares) -> str:
    """Say at how many choices a claim holds, fails and is mixed, and whether its effect changes sign.

    >>> over_choices(Shares(132, 12, 40, 0, 78, 2, 20, 10, 1))
    'holds at 12 of 132 choices, fails at 40, and its effect changes sign (at 20)'
    >>> over_choices(Shares(4, 4, 0, 0, 0, 0, 0, 10, 0))
    'holds at 4 of 4 choices, fails at 0, and its effect never changes sign'
    """
    mixed = f", is mixed at {found.mixed}" if found.mixed else ""
    flips = f"changes sign (at {found.sign_flips})" if found.sign_flips else "never changes sign"
    sign = "has no value at that of reference" if found.sign_flips is None else flips
    return f"holds at {found.holds} of {found.choices} choices, fails at {found.fails}{mixed}, and its effect {sign}"


def of_choices(found: Shares | None) -> str:
    """Write the same as the cell of a table has it.

    >>> of_choices(Shares(132, 12, 40, 0, 78, 2, 20, 10, 1))
    'holds at 12 of 132, fails at 40; sign flips at 20'
    >>> of_choices(Shares(9, 0, 1, 0, 2, 6, None, 10, 1))
    'holds at 0 of 9, fails at 1; no value at 6'
    >>> of_choices(None)
    '–'
    """
    if found is None:
        return wording.UNDEFINED
    sign = f"sign flips at {found.sign_flips}" if found.sign_flips else "sign never flips"
    last = f"no value at {found.unknown}" if found.sign_flips is None else sign
    mixed = f", mixed at {found.mixed}" if found.mixed else ""
    return f"holds at {found.holds} of {found.choices}, fails at {found.fails}{mixed}; {last}"
