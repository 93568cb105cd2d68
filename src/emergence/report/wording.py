"""Notation of numbers and words in the report; an undefined value is a dash."""

from collections.abc import Mapping, Sequence
from math import floor, log10
from typing import Any, get_args

from pydantic import BaseModel

from emergence.statistics.verdict import Verdict

UNDEFINED = "–"
"""Stands for a number that is undefined."""

MINUS = "−"


def number(value: float | None) -> str:
    """Write a number with three significant digits.

    >>> number(-0.12345), number(12345.6), number(1.2e8), number(None)
    ('−0.123', '12,346', '1.2 × 10^8', '–')
    """
    if value is None:
        return UNDEFINED
    text = f"{value:.3g}"
    if "e" in text:
        mantissa, power = f"{value:.2e}".split("e")
        text = f"{value:,.0f}" if 1e3 <= abs(value) < 1e6 else f"{float(mantissa):g} × 10^{int(power)}"
    return text.replace("-", MINUS)


MOST_DECIMALS = 6


def effect(found: Mapping[str, Any], smallest: float | None = None) -> str:
    """Write an estimate with its interval, with as many decimals as the width of the interval justifies.

    There are more where these do not tell a number from the smallest effect that counts.

    >>> effect({"estimate": 0.61, "interval_low": 0.5, "interval_high": 0.72})
    '0.61 [0.50, 0.72]'
    >>> effect({"estimate": 0.28, "interval_low": -1.1, "interval_high": 2.2}, smallest=0.3)
    '0.28 [−1.10, 2.20]'
    >>> effect({"estimate": None, "interval_low": None, "interval_high": None})
    '–'
    """
    values = [found[key] for key in ("estimate", "interval_low", "interval_high")]
    if None in values or values[1] == values[2]:
        texts = [number(value) for value in values]
    else:
        decimals = min(max(floor(1.85 - log10(values[2] - values[1])), 0), MOST_DECIMALS)
        smallest = found.get("smallest_effect", smallest)
        while decimals < MOST_DECIMALS and any(_alike(value, smallest, f".{decimals}f") for value in values):
            decimals += 1
        texts = [f"{round(value, decimals) + 0.0:,.{decimals}f}".replace("-", MINUS) for value in values]
    return UNDEFINED if values[0] is None else f"{texts[0]} [{texts[1]}, {texts[2]}]"


def _alike(value: float, bound: float | None, form: str) -> bool:
    """Tell whether two numbers that differ are written alike."""
    return bound is not None and value != bound and f"{value:{form}}" == f"{bound:{form}}"


def p_value(value: float | None, level: float | None = None) -> str:
    """Write a p-value with two significant digits, or as many as tell it from the level; tiny ones as a bound.

    >>> p_value(0.0039), p_value(0.25), p_value(1.0), p_value(1e-9), p_value(0.0498, level=0.05)
    ('0.0039', '0.25', '1', '< 0.0001', '0.0498')
    """
    if value is None:
        return UNDEFINED
    digits = 2
    while digits < MOST_DECIMALS and _alike(value, level, f".{digits}g"):
        digits += 1
    return "< 0.0001" if value < 1e-4 else f"{value:.{digits}g}"


def bound(found: Mapping[str, Any]) -> str:
    r"""Write the smallest effect that counts.

    >>> bound({"direction": "negative", "smallest_effect": 0.9})
    '≤\xa00.9'
    """
    sign = "≥" if found["direction"] == "positive" else "≤"
    return f"{sign}\N{NO-BREAK SPACE}{number(found['smallest_effect'])}"


def reach(claims: Mapping[str, Mapping[str, Any]], level: float) -> str:
    """Say which p-values the numbers of seeds allow, whatever the data.

    >>> power = {"smallest_p_value": 2 / 256, "smallest_across_claims": {"alone": 0.0625, "together": 2 / 256}}
    >>> reach({"C1": {"power": power}}, level=0.05)
    'With these seeds no p-value of a claim can be below 0.0078 (C1); across claims none below 0.062 (C1) where no \
other claim shows anything, and 0.0078 (C1) where all show what they can. C1 cannot pass that alone.'
    """
    power = {name: claim["power"] for name, claim in claims.items() if claim["power"]["smallest_p_value"] is not None}
    if not power:
        return "No claim has a p-value."
    own = {name: found["smallest_p_value"] for name, found in power.items()}
    alone, together = (
        {name: found["smallest_across_claims"][which] for name, found in power.items()}
        for which in ("alone", "together")
    )
    failing = [name for name, p in alone.items() if p > level]
    passing = f"{listing(failing)} cannot" if failing else "Each can"
    return (
        f"With these seeds no p-value of a claim can be below {_grouped(own)}; across claims none below "
        f"{_grouped(alone)} where no other claim shows anything, and {_grouped(together)} where all show what they "
        f"can. {passing} pass that alone."
    )


