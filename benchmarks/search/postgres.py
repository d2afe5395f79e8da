"""A PostgreSQL server of one's own, on a free port of the loopback, as a user without rights."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import time
from pathlib import Path

from benchmarks.devices.sshd import free_port

PLACES = [str(p) for p in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)]
PATH = os.pathsep.join([*PLACES, os.environ.get("PATH", "")])
INITDB, SERVER = shutil.which("initdb", path=PATH), shutil.which("postgres", path=PATH)
MISSING = "there is no PostgreSQL server: apt-get install postgresql"


def _user() -> dict[str, str]:
    """Who runs it: the server refuses root."""
    if os.geteuid() != 0:
        return {}
    names = {one.pw_name for one in pwd.getpwall()}
    return {"user": "postgres" if "postgres" in names else "nobody"}


class Postgres:
    """The server; `url` is that of its one database, which anybody on this machine may use.

    Args:
        folder: for its files; it is made over to the user who runs it.
    """

    def __init__(self, folder: Path) -> None:
        assert INITDB is not None
        self.folder, self.port, self.process = folder / "data", free_port(), None
        user = _user()
        self.folder.mkdir(parents=True)
        if user:
            shutil.chown(self.folder, **user)
            for parent in (folder, *folder.parents):
                if parent.stat().st_mode & 0o001 == 0:
                    parent.chmod(parent.stat().st_mode | 0o111)
        command = [INITDB, "-D", str(self.folder), "-U", "edgeopt", "-A", "trust", "--no-sync"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd="/", **user)
        self.start()

    @property
    def url(self) -> str:
        """As --storage takes it."""
        return f"postgresql://edgeopt@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = ["-c", f"unix_socket_directories={self.folder}", "-c", "fsync=off"]
        options += ["-c", "listen_addresses=127.0.0.1"]
        command = [str(SERVER), "-D", str(self.folder), "-p", str(self.port), *options]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self.process = subprocess.Popen(command, cwd="/", **quiet, **_user())
        import psycopg

        deadline = time.monotonic() + 60
        while True:
            try:
                psycopg.connect(self.url, connect_timeout=5).close()
                return
            except psycopg.OperationalError:
                if time.monotonic() > deadline or self.process.poll() is not None:
                    raise
                time.sleep(0.1)

    def stop(self) -> None:
        """End it at once."""
        self.process.send_signal(3)  # SIGQUIT: immediate shutdown
        self.process.wait(30)
