"""Whatever stands in names of files and in parameters, the shell reads each as one word and runs nothing of it."""

import ast
import re
import subprocess
from pathlib import Path

import pytest
from snakemake.iocontainers import Namedlist
from snakemake.utils import format as rendered

ROOT = Path(__file__).parents[2]
HOSTILE = (
    "results/$(touch PWNED)/a.nc",
    "results/a b;touch PWNED/`touch PWNED`.nc",
    "results/'\"$HOME\\\n&& touch PWNED #|~*?.nc",
    "> PWNED",
)
SHELL = re.compile(r"^ *shell:\n((?:^ *f?\".*\"\n)+)", re.MULTILINE)


def joined(lines: str) -> str:
    """The lines of a command as one, with the folder of scripts filled in."""
    return str(ast.literal_eval("(" + lines.replace('f"', '"').replace("{SCRIPTS}", "scripts") + ")"))


COMMANDS = {
    f"{file.stem}-{number}": joined(found[1])
    for file in sorted((ROOT / "workflow" / "rules").glob("*.smk"))
    for number, found in enumerate(SHELL.finditer(file.read_text(encoding="utf-8")))
}
FIELD = re.compile(r"\{(input|output|params|log)(?:\.(\w+))?(?::\w+)?\}")


def filled(command: str, value: str) -> str:
    """The command as Snakemake writes it where all that it names is the same text."""
    names: dict[str, dict[str, str]] = {}
    for kind, name in FIELD.findall(command):
        names.setdefault(kind, {}).update({name: value} if name else {})
    lists = {kind: Namedlist(toclone=None if own else [value], fromdict=own) for kind, own in names.items()}
    return str(rendered(command, **lists))


def words_of(command: str, value: str) -> list[str]:
    """The words behind `python` that the programs of a command are to be given."""
    programs = [re.sub(r"\)? 2> \S+$", "", part).strip(" (") for part in command.split("&&")]
    return [FIELD.sub(lambda _: value, word) for program in programs for word in program.split()[1:]]


def test_the_commands_of_all_rules_are_found() -> None:
    rules = "".join(file.read_text(encoding="utf-8") for file in (ROOT / "workflow" / "rules").glob("*.smk"))
    assert len(COMMANDS) == len(re.findall(r"^ *shell:", rules, re.MULTILINE)) > 15
    assert all(FIELD.search(command) for command in COMMANDS.values())


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
@pytest.mark.parametrize("value", HOSTILE)
def test_a_hostile_name_is_one_word_of_the_command(command: str, value: str, tmp_path: Path) -> None:
    record = "python() { for word; do printf '%s\\0' \"$word\" >> words; done; }\n"
    (tmp_path / value).parent.mkdir(parents=True, exist_ok=True)  # the log's
    script = record + filled(command, value)
    subprocess.run(["bash", "-euo", "pipefail", "-c", script], cwd=tmp_path, check=True, capture_output=True)
    assert (tmp_path / "words").read_text().split("\0")[:-1] == words_of(command, value)
    assert {file.name for file in tmp_path.rglob("*") if file.is_file()} == {"words", Path(value).name}
