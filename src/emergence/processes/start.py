"""Run a script in a process that has imported what it needs: ``python -IS start.py OWNER SCRIPT ARGUMENT...``.

A server, `server`, imports what scripts import and forks a process for each of them. All scripts that are started for
the process OWNER share one, which the first of them starts and which ends with OWNER. Where there can be none, the
script runs in this process; where OWNER has ended, it does not run. Only the standard library is imported here, since
this starts anew for each script.

The script gets the arguments, folder, environment, files, limits and signals of this process, which ends as it does.
"""

import array
import errno
import json
import os
import resource
import select
import signal
import socket
import struct
import sys
import time
from types import FrameType

SERVER = "emergence.processes.server"
LENGTH, STATUS = struct.Struct("!Q"), struct.Struct("!i")
PEER = struct.Struct("3i")
FORWARDED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)
LIMITS = sorted(name for name in vars(resource) if name.startswith("RLIMIT_"))
PATIENCE = 5.0
"""Seconds after which a server that is being started, or does not answer at once, is done without."""


def main() -> None:
    owner, *command = sys.argv[1:]
    try:
        status = served(int(owner), command)
    except (OSError, ValueError):
        status = None
    if status is not None:
        end_with(status)
    if has_ended(int(owner)):
        sys.exit(f"{command[0]} was ended with process {owner}")
    os.execv(sys.executable, [sys.executable, *command])


def served(owner: int, command: list[str]) -> int | None:
    """Let the server of an owner run a command; return what `waitpid` says of its end, None where there is no server.

    Where the server ends before the command, the command has ended too.
    """
    if not hasattr(os, "pidfd_open"):
        return None
    with connected(owner) as server:

        def forward(number: int, _: FrameType | None) -> None:
            server.send(bytes([number]))

        send(server, command)
        for number in FORWARDED:
            signal.signal(number, forward)
        answer = server.recv(STATUS.size, socket.MSG_WAITALL)
        for number in FORWARDED:
            signal.signal(number, signal.SIG_DFL)
    return STATUS.unpack(answer)[0] if len(answer) == STATUS.size else None


def has_ended(owner: int) -> bool:
    """Return whether a process is known to have ended."""
    if not hasattr(os, "pidfd_open"):
        return False
    try:
        process = os.pidfd_open(owner)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return bool(select.select([process], [], [], 0)[0])


def connected(owner: int) -> socket.socket:
    """Connect to the server of an owner, and start it where there is none."""
    address, until = address_of(owner), time.monotonic() + PATIENCE
    while True:
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.connect(address)
        except ConnectionRefusedError:
            start_server(address, owner)
        else:
            if user_of(connection) == os.getuid():
                return connection
        connection.close()
        if time.monotonic() > until:
            raise TimeoutError(f"no server for {owner}")
        time.sleep(0.01)


def address_of(owner: int) -> str:
    """Return where the server of a process listens: a name that no file has, and no other process on the machine."""
    with open(f"/proc/{owner}/stat") as file:
        started = file.read().rpartition(")")[2].split()[19]
    spaces = [os.stat(f"/proc/self/ns/{space}").st_ino for space in ("mnt", "pid")]
    return "\0emergence " + " ".join(map(str, (os.getuid(), owner, started, *spaces)))


def start_server(address: str, owner: int) -> None:
    """Start a server, unless another process is just doing so."""
    import subprocess  # takes longer than all else here, and is seldom needed

    with socket.socket(socket.AF_UNIX) as listening:
        try:
            listening.bind(address)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            return
        listening.listen(1024)
        subprocess.Popen(
            [sys.executable, "-m", SERVER, str(listening.fileno()), str(owner)],
            pass_fds=[listening.fileno()],
            process_group=0,  # Ctrl-C reaches those who wait for scripts, and they tell the server
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )


def user_of(connection: socket.socket) -> int:
    """Return the user at the other end."""
    _, user, _ = PEER.unpack(connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, PEER.size))
    return int(user)


def send(server: socket.socket, command: list[str]) -> None:
    """Tell a server what to run, and as what."""
    mask = os.umask(0)
    os.umask(mask)
    request = {
        "command": command,
        "folder": os.getcwd(),
        "environment": dict(os.environ),
        "mask": mask,
        "limits": {name: resource.getrlimit(getattr(resource, name)) for name in LIMITS},
    }
    content = json.dumps(request).encode()
    files = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [0, 1, 2]))]
    server.sendmsg([LENGTH.pack(len(content))], files)
    server.sendall(content)


def end_with(status: int) -> None:
    """End as the process of which this is the status."""
    if os.WIFSIGNALED(status):
        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
        os.kill(os.getpid(), os.WTERMSIG(status))
    sys.exit(os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    main()
