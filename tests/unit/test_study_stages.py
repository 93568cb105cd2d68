"""The stage of DVC covers all that the workflow makes and depends on."""

from pathlib import Path

import yaml

from emergence.parameters import Parameters
from emergence.study.stages import as_yaml
from emergence.study.table import RULES

ROOT = Path(__file__).parents[2]


def test_dvc_yaml_is_as_it_is_written() -> None:
    assert (ROOT / "dvc.yaml").read_text(encoding="utf-8") == as_yaml()


def test_every_result_and_every_parameter_that_determines_one_belongs_to_the_stage() -> None:
    stage = yaml.safe_load(as_yaml())["stages"]["study"]
    outs = {Path(path) for out in stage["outs"] for path in out}
    for rule in RULES.values():
        assert len(outs & {Path(rule.folder), *Path(rule.folder).parents}) == 1, rule.name
    assert set(Parameters.model_fields) - set(stage["params"]) == {"compute"}
