"""The user's devices by name, in one TOML file in the user's configuration."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

import msgspec

from edgeopt.domain.device import DeviceEntry
from edgeopt.domain.errors import BadInput
from edgeopt.domain.model import Value
from edgeopt.jobs import toml_file
from edgeopt.jobs.system import fcntl
from edgeopt.store import atomic

LOCAL = "local"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


class Registry(Value, kw_only=True, frozen=True):
    """The content of the file."""

    v: int = 1
    devices: dict[str, DeviceEntry] = msgspec.field(default_factory=dict)


def path() -> Path:
    """The file: in $EDGEOPT_CONFIG, or where this system keeps a user's configuration."""
    own = os.environ.get("EDGEOPT_CONFIG")
    if own:
        return Path(own) / "devices.toml"
    import platformdirs

    return platformdirs.user_config_path("edgeopt") / "devices.toml"


def entries() -> dict[str, DeviceEntry]:
    """All devices, by name.

    Raises:
        BadInput: the file cannot be read.
    """
    file = path()
    text = toml_file.text(file)
    if text is None:
        return {}
    try:
        found = msgspec.convert(toml_file.parse(text, file), Registry)
    except msgspec.ValidationError as error:
        raise BadInput(f"{file}: {error}", "Mend it, or add the devices anew.") from error
    if found.v != 1:
        raise BadInput(f"{file} is of a newer edgeopt (format {found.v}).", "Update edgeopt.")
    return dict(sorted(found.devices.items()))


def entry(name: str) -> DeviceEntry:
    """One device.

    Raises:
        BadInput: there is none of that name.
    """
    known = entries()
    if name not in known:
        there = f"There are: {', '.join(known)}." if known else "There are none yet."
        hint = f"{there} `edgeopt devices add NAME LINK` adds one."
        raise BadInput(f"there is no device {name!r}.", hint)
    return known[name]


def for_target(target: str) -> list[str]:
    """Names of the devices of a target."""
    return [name for name, one in entries().items() if one.target == target]


def check_name(name: str) -> None:
    """Refuse what cannot name a device.

    Raises:
        BadInput: it is taken, or looks like a link.
    """
    if name == LOCAL or not _NAME.fullmatch(name):
        raise BadInput(
            f"a device cannot be called {name!r}.",
            f"Letters, digits, '.', '_' and '-'; {LOCAL!r} is this machine.",
        )


def add(name: str, new: DeviceEntry) -> None:
    """Write a device down.

    Raises:
        BadInput: the name cannot be used or is in use, or the file cannot be written.
    """
    check_name(name)
    with _change() as devices:
        if name in devices:
            raise BadInput(
                f"there is a device {name!r} already: {devices[name].link}",
                f"`edgeopt devices remove {name}` takes it out.",
            )
        devices[name] = new


def remove(name: str) -> None:
    """Take a device out of the file; nothing is done on the device itself.

    Raises:
        BadInput: there is none of that name, or the file cannot be written.
    """
    entry(name)
    with _change() as devices:
        devices.pop(name, None)


@contextlib.contextmanager
def _change() -> Iterator[dict[str, DeviceEntry]]:
    """The devices, to be changed; written back if nothing is raised. One change at a time."""
    file = path()
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.with_name(f".{file.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            devices = entries()
            yield devices
            atomic.write(file, msgspec.toml.encode(Registry(devices=devices)))
    except OSError as error:
        raise BadInput(f"cannot write {file}: {_why(error)}.") from error


def _why(error: Exception) -> str:
    """What the system says, without the name of the file that it was asked for."""
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