def _grouped(p_values: Mapping[str, float]) -> str:
    """Write each p-value once, with the claims that it is of."""
    written = {name: p_value(value) for name, value in p_values.items()}
    names = {text: [name for name, other in written.items() if other == text] for text in written.values()}
    return listing([f"{text} ({listing(of)})" for text, of in names.items()])


def duration(seconds: float) -> str:
    """Write a time span in its two largest units.

    >>> duration(0.42), duration(75.2), duration(7380)
    ('0.4 s', '1 min 15 s', '2 h 3 min')
    """
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def percent(share: float) -> str:
    r"""Write a share in percent.

    >>> percent(0.95)
    '95\xa0%'
    """
    return f"{100 * share:g}\N{NO-BREAK SPACE}%"


def listing(words: str | Sequence[Any]) -> str:
    """Join words as a sentence does; a word by itself stays as it is.

    >>> listing(["C1", "C4", "C5"]), listing("C1")
    ('C1, C4 and C5', 'C1')
    """
    if isinstance(words, str):
        return words
    *others, last = map(str, words)
    return f"{', '.join(others)} and {last}" if others else last


def lower_first(text: str) -> str:
    """Write a sentence so that it can follow a colon; names keep their capital.

    >>> lower_first("Epochs until"), lower_first("Spearman's rank")
    ('epochs until', "Spearman's rank")
    """
    return text if text.startswith("Spearman") else text[:1].lower() + text[1:]


def upper_first(text: str) -> str:
    """Write a text as the beginning of a sentence.

    >>> upper_first("one-sided test")
    'One-sided test'
    """
    return text[:1].upper() + text[1:]


def settings(section: BaseModel) -> str:
    """Write the parameters of a section that are given as a sentence lists them; sections within it in brackets.

    >>> from emergence.parameters.networks import MLP
    >>> settings(MLP())
    'widths 64 and 32, activation relu'
    """
    told = {name.replace("_", " "): value for name, value in section if name != "builder" and value is not None}
    return ", ".join(_setting(name, value) for name, value in told.items())


def _setting(name: str, value: Any) -> str:
    if isinstance(value, BaseModel):
        return f"{name} ({settings(value)})"
    if isinstance(value, bool):
        return name if value else f"no {name}"
    if name == "name":
        return str(value)
    if isinstance(value, list | tuple | Mapping):
        return f"{name} {listing(list(value)) if value else 'none'}"
    return f"{name} {value:g}" if isinstance(value, int | float) else f"{name} {value}"


def tally(tests: Mapping[str, Mapping[str, Any]]) -> str:
    r"""Write how many tests got each verdict.

    >>> tally({"digits/mlp": {"verdict": "supported"}, "digits/cnn": {"verdict": "contradicted"}})
    '1\xa0supported, 1\xa0contradicted'
    """
    verdicts = [test["verdict"] for test in tests.values()]
    counts = {verdict: verdicts.count(verdict) for verdict in get_args(Verdict)}
    return ", ".join(f"{count}\N{NO-BREAK SPACE}{verdict}" for verdict, count in counts.items() if count) or UNDEFINED


def name_of_test(name: str) -> str:
    r"""Write the name of a test, with its sparsity in percent where it has one.

    >>> name_of_test("digits/mlp"), name_of_test("digits/mlp/global_magnitude~0.3/rewind")
    ('digits/mlp', 'digits/mlp, 30\xa0% global_magnitude')
    """
    dataset, network, *pruned = name.split("/")
    if not pruned:
        return name
    method, _, sparsity = pruned[0].rpartition("~")
    return f"{dataset}/{network}, {percent(float(sparsity))} {method}"


def with_values(text: str, parameters: BaseModel) -> str:
    """Add the values of the parameters that a text names; their underscores tell them from other words.

    >>> from emergence.parameters.statistics import Statistics
    >>> with_values("Activity above reference_threshold", Statistics())
    'Activity above reference_threshold (reference_threshold: 0.05)'
    """
    named = [f"{name}: {value}" for name, value in parameters if "_" in name and name in text]
    return f"{text} ({', '.join(named)})" if named else text
