"""Fork a process for each script that `start` asks for: ``python -m emergence.processes.server LISTENING OWNER``.

LISTENING is the number of an open socket. What a script imports is imported here, once, before the first process for it
is forked, and what a process imports beyond that, when it has ended. The server ends with the process OWNER. A forked
process is killed where the one that asked for it has ended, and where the server does.
"""

import array
import atexit
import contextlib
import ctypes
import gc
import importlib
import importlib.util
import json
import os
import random
import resource
import runpy
import selectors
import signal
import socket
import sys
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, NoReturn

from emergence.processes import start

PR_SET_PDEATHSIG = 1
ENVIRONMENT = dict(os.environ)
MOST = 100_000
"""Bytes of the names of modules that are told at once."""

DECIDES = ("PYTHON", "LD_", "OMP_", "KMP_", "GOMP_", "MKL_", "OPENBLAS_", "GOTO_", "NUMEXPR_", "VECLIB_", "CUDA_")
"""Beginnings of the names of variables that are read at the start of Python, or by what is imported."""


@dataclass
class Request:
    """What a process is to run, in which surroundings; its standard files, and the connection to who asked for it."""

    command: list[str]
    folder: str
    environment: dict[str, str]
    mask: int
    limits: dict[str, list[int]]
    files: list[int]
    connection: socket.socket

    @property
    def script(self) -> str:
        """Where the script lies."""
        return os.path.join(self.folder, self.command[0])

    @classmethod
    def receive(cls, connection: socket.socket) -> "Request":
        """Read a request; OSError or ValueError where it is none."""
        connection.settimeout(start.PATIENCE)
        room = socket.CMSG_SPACE(3 * array.array("i").itemsize)
        head, sent, _, _ = connection.recvmsg(start.LENGTH.size, room, socket.MSG_WAITALL)
        files = array.array("i")
        for _, _, data in sent:
            files.frombytes(data)
        if len(head) < start.LENGTH.size:
            raise ValueError("no request")
        (size,) = start.LENGTH.unpack(head)
        content = connection.recv(size, socket.MSG_WAITALL)
        connection.settimeout(None)
        return cls(**json.loads(content), files=list(files), connection=connection)


class Server:
    """Waits for requests, for signals to be forwarded, and for processes to end."""

    def __init__(self, listening: socket.socket, owner: int) -> None:
        self.waiting = selectors.DefaultSelector()
        self.imported: set[str] = set()
        self.listening = listening
        self._when(listening, self._accept)
        self.running: set[int] = set()
        self.names, self.imports = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._when(self.names, self._import_too)
        self._when(os.pidfd_open(owner), self._end)

    def until_forked(self) -> Request:
        """Serve; return, in each forked process, what it is to run. It tells `imports` what it imported."""
        while True:
            key, _ = self.waiting.select()[0]  # what it does may change what else is waited for
            request: Request | None = key.data()
            if request is not None:
                return request

    def _when(self, ready: Any, then: Callable[[], Request | None]) -> None:
        self.waiting.register(ready, selectors.EVENT_READ, then)

    def _accept(self) -> Request | None:
        connection, _ = self.listening.accept()
        try:
            request = Request.receive(connection)
        except (OSError, ValueError):
            connection.close()
            return None
        if start.user_of(connection) != os.getuid() or decisive(request.environment) != decisive(ENVIRONMENT):
            self._close(request)
            return None
        self._import_for(request)
        gc.freeze()  # the pages of what is imported stay shared
        server = os.getpid()
        process = os.fork()
        if not process:
            self._become_child(server)
            return request
        self.running.add(process)
        self._close(request, keep_connection=True)
        ended = os.pidfd_open(process)
        self._when(ended, lambda: self._tell_end(process, ended, connection))
        self._when(connection, lambda: self._forward(process, connection))
        return None

    @staticmethod
    def _close(request: Request, keep_connection: bool = False) -> None:
        for file in request.files:
            os.close(file)
        if not keep_connection:
            request.connection.close()

    def _import_for(self, request: Request) -> None:
        """Import what a script imports, as long as nothing is wrong with it; else its own process will tell."""
        if request.script in self.imported:
            return
        self.imported.add(request.script)
        sys.path.insert(0, os.path.dirname(request.script))
        with contextlib.suppress(BaseException), contextlib.chdir(request.folder):
            spec = importlib.util.spec_from_file_location("_script", request.script)
            if spec and spec.loader:
                spec.loader.exec_module(importlib.util.module_from_spec(spec))
        sys.path.pop(0)

    def _import_too(self) -> None:
        """Import what a process had to import itself, for those to come."""
        for name in self.names.recv(MOST).decode().split():
            with contextlib.suppress(BaseException):
                importlib.import_module(name)

    def _become_child(self, server: int) -> None:
        """Leave what is the server's, and be killed with it."""
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != server:
            os._exit(1)
        os.setpgid(0, 0)
        for key in list(self.waiting.get_map().values()):
            os.close(key.fd)
        self.waiting.close()

    def _forward(self, process: int, connection: socket.socket) -> None:
        """Pass signals on to a process and to those that it started; kill them when nobody waits for them any more."""
        try:
            signals = connection.recv(64)
        except OSError:
            signals = b""
        for number in signals or bytes([signal.SIGKILL]):
            send_signal(process, number)
        if not signals:
            self.waiting.unregister(connection)

    def _tell_end(self, process: int, ended: int, connection: socket.socket) -> None:
        _, status = os.waitpid(process, 0)
        self.running.remove(process)
        with contextlib.suppress(OSError):
            connection.sendall(start.STATUS.pack(status))
        for ready in (ended, connection):
            if ready in self.waiting.get_map():
                self.waiting.unregister(ready)
        os.close(ended)
        connection.close()

    def _end(self) -> None:
        for process in self.running:
            send_signal(process, signal.SIGKILL)
        os._exit(0)


