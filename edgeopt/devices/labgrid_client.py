"""`labgrid-client`, asked about one place of a lab: who holds it; taken, and given back.

labgrid has no stable interface for other programs but this command, whose words for a place are
those of its own `show` (labgrid 23 to 26).
"""

from __future__ import annotations

import ast
import contextlib
import getpass
import os
import shutil
import socket
import subprocess
from dataclasses import dataclass
from typing import Any

from edgeopt.domain.errors import DeviceFailed, NotInstalled

COMMAND = "labgrid-client"
LIMIT_S = 60.0
SERVICE = "NetworkService"
COORDINATOR = "LG_COORDINATOR says where the lab's coordinator is: HOST:PORT."


@dataclass(frozen=True)
class Place:
    """A place as the lab tells of it.

    Attributes:
        holder: "HOST/USER" who has acquired it; "": nobody has.
        allowed: others who may use it meanwhile.
        service: parameters of its NetworkService: address, username, port; None: it has none.
    """

    name: str
    holder: str
    allowed: tuple[str, ...]
    service: dict[str, Any] | None


def me() -> str:
    """As the lab knows this user."""
    host = os.environ.get("LG_HOSTNAME") or socket.gethostname()
    return f"{host}/{os.environ.get('LG_USERNAME') or getpass.getuser()}"


def argv(place: str, *words: str) -> list[str]:
    """The command line.

    Raises:
        NotInstalled: there is no such command.
    """
    found = shutil.which(COMMAND)
    if found is None:
        raise NotInstalled(
            f"a place of a lab is reserved by `{COMMAND}`, and there is none here.",
            "pip install labgrid, in any environment whose commands are on the PATH.",
        )
    return [found, "-p", place, *words]


def show(name: str) -> Place:
    """What the lab knows of a place.

    Raises:
        DeviceFailed: the lab has no such place, or its coordinator cannot be reached.
        NotInstalled: as `argv`.
    """
    code, said, error = _run(argv(name, "show"))
    place = _read(said) if code == 0 else None
    if place is not None and place.name == name:
        return place
    code, listed, _ = _run(argv(name, "places"))
    if code != 0:
        raise DeviceFailed(f"the lab of {name} cannot be asked: {_last(error)}", COORDINATOR)
    there = ", ".join(line.split()[0] for line in listed.splitlines() if line.strip())
    raise DeviceFailed(
        f"the lab has no place {name!r}.", f"It has: {there}." if there else "It has none."
    )


def acquire(name: str) -> None:
    """Take a place. Raises DeviceFailed: the lab refuses."""
    code, _, error = _run(argv(name, "acquire"))
    if code != 0:
        raise DeviceFailed(f"the place {name} cannot be reserved: {_last(error)}")


def release(name: str) -> None:
    """Give a place back. Raises DeviceFailed: the lab refuses."""
    code, _, error = _run(argv(name, "release"))
    if code != 0:
        raise DeviceFailed(
            f"the place {name} cannot be given back: {_last(error)}",
            f"`{COMMAND} -p {name} release` does, when the lab answers again.",
        )


def _run(command: list[str]) -> tuple[int, str, str]:
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=LIMIT_S, text=True,
            errors="replace",
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return 1, "", f"{COMMAND} did not answer within {LIMIT_S:.0f} s"
    return done.returncode, done.stdout, done.stderr


def _last(error: str) -> str:
    """The last line that says something, without the command's own name."""
    lines = [line.strip() for line in error.splitlines() if line.strip()]
    said = lines[-1] if lines else f"{COMMAND} ended without a word"
    for prefix in (f"{COMMAND}: ", "Server error: ", "Error: "):
        said = said.removeprefix(prefix)
    return said[:300].rstrip(".") + "."


def _read(text: str) -> Place | None:
    """What `show` prints: a heading, fields below it, then resources as Python's own words."""
    name, service = "", None
    fields: dict[str, str] = {}
    lines = text.splitlines()
    for number, line in enumerate(lines):
        if line.startswith("Place '"):
            name = line.removeprefix("Place '").rstrip(":").rstrip("'")
        elif line.startswith(("Acquired resource '", "Matching resource '")) and service is None:
            service = _service(lines[number + 1 :])
        elif line.startswith("  ") and not line.startswith("   ") and ": " in line:
            key, _, value = line.strip().partition(": ")
            fields.setdefault(key, value)
    if not name:
        return None
    holder = fields.get("acquired", "None")
    allowed = tuple(one for one in fields.get("allowed", "").split(", ") if one)
    return Place(name, "" if holder == "None" else holder, allowed, service)


def _service(lines: list[str]) -> dict[str, Any] | None:
    """The parameters of a resource, where it is a network service."""
    text = []
    for line in lines:
        if not line.startswith("  "):
            break
        text.append(line)
    with contextlib.suppress(ValueError, SyntaxError, KeyError, TypeError):
        found = ast.literal_eval("\n".join(text).strip())
        if found["cls"] == SERVICE:
            return dict(found["params"])
    return None
