"""Scripts that a server starts: they run as by themselves, are imported for once, and leave nothing behind."""

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from emergence.processes import start
from tests.job_files import ROOT, START

pytestmark = pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="needs Linux")

SLOW_IMPORT = """
import os
from pathlib import Path
with Path("imports").open("a") as file:
    print(os.getpid(), file=file)
"""


class Owner:
    """A process that scripts are started for, and a folder in which they lie."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process = subprocess.Popen(["sleep", "1000"])
        (folder / "slow.py").write_text(SLOW_IMPORT)

    def script(self, text: str, name: str = "script.py") -> str:
        (self.folder / name).write_text(f"import slow\nif __name__ == '__main__':\n    {text}\n")
        return name

    def command(self, *command: str, served: bool = True) -> list[str]:
        begin = ["-IS", str(START), str(self.process.pid)] if served else []
        return [sys.executable, *begin, *command]

    def start(self, *command: str, served: bool = True, **options: object) -> subprocess.Popen[str]:
        text = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "cwd": self.folder}
        environment = os.environ | {"PYTHONPATH": str(ROOT / "src"), "NAMED": "value"}
        return subprocess.Popen(
            self.command(*command, served=served),
            **{"env": environment, **text, **options},  # type: ignore[call-overload]
        )

    def run(self, *command: str, served: bool = True, **options: object) -> tuple[int, str, str]:
        process = self.start(*command, served=served, **options)
        told, errors = process.communicate(timeout=60)
        return process.returncode, told, errors

    @property
    def imports(self) -> list[int]:
        """The processes in which the slow module was imported, in their order."""
        return [int(line) for line in (self.folder / "imports").read_text().split()]

    @property
    def server(self) -> int:
        """The server's process; the scripts have been imported there."""
        return self.imports[0]


@pytest.fixture
def owner(tmp_path: Path) -> Iterator[Owner]:
    owner = Owner(tmp_path)
    yield owner
    owner.process.kill()
    owner.process.wait()


