"""The stages of DVC know what determines each phase."""

from pathlib import Path

import pytest
import yaml

from emergence.parameters import Parameters
from emergence.parameters.reading import read
from emergence.study.plan import Plan
from emergence.study.stages import as_yaml
from emergence.study.table import PHASES, RULES

ROOT = Path(__file__).parents[2]
STAGES = yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["stages"]

CHANGES = {
    "data.split_seed": 7,
    "training.batch_size": 32,
    "pruning.sparsities": [0.5, 0.8],
    "emergence.thresholds": [0.05],
    "measures.names": ["weight_norm"],
    "landscape.points": 5,
    "ruggedness.noise_floor": 0.1,
    "curvature.probes": 3,
    "minima.copies": 2,
    "statistics.confidence": 0.9,
    "figures.font_size": 12,
    "compute.device": "cpu",
}


def test_the_stages_are_those_that_the_plan_asks_for() -> None:
    assert (ROOT / "dvc.yaml").read_text(encoding="utf-8") == as_yaml()


def keys(parameters: Parameters) -> dict[str, set[str]]:
    plan = Plan(parameters, ROOT)
    return {phase: {job.key for job in plan.of_phase(phase)} for phase in PHASES}


@pytest.mark.parametrize("key", CHANGES)
def test_a_stage_names_a_parameter_if_and_only_if_its_phase_depends_on_it(key: str) -> None:
    smoke = read(ROOT / "params.yaml", ROOT / "workflow/presets/smoke.yaml")
    section, name = key.split(".")
    content = smoke.model_dump()
    content[section][name] = CHANGES[key]
    before, after = keys(smoke), keys(Parameters.model_validate(content))
    changed = {phase for phase in PHASES if before[phase] != after[phase]}
    named = {phase for phase, stage in STAGES.items() if {key, section} & {*stage["params"]}}
    assert named == changed


def test_every_file_of_the_workflow_belongs_to_the_stage_of_its_phase_alone() -> None:
    outs = {path: phase for phase, stage in STAGES.items() for out in stage["outs"] for path in out}
    outs |= {path: phase for phase, stage in STAGES.items() for out in stage.get("metrics", ()) for path in out}
    for place in RULES.values():
        for file in place.files.values():
            path = Path(place.folder, file)
            assert {outs[str(out)] for out in (path, *path.parents) if str(out) in outs} == {place.phase}
