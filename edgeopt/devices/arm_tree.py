"""A self-contained aarch64 Python with numpy and the runtimes, made once in the user's cache.

It starts through its own loader, from wherever it lies, so the C library of the machine does not
matter: it runs under QEMU here, and can be pushed to a phone. Nothing in it is a link.

    TREE/run            sh TREE/run ARGUMENTS starts its Python
    TREE/bin            the interpreter
    TREE/lib            the loader, libraries by the names they are asked for, the standard library
    TREE/site           numpy and the runtimes
    TREE/tree.json      what it was made of
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import stat
import tarfile
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

import msgspec

from edgeopt.devices import debian, wheels
from edgeopt.domain.model import Value, content_id
from edgeopt.domain.progress import Listener, silent
from edgeopt.jobs.cache import cache, locked, whole
from edgeopt.runtimes import spec, specs

RELEASE, PYTHON, LIBC = "bookworm", "3.11", "glibc-2.36"
LAYOUT = 1  # of the tree: a change makes it anew

#: What the interpreter, the standard library's modules that are used, and the runtimes link to.
PACKAGES = ("libc6", "libgcc-s1", "libstdc++6", "zlib1g", "libexpat1", "libffi8", "libbz2-1.0",
            "liblzma5", "libssl3", "libpython3.11-minimal", "libpython3.11-stdlib",
            "python3.11-minimal")  # fmt: skip

#: A path in a package -> its place in the tree; anything else is left out.
PLACES = (
    (re.compile(rf"usr/bin/(python{re.escape(PYTHON)})"), "bin"),
    (re.compile(rf"usr/lib/(python{re.escape(PYTHON)}/.+)"), "lib"),
    (re.compile(r"(?:usr/)?lib/aarch64-linux-gnu/([^/]+\.so[^/]*)"), "lib"),
)

RUN = f"""#!/bin/sh
# Starts this folder's Python through this folder's own loader, wherever the folder lies.
# EDGEOPT_EMULATOR: a program that runs aarch64 programs, where the machine itself does not.
here=$(cd "$(dirname "$0")" && pwd) || exit 1
ulimit -c 0
export PYTHONHOME="$here" PYTHONNOUSERSITE=1
export PYTHONPATH="$here/site${{PYTHONPATH:+:$PYTHONPATH}}"
exec ${{EDGEOPT_EMULATOR:+"$EDGEOPT_EMULATOR"}} "$here/lib/ld-linux-aarch64.so.1" \\
    --library-path "$here/lib" "$here/bin/python{PYTHON}" "$@"
"""


class Contents(Value, kw_only=True, frozen=True):
    """What a tree is made of; its hash names the tree."""

    layout: int
    release: str
    python: str
    packages: tuple[str, ...]
    wheels: tuple[str, ...]


def contents() -> Contents:
    """What a tree made now would hold.

    The runtimes that are installed here, of the same versions: what differs is the machine.
    """
    return Contents(
        layout=LAYOUT,
        release=RELEASE,
        python=PYTHON,
        packages=PACKAGES,
        wheels=(
            "numpy",
            *(f"{spec(name).packages[0]}=={version}" for name, version in runtimes().items()),
        ),
    )


def runtimes() -> dict[str, str]:
    """Versions of the runtimes that a tree made now would hold, by name."""
    found = {}
    for one in sorted(specs(), key=lambda one: one.name):
        if one.emulated:
            with contextlib.suppress(metadata.PackageNotFoundError):
                found[one.name] = metadata.version(one.packages[0])
    return found


def tree(progress: Listener = silent, wanted: Contents | None = None) -> Path:
    """The tree's folder, made now if it is not there.

    An interrupted attempt goes on with the packages it has. Two processes do not make it twice.

    Args:
        wanted: None: `contents()`.

    Raises:
        NotInstalled: no network, or no such wheel.
    """
    wanted = wanted or contents()
    home = cache() / "arm"
    folder = home / f"tree-{content_id(wanted)}"
    if folder.is_dir():
        return folder
    with locked(folder):
        if not folder.is_dir():
            with whole(folder) as made:
                _make(made, wanted, home, progress)
    return folder


def _make(folder: Path, wanted: Contents, home: Path, progress: Listener) -> None:
    steps, what = len(wanted.packages) + len(wanted.wheels) + 1, "preparing emulated ARM"
    progress(f"{what}: Debian's index", 0, steps)
    found = debian.find(wanted.release, "arm64", wanted.packages)
    for done, package in enumerate(found, start=1):
        progress(f"{what}: {package.name} {package.version}", done, steps)
        unpack(debian.fetch(package, home / "debian"), folder)
    for done, requirement in enumerate(wanted.wheels, start=len(found) + 1):
        progress(f"{what}: {requirement}", done, steps)
        wheels.install(requirement, "aarch64", LIBC, wanted.python, folder / "site")
    run = folder / "run"
    run.write_text(RUN)
    run.chmod(0o755)
    (folder / "tree.json").write_bytes(msgspec.json.encode(wanted))
    progress(f"{what}: done", steps, steps)


def unpack(package: Path, folder: Path) -> None:
    """Put a package's files at their places in a tree; links become the files they lead to."""
    with debian.opened(package) as files:
        links = {}
        for member in files:
            place = _place(member.name)
            if place is None:
                continue
            if member.isfile():
                _write(files, member, folder / place)
            elif member.issym():
                links[place] = _place(_target(member))
    _resolve(folder, links)


def _place(name: str) -> str | None:
    """Where in the tree a path of a package belongs."""
    clean = os.path.normpath(name).lstrip("/")
    for pattern, under in PLACES:
        found = pattern.fullmatch(clean)
        if found:
            return f"{under}/{found[1]}"
    return None


def _target(link: tarfile.TarInfo) -> str:
    return os.path.normpath(os.path.join(os.path.dirname(link.name), link.linkname))


def _write(files: tarfile.TarFile, member: tarfile.TarInfo, path: Path) -> None:
    content = files.extractfile(member)
    assert content is not None
    path.parent.mkdir(parents=True, exist_ok=True)
    with content, path.open("wb") as file:
        shutil.copyfileobj(content, file)
    path.chmod(0o755 if member.mode & stat.S_IXUSR else 0o644)


def _resolve(folder: Path, links: dict[str, str | None]) -> None:
    """Copy what links lead to; libz.so.1.2.13 is then of no use any more beside libz.so.1."""
    led_to = {(link, target) for link, target in links.items() if target and link != target}
    for link, target in led_to:
        if (folder / target).is_file():
            shutil.copy2(folder / target, folder / link)
    for _, target in led_to:
        if ".so." in target:
            (folder / target).unlink(missing_ok=True)


def command(folder: Path, arguments: Sequence[str]) -> list[str]:
    """The command that starts a tree's Python."""
    return ["/bin/sh", str(folder / "run"), *arguments]
