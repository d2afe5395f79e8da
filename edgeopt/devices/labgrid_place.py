"""A place of a lab, held by this process: reserved once, given back when nobody here uses it.

The lab knows users, and no processes. So each process writes its number into a file of the user's
cache and locks it: another edgeopt of the same user waits or is refused, and a reservation that a
killed one left is known for what it is. Where this process is killed, its guard gives the place
back.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from edgeopt.devices import labgrid_client
from edgeopt.devices.labgrid_client import Place
from edgeopt.domain.errors import CannotWrite, DeviceFailed
from edgeopt.jobs.cache import cache
from edgeopt.jobs.guarded import GUARD
from edgeopt.jobs.system import fcntl

WAIT_S = 30.0
"""So long the guard of a killed edgeopt may take to give a place back."""

_END = Path(__file__).with_name("labgrid_end.py")


@dataclass
class Hold:
    """A place that this process holds.

    Attributes:
        file: of the lock. place: as the lab tells of it. ours: it was reserved by edgeopt.
        note: what somebody should know of it, "" where there is nothing. users: that want it.
    """

    file: int
    place: Place
    ours: bool
    note: str
    guarded: str = ""
    users: int = 1


_turn = threading.Lock()
_holds: dict[str, Hold] = {}


def take(name: str) -> Hold:
    """Hold a place, for one more user of it in this process.

    Raises:
        DeviceFailed: somebody else holds it; or as `labgrid_client.show`.
        CannotWrite: the cache cannot be written. NotInstalled: there is no labgrid-client.
    """
    with _turn:
        if name in _holds:
            _holds[name].users += 1
        else:
            _holds[name] = _taken(name)
        return _holds[name]


def give(name: str) -> None:
    """One user of it less; the last one gives it back.

    Raises:
        DeviceFailed: the lab refuses.
    """
    with _turn:
        hold = _holds[name]
        hold.users -= 1
        if hold.users:
            return
        del _holds[name]
        try:
            if hold.ours:
                labgrid_client.release(name)
                os.ftruncate(hold.file, 0)
        finally:
            if hold.guarded:
                GUARD.forget("command", hold.guarded)
            os.close(hold.file)


def _taken(name: str) -> Hold:
    labgrid_client.argv(name)
    path = _path(name)
    file, before = _locked(path, name)
    try:
        place = labgrid_client.show(name)
        _require_free(place)
        mine = place.holder == labgrid_client.me()
        # From here on a kill leaves a trace, and never a reservation that nobody knows.
        if not place.holder or (mine and before):
            os.pwrite(file, str(os.getpid()).encode().ljust(len(before)), 0)
        if place.service is None:
            raise DeviceFailed(
                f"the place {name} has no {labgrid_client.SERVICE}: nothing tells how its board is "
                "reached by ssh.",
                "Its exporter's configuration says so: address and username.",
            )
        hold = Hold(file, place, ours=not place.holder or bool(mine and before), note="")
        if mine and before:
            hold.note = (
                f"The place {name} was still reserved by an edgeopt that was killed (process "
                f"{before}). It is used on, and given back at the end."
            )
        if hold.ours:
            hold.guarded = _guarded(path, name)
        if not place.holder:
            labgrid_client.acquire(name)
        return hold
    except BaseException:
        os.close(file)
        raise


def _guarded(path: Path, name: str) -> str:
    words = [sys.executable, "-I", "-S", str(_END), str(path), str(os.getpid())]
    command = json.dumps([*words, *labgrid_client.argv(name, "release")])
    GUARD.keep("command", command)
    return command


def _require_free(place: Place) -> None:
    """Raises DeviceFailed: somebody else holds it, and does not share it."""
    me = labgrid_client.me()
    if place.holder in ("", me) or me in place.allowed:
        return
    host, _, user = place.holder.partition("/")
    raise DeviceFailed(
        f"the place {place.name} is reserved by {user} on {host}.",
        f"Wait until it is free (`{labgrid_client.COMMAND} who`), or let {user} share it: "
        f"`{labgrid_client.COMMAND} -p {place.name} allow {me}`.",
    )


def _path(name: str) -> Path:
    lab = os.environ.get("LG_COORDINATOR") or "local"
    safe = re.sub(r"[^\w.-]", "_", f"{lab}-{name}")
    return cache() / "labgrid" / f"{safe}.lock"


def _locked(path: Path, name: str) -> tuple[int, str]:
    """The lock's file, and the number of the process that left it without giving the place back.

    Raises:
        DeviceFailed: another process holds it. CannotWrite: the cache cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise CannotWrite(
            f"the cache {path.parent} cannot be written: {error.strerror}.",
            "EDGEOPT_CACHE names another folder.",
        ) from error
    deadline = time.monotonic() + WAIT_S
    while True:
        number = os.pread(file, 64, 0).decode(errors="replace").strip()
        with contextlib.suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return file, os.pread(file, 64, 0).decode(errors="replace").strip()
        lives = number.isdigit() and Path(f"/proc/{number}").exists()
        if lives or time.monotonic() > deadline:
            os.close(file)
            raise DeviceFailed(
                f"the place {name} is in use by another edgeopt of yours (process {number}).",
                "Wait for it to end.",
            )
        time.sleep(0.2)