def send_signal(process: int, number: int) -> None:
    """Send a signal to a process and to those that it started."""
    for send in (os.killpg, os.kill):  # the process leads no group before it runs
        with contextlib.suppress(ProcessLookupError):
            return send(process, number)
    return None


def decisive(environment: Any) -> dict[str, str]:
    """Return the variables that take effect once, when a server starts and imports."""
    return {name: value for name, value in environment.items() if name.startswith(DECIDES)}


def become(request: Request) -> None:
    """Take over the files, folder, variables and limits of the process that asked for this one."""
    for place, file in enumerate(request.files):
        os.dup2(file, place)
        os.close(file)
    os.chdir(request.folder)
    os.umask(request.mask)
    set_while_importing = {name: value for name, value in os.environ.items() if ENVIRONMENT.get(name) != value}
    os.environ.clear()
    os.environ.update(request.environment | set_while_importing)
    for name, (soft, hard) in request.limits.items():
        resource.setrlimit(getattr(resource, name), (soft, hard))
    random.seed()
    sys.argv = request.command
    sys.path[0] = os.path.dirname(request.script)
    sys.stdout.reconfigure(line_buffering=os.isatty(1))  # type: ignore[union-attr]
    sys.excepthook = without_what_lies_before(request.script)


def without_what_lies_before(script: str) -> Callable[[type[BaseException], BaseException, TracebackType | None], None]:
    """Return how to tell of an error as if the script had been started by itself."""

    def tell(_: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        while trace and trace.tb_frame.f_code.co_filename != script:
            trace = trace.tb_next
        traceback.print_exception(error.with_traceback(trace or error.__traceback__))

    return tell


def end(imports: socket.socket, imported: set[str]) -> NoReturn:
    """End as Python does, without taking apart what was imported, which takes longer than many a script."""
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    names = " ".join(name for name in sys.modules if name not in imported)
    with contextlib.suppress(OSError):
        imports.send(names.encode()[:MOST], socket.MSG_DONTWAIT)
    os._exit(0)


def main() -> None:
    listening, owner = map(int, sys.argv[1:])
    server = Server(socket.socket(fileno=listening), owner)
    request = server.until_forked()
    become(request)
    imported = set(sys.modules)
    runpy.run_path(request.script, run_name="__main__")
    end(server.imports, imported)


if __name__ == "__main__":
    main()
