"""Parts of results that are kept where other parts change."""

import math
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from emergence.core.storage import write_dataset
from emergence.jobs import Parts
from emergence.parameters.reading import read
from emergence.study.plan import Plan

ROOT = Path(__file__).parents[2]


def made(names: list[str], value: float) -> xr.Dataset:
    attrs = {"units": "1", "long_name": "a number"}
    return xr.Dataset({name: ("seed", np.full(2, value), attrs) for name in names}, {"seed": [0, 1]})


def written(folder: Path, keys: dict[str, str], value: float) -> Path:
    path = folder / "measures.nc"
    folder.mkdir()
    write_dataset(path, Parts(keys, []).complete(lambda names: made(names, value)), {})
    return path


def test_parts_made_from_the_same_are_kept_and_only_others_are_made(tmp_path: Path) -> None:
    earlier = written(tmp_path / "one", {"a": "1", "b": "2"}, value=1.0)
    asked: list[list[str]] = []

    def make(names: list[str]) -> xr.Dataset:
        asked.append(names)
        return made(names, 7.0)

    found = Parts({"c": "3", "b": "2", "a": "changed"}, [earlier]).complete(make)
    assert asked == [["c", "a"]]
    assert {name: float(found[name][0]) for name in found} == {"c": 7.0, "b": 1.0, "a": 7.0}


def test_parts_give_equal_bytes_whether_they_are_kept_or_made(tmp_path: Path) -> None:
    keys = {"a": "1", "b": "2"}
    anew = written(tmp_path / "anew", keys, value=1.0)
    before = written(tmp_path / "before", {"b": "2"}, value=1.0)
    path = tmp_path / "kept.nc"
    write_dataset(path, Parts(keys, [before]).complete(lambda names: made(names, 1.0)), {})
    assert path.read_bytes() == anew.read_bytes()


def test_a_damaged_earlier_file_is_made_anew(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    earlier = written(tmp_path / "one", {"a": "1"}, value=math.pi)
    content = bytearray(earlier.read_bytes())
    content[len(content) // 2] ^= 1
    earlier.write_bytes(content)
    found = Parts({"a": "1"}, [earlier]).complete(lambda names: made(names, 7.0))
    assert float(found["a"][0]) == 7.0 and "made anew" in caplog.text


def test_the_key_of_a_measure_changes_with_its_networks_but_not_with_other_measures() -> None:
    def parts(**given: object) -> list[dict[str, str]]:
        plan = Plan(read(ROOT / "params.yaml", ROOT / "workflow/presets/smoke.yaml", given=given), ROOT)
        return [plan.parts(job) for job in plan.of_rule("apply_measures")]

    one = parts(measures={"names": ["weight_norm"]})
    more = parts(measures={"names": ["path_norm", "weight_norm"]})
    longer = parts(measures={"names": ["weight_norm"]}, training={"epochs": 2})
    assert [part["weight_norm"] for part in more] == [part["weight_norm"] for part in one]
    assert all(part["weight_norm"] != part["path_norm"] for part in more)
    assert not {part["weight_norm"] for part in one} & {part["weight_norm"] for part in longer}
