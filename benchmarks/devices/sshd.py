"""A real sshd on the loopback, with a key, a port and a configuration of its own."""

from __future__ import annotations

import contextlib
import getpass
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.devices import lying_ssh
from edgeopt.devices.ssh import Ssh
from edgeopt.domain.device import DeviceEntry

HOST = "127.0.0.1"
PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
SSHD = shutil.which("sshd", path=PATH)

SERVER = """
ListenAddress {host}:{port}
ListenAddress {host}:{noisy}
ListenAddress {host}:{lying}
HostKey {folder}/host
PidFile {folder}/sshd.pid
AuthorizedKeysFile {folder}/user.pub
StrictModes no
UsePAM no
PasswordAuthentication no
MaxSessions 10
Match LocalPort {noisy}
    ForceCommand echo "Welcome to the board!"; eval "$SSH_ORIGINAL_COMMAND"
Match LocalPort {lying}
    AcceptEnv EDGEOPT_LIE
    ForceCommand exec {python} {liar} "$SSH_ORIGINAL_COMMAND"
"""
CLIENT = """
Host elsewhere
    HostName {host}
    Port {port}
Host through
    HostName {host}
    Port {port}
    ProxyJump elsewhere
Host *
    User {user}
    IdentityFile {folder}/{key}
    IdentitiesOnly yes
    IdentityAgent none
    UserKnownHostsFile {folder}/{known}
    GlobalKnownHostsFile /dev/null
    LogLevel QUIET
    SendEnv EDGEOPT_LIE
    ControlMaster auto
    ControlPath {folder}/own-%n
"""


class Sshd:
    """The server.

    Attributes:
        port: an ordinary one. noisy: the login shell behind it prints. lying: what is started
            behind it tells the lie that the client's $EDGEOPT_LIE names (`lies.py`).
    """

    def __init__(self, folder: Path) -> None:
        assert SSHD is not None
        self.folder = folder
        self.port, self.noisy, self.lying = free_port(), free_port(), free_port()
        for name in ("host", "other-host", "user", "stranger"):
            command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)]
            subprocess.run(command, check=True)
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(exist_ok=True)
        fields = {
            "host": HOST, "folder": folder, "port": self.port, "noisy": self.noisy,
            "lying": self.lying, "python": sys.executable, "liar": lying_ssh.__file__,
        }  # fmt: skip
        (folder / "sshd_config").write_text(SERVER.format(**fields))
        self.known("known", "host", self.port, self.noisy, self.lying)
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def known(self, file: str, key: str, *ports: int) -> None:
        """Write a known_hosts file that has this key for these ports."""
        kind, text = (self.folder / f"{key}.pub").read_text().split()[:2]
        lines = [f"[{HOST}]:{port} {kind} {text}\n" for port in ports]
        (self.folder / file).write_text("".join(lines))

    def config(self, key: str = "user", known: str = "known") -> str:
        """The path of a client's configuration, as a user would have it."""
        path = self.folder / f"config-{key}-{known}"
        text = CLIENT.format(
            host=HOST, port=self.port, user=getpass.getuser(), folder=self.folder, key=key,
            known=known,
        )  # fmt: skip
        path.write_text(text)
        path.chmod(0o600)
        return str(path)

    def entry(self, **fields: str) -> DeviceEntry:
        """How a device is reached over this server."""
        own = {"link": f"ssh://{HOST}:{self.port}", "ssh_config": self.config(), **fields}
        return DeviceEntry(**own)

    def device(self, **fields: str) -> Ssh:
        return Ssh("board", self.entry(**fields))

    def start(self) -> None:
        command = [str(SSHD), "-f", str(self.folder / "sshd_config"), "-D", "-e"]
        with (self.folder / "sshd.log").open("ab") as log:
            self._process = subprocess.Popen(command, stderr=log)
        for port in (self.port, self.noisy, self.lying):
            wait_for(lambda port=port: can_connect(port))

    def connections(self) -> int:
        """How many there are."""
        assert self._process is not None
        return len(children(self._process.pid))

    def cut(self) -> None:
        """End all connections, as if somebody had pulled the cable and put it back."""
        assert self._process is not None
        for pid in children(self._process.pid):
            kill(pid)

    def stop(self) -> None:
        """No more connections, and none that are: what a reboot looks like from here."""
        assert self._process is not None
        connections = children(self._process.pid)
        self._process.kill()
        self._process.wait()
        for pid in connections:
            kill(pid)


def kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def children(pid: int) -> list[int]:
    """Processes whose parent it is."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            found.append(int(path.parent.name))
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def can_connect(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


def wait_for(what, within_s: float = 15.0) -> None:
    deadline = time.monotonic() + within_s
    while not what():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)
