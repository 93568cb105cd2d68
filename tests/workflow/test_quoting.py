"""Whatever stands in the name of a job file or a log, the shell reads each as one word and runs nothing of it."""

import re
import subprocess
from pathlib import Path

import pytest
from snakemake.iocontainers import Namedlist
from snakemake.utils import format as rendered

RULES = Path(__file__).parents[2] / "workflow" / "rules"
HOSTILE = (
    "results/$(touch PWNED)/a.nc",
    "results/a b;touch PWNED/`touch PWNED`.nc",
    "results/'\"$HOME\\\n&& touch PWNED #|~*?.nc",
    "> PWNED",
)
PARTS = re.findall(r'^COMMAND = "(.*)" f"{SCRIPTS}/" "(.*)"$', (RULES / "common.smk").read_text(), re.MULTILINE)
COMMAND = "scripts/".join(*PARTS)


def test_all_rules_run_one_command() -> None:
    shells = [found for file in RULES.glob("*.smk") for found in re.findall(r"shell:\n +(.*)", file.read_text())]
    assert set(shells) == {"COMMAND"}
    assert re.findall(r"{(.*?)}", COMMAND) == ["params.start", "params.script", "params.job:q", "log.log:q"]


@pytest.mark.parametrize("value", HOSTILE)
def test_a_hostile_name_is_one_word_of_the_command(value: str, tmp_path: Path) -> None:
    record = "python() { for word; do printf '%s\\0' \"$word\" >> words; done; }\n"
    (tmp_path / value).parent.mkdir(parents=True, exist_ok=True)  # the log's
    params = Namedlist(fromdict={"start": "python", "script": "train_networks", "job": value})
    command = rendered(COMMAND, params=params, log=Namedlist(fromdict={"log": value}))
    script = record + str(command)
    subprocess.run(["bash", "-euo", "pipefail", "-c", script], cwd=tmp_path, check=True, capture_output=True)
    assert (tmp_path / "words").read_text().split("\0")[:-1] == ["scripts/train_networks.py", value]
    assert {file.name for file in tmp_path.rglob("*") if file.is_file()} == {"words", Path(value).name}
