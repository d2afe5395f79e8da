"""A folder with all that runs would fetch, for machines without a network.

FOLDER/wheels         onnx2tf and what it needs; runtimes for emulated boards, phones and boards
FOLDER/debian         a mirror of the packages of the ARM files, and of no other
FOLDER/offline.json   with which Python, on which kind of machine it was gathered
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from edgeopt import runtimes, targets
from edgeopt.convert import onnx2tf
from edgeopt.devices import arm_tree, debian, wheels
from edgeopt.domain.errors import EdgeoptError
from edgeopt.domain.finding import Finding
from edgeopt.domain.progress import Listener, silent
from edgeopt.jobs import pip
from edgeopt.store import atomic

#: The system of boards that are not asked: Debian 12, and Raspberry Pi OS of the same name.
LIBC = "glibc-2.36"


def gather(
    folder: Path, names: Sequence[str], pythons: Sequence[str], progress: Listener = silent
) -> list[Finding]:
    """Fetch it; one line for each part, which says what is missing.

    Args:
        names: targets; for those of 64-bit ARM, runtimes and the ARM files are gathered, too.
        pythons: versions of Python on such boards, "3.11".

    Raises:
        BadInput: a target is unknown.
        NotInstalled: nothing can be fetched: there is no way to an index.
        OSError: the folder cannot be written.
    """
    arm = [profile for profile in map(targets.load, names) if profile.arch == "aarch64"]
    place = folder / "wheels"
    place.mkdir(parents=True, exist_ok=True)
    parts: list[tuple[str, Callable[[], object]]] = [("onnx2tf", lambda: onnx2tf.gather(place))]
    if arm:
        parts.append(("ARM files", lambda: _arm_files(folder)))
    found = [_part(name, what, progress) for name, what in parts]
    wanted = dict.fromkeys(rule.runtime for profile in arm for rule in profile.recipes)
    for python in pythons if arm else ():
        for name in ("numpy", "pillow", "pip"):
            found += [_board((name,), name, python, place, progress)]
        found += [_runtime(name, python, place, progress) for name in wanted]
    atomic.write(folder / "offline.json", msgspec.json.encode(pip.gathering()))
    return found


def make_ready(names: Sequence[str], progress: Listener = silent) -> list[Finding]:
    """Make here and now what runs for these targets would make; one line for each part.

    Raises:
        BadInput: a target is unknown.
    """
    arm = any(targets.load(name).arch == "aarch64" for name in names)
    parts: list[tuple[str, Callable[[], object]]] = [("onnx2tf", onnx2tf.environment)]
    if arm:
        parts.append(("ARM files", lambda: arm_tree.tree(progress)))
    return [_part(name, what, progress) for name, what in parts]


def _part(name: str, what: Callable[[], object], progress: Listener) -> Finding:
    progress(f"{name}: fetching")
    try:
        what()
    except EdgeoptError as error:
        return Finding(check=name, state="failed", found=str(error.args[0]), advice=error.hint)
    return Finding(check=name, state="ok", found="is there")


def _arm_files(folder: Path) -> None:
    contents = arm_tree.contents()
    debian.gather(contents.release, "arm64", contents.packages, folder / "debian")
    for requirement in contents.wheels:
        wheels.download(requirement, "aarch64", arm_tree.LIBC, contents.python, folder / "wheels")


def _runtime(name: str, python: str, folder: Path, progress: Listener) -> Finding:
    """The first package of a runtime that there is for a board."""
    spec = runtimes.spec(name)
    for package in spec.packages:
        found = _board(spec.requirements(package), name, python, folder, progress)
        if found.state == "ok":
            break
    return found


def _board(
    requirements: tuple[str, ...], name: str, python: str, folder: Path, progress: Listener
) -> Finding:
    progress(f"fetching {name} for boards with Python {python}")
    version = [int(number) for number in python.split(".")]
    facts = {"bits": 64, "version": version, "arch": "aarch64", "libc": LIBC}
    reason = wheels.fetch(requirements, facts, folder)
    check = f"{name}, Python {python}"
    if reason:
        return Finding(check=check, state="failed", found=f"no wheel for boards: {reason}")
    return Finding(check=check, state="ok", found=f"{requirements[0]} is there")