def is_running(process: int) -> bool:
    """Whether there is such a process, which is no zombie."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def ends(process: int, within: float = 20) -> bool:
    until = time.monotonic() + within
    while is_running(process) and time.monotonic() < until:
        time.sleep(0.02)
    return not is_running(process)


def first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline()


WAITS = "import os, time; print(os.getpid(), flush=True); time.sleep(1000)"


def test_all_scripts_of_an_owner_are_imported_for_once(owner: Owner) -> None:
    first, second = owner.script("print(1)", "first.py"), owner.script("print(2)", "second.py")
    assert [owner.run(name)[:2] for name in (first, second, first, second)] == [(0, "1\n"), (0, "2\n")] * 2
    assert len(owner.imports) == 1


def test_what_a_script_imports_when_it_runs_is_imported_once_for_those_after_it(owner: Owner) -> None:
    (owner.folder / "late.py").write_text(SLOW_IMPORT)
    script = owner.script("import late; import os; print(os.getppid())")
    _, server, _ = owner.run(script)
    owner.run(script)
    assert owner.imports[0] == int(server)
    after = len(owner.imports)
    owner.run(script)
    owner.run(script)
    assert len(owner.imports) == after


@pytest.mark.parametrize(
    "text",
    [
        "import sys; print(sys.argv[1:], sys.path[0], __file__)",
        "import os; print(os.getcwd(), os.environ['NAMED'], os.umask(0))",
        "import resource; print(resource.getrlimit(resource.RLIMIT_NOFILE))",
        "import sys; print(sys.stdin.read())",
        "import sys; sys.exit(3)",
        "import sys; sys.exit('a reason')",
        "import os; os._exit(4)",
        "raise ValueError('wrong')",
        "slow.does_not_exist()",
        "import os; os.kill(os.getpid(), 9)",
        "import atexit; atexit.register(print, 'last')",
        "import threading; threading.Timer(0.2, print, ['late']).start()",
        "from concurrent.futures import ThreadPoolExecutor as E; E().submit(print, 'pooled')",
        "import multiprocessing as m; p = m.get_context('spawn').Pool(1); print(p.map(abs, [-1]))",
        "import sys; print('begun', end=''); print('told', end='', file=sys.stderr)",
    ],
)
def test_a_script_runs_as_if_it_had_been_started_by_itself(owner: Owner, text: str) -> None:
    script = owner.script(text)
    (owner.folder / "input").write_text("given")
    seen = []
    for served in (True, True, False):
        with (owner.folder / "input").open() as given:
            seen.append(owner.run(script, "one", "two words", served=served, stdin=given, umask=0o27))
    assert seen[0] == seen[1] == seen[2]
    assert len(owner.imports) - ("spawn" in text) * 3 == 2  # once in the server, once in a process of its own


def test_the_limits_of_who_starts_a_script_hold_for_it(owner: Owner) -> None:
    script = owner.script("bytearray(600_000_000)")
    assert owner.run(script)[0] == 0

    def little() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (500_000_000, 500_000_000))

    code, _, errors = owner.run(script, preexec_fn=little)
    assert code == 1
    assert "MemoryError" in errors


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGUSR1])
def test_signals_reach_the_script(owner: Owner, number: signal.Signals) -> None:
    handle = f"import signal; signal.signal({number}, lambda *_: (print('told', flush=True), exit(7)))"
    process = owner.start(owner.script(f"{handle}; {WAITS}"))
    first_line(process)
    process.send_signal(number)
    assert process.communicate(timeout=20)[0] == "told\n"
    assert process.returncode == 7


def test_a_script_without_a_handler_ends_by_the_signal(owner: Owner) -> None:
    process = owner.start(owner.script(WAITS))
    script = int(first_line(process))
    process.terminate()
    assert process.wait(timeout=20) == -signal.SIGTERM
    assert not is_running(script)


def test_a_script_is_killed_with_what_it_started_when_who_started_it_is(owner: Owner) -> None:
    started = "import subprocess; print(subprocess.Popen(['sleep', '1000']).pid, flush=True)"
    process = owner.start(owner.script(f"{started}; {WAITS}"))
    others = int(first_line(process)), int(first_line(process))
    process.kill()
    assert all(map(ends, others))
    assert is_running(owner.server)


def test_a_script_whose_server_is_killed_runs_by_itself(owner: Owner) -> None:
    process = owner.start(owner.script(WAITS))
    served = int(first_line(process))
    os.kill(owner.server, signal.SIGKILL)
    assert ends(served)
    alone = int(first_line(process))
    assert alone == process.pid
    process.kill()


def test_a_server_that_was_killed_is_started_anew(owner: Owner) -> None:
    script = owner.script("print(1)")
    owner.run(script)
    os.kill(owner.server, signal.SIGKILL)
    assert ends(owner.server)
    assert owner.run(script)[:2] == (0, "1\n")
    assert len(owner.imports) == 2


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_server_and_scripts_end_with_their_owner(owner: Owner, number: signal.Signals) -> None:
    process = owner.start(owner.script(WAITS))
    script = int(first_line(process))
    owner.process.send_signal(number)
    assert ends(owner.server)
    assert ends(script)
    process.kill()


def test_scripts_that_start_at_once_share_a_server(owner: Owner) -> None:
    script = owner.script("import os; print(os.getppid())")
    processes = [owner.start(script) for _ in range(8)]
    servers = {process.communicate(timeout=60)[0] for process in processes}
    assert servers == {f"{owner.server}\n"}
    assert len(owner.imports) == 1


@pytest.mark.parametrize(("name", "value"), [("PYTHONPATH", f"{ROOT / 'src'}:other"), ("OMP_NUM_THREADS", "3")])
def test_a_script_with_other_variables_that_decide_what_is_imported_runs_by_itself(
    owner: Owner, name: str, value: str
) -> None:
    script = owner.script(f"import os; print(os.getpid(), os.environ['{name}'])")
    owner.run(owner.script("print(1)", "other.py"))
    process = owner.start(script, env=os.environ | {"PYTHONPATH": str(ROOT / "src"), name: value})
    assert process.communicate(timeout=60)[0] == f"{process.pid} {value}\n"


def test_a_script_that_cannot_be_imported_tells_why_itself(owner: Owner) -> None:
    (owner.folder / "broken.py").write_text("import nothing_of_this_name\n")
    code, _, errors = owner.run("broken.py")
    assert code == 1
    assert errors.endswith("ModuleNotFoundError: No module named 'nothing_of_this_name'\n")
    assert owner.run("broken.py") == (code, "", errors)


def test_where_no_server_can_be_started_scripts_run_by_themselves(owner: Owner) -> None:
    broken = owner.folder / "emergence/processes"
    broken.mkdir(parents=True)
    for name in ("../__init__.py", "__init__.py"):
        (broken / name).touch()
    (broken / "server.py").write_text("raise RuntimeError")
    script = owner.script("import os; print(os.getpid())")
    process = owner.start(script, env=os.environ | {"PYTHONPATH": str(owner.folder)})
    assert process.communicate(timeout=60)[0] == f"{process.pid}\n"


def test_no_script_is_started_for_an_owner_that_has_ended(owner: Owner) -> None:
    script = owner.script("print(1)")
    owner.process.kill()
    code, told, errors = owner.run(script)
    assert (code, told) == (1, "")
    assert errors == f"script.py was ended with process {owner.process.pid}\n"


def test_only_the_same_user_is_served(owner: Owner) -> None:
    owner.run(owner.script("print(1)"))
    with start.connected(owner.process.pid) as connection:
        assert start.user_of(connection) == os.getuid()
