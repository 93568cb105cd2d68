"""The stage of DVC: what it depends on and what it makes; and what DVC compares and hands on of the study at hand.

Command line: ``python -m emergence.study.stages`` writes dvc.yaml.
"""

from collections.abc import Iterable
from pathlib import Path

import yaml

from emergence.core.files import write_text
from emergence.parameters import Parameters
from emergence.parameters.reading import read
from emergence.study.layout import STUDY_FOLDER
from emergence.study.studies import WITHOUT_EFFECT

STAGES_FILE = "dvc.yaml"

CODE = ("Snakefile", "workflow/rules", "scripts", "src/emergence", "extensions")
MADE = ("data/processed", "results")
AT_HAND = STUDY_FOLDER.format(study="${study.name}")
"""Folder of the study that params.yaml describes, as DVC fills it in."""

HEADER = """\
# Written by python -m emergence.study.stages. DVC versions, stores and compares what Snakemake makes; Snakemake decides
# what that is, job by job (docs/currency.md). So there is one stage, for all studies: they share runs, and each has a
# folder of its own in results/studies. persist: DVC leaves results in place, so that nothing current is made again.
"""


def as_yaml(elsewhere: Iterable[str] = ()) -> str:
    """Render dvc.yaml; `elsewhere` are folders in which other programs saved networks."""
    content = {
        "stages": {
            "study": {
                "cmd": "snakemake",
                "deps": [*CODE, *elsewhere],
                "params": [name for name in Parameters.model_fields if name not in WITHOUT_EFFECT],
                "outs": [{folder: {"persist": True}} for folder in MADE],
            }
        },
        "metrics": [f"{AT_HAND}/metrics"],
        "plots": [f"{AT_HAND}/figures/png"],
        "artifacts": {
            "networks": {
                "path": f"{AT_HAND}/networks",
                "type": "model",
                "desc": "Weights at the end of training, a file per run",
            }
        },
    }
    return HEADER + yaml.safe_dump(content, sort_keys=False, default_flow_style=None, width=100)


def saved_elsewhere(parameters: Parameters) -> list[str]:
    """Return the folders below this one in which other programs saved networks of the study."""
    templates = [network.checkpoints for network in parameters.elsewhere.values()]
    folders = {template.partition("{")[0].rpartition("/")[0] for template in templates}
    return sorted(folder for folder in folders if folder and not Path(folder).is_absolute() and Path(folder).is_dir())


if __name__ == "__main__":
    write_text(Path(STAGES_FILE), as_yaml(saved_elsewhere(read(Path("params.yaml")))))
