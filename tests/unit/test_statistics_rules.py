"""The rules, and the page that is written from them."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from emergence.statistics.document import document, main
from emergence.statistics.entries import SCHEMA_FILE, as_schema
from emergence.statistics.rules import Claim, Quantity

PROJECT = Path(__file__).parents[2]
PAGE = PROJECT / "docs" / "claims.md"
QUANTITY = {
    "role": "decides",
    "quantity": "ratio",
    "runs": "all",
    "unit": "1",
    "scale": "ratio",
    "direction": "negative",
    "smallest_effect": 0.9,
    "because": "",
}


def test_the_page_says_what_the_rules_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == document()


def test_the_schema_is_that_of_the_models() -> None:
    assert (PROJECT / SCHEMA_FILE).read_text(encoding="utf-8") == as_schema()


def test_checking_a_page_that_differs_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "docs/claims.md"
    monkeypatch.setattr("sys.argv", ["document", str(tmp_path)])
    main()
    monkeypatch.setattr("sys.argv", ["document", "--check", str(tmp_path)])
    main()
    page.write_text(page.read_text(encoding="utf-8").replace("0.3", "0.2"), encoding="utf-8")
    with pytest.raises(SystemExit, match="differs from the rules"):
        main()


def test_an_effect_on_the_wrong_side_of_none_is_refused() -> None:
    assert Quantity(**QUANTITY)
    with pytest.raises(ValidationError, match=r"smallest_effect 1\.1 is not negative of 1"):
        Quantity(**{**QUANTITY, "smallest_effect": 1.1})


def test_a_claim_whose_headline_does_not_decide_is_refused() -> None:
    reported = {**QUANTITY, "role": "reported"}
    with pytest.raises(ValidationError, match="first quantity"):
        Claim(statement="", source="", choices="", quantities={"a": reported, "b": QUANTITY})
