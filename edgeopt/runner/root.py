"""The one place that reads the machine's files and runs its programs, below a root.

A reading is a function of a `Root` that returns its value or raises `Missing` with the reason.
"""

from __future__ import annotations

import os
import re
import subprocess
from typing import Any, Callable, Dict, List

#: Where programs are looked for, besides PATH.
PROGRAMS = ("/usr/bin", "/bin", "/usr/sbin", "/sbin", "/usr/local/bin", "/opt/vc/bin")


class Missing(Exception):
    """A reading that is not to be had; its words say why."""


class Denied(Missing):
    """It is there, and only root may read it."""


class Root:
    """The machine's file tree, or a stand-in for one below another folder."""

    def __init__(self, path: str = "/") -> None:
        self._base = path.rstrip("/")

    def at(self, path: str) -> str:
        return self._base + path

    def text(self, path: str, absent: str = "", most: int = 1 << 20) -> str:
        """What stands in a file, without blanks and zero bytes around it.

        Args:
            absent: the reason where there is no such file; "": that there is none.
            most: bytes; the rest is not read.

        Raises:
            Denied: only root may read it.
            Missing: there is none, it cannot be read, or it is empty.
        """
        try:
            data = self._read(path, most)
        except (FileNotFoundError, NotADirectoryError):
            raise Missing(absent or "no {}".format(path)) from None
        except PermissionError:
            raise Denied("permission denied: {} (readable by root only)".format(path)) from None
        except OSError as error:
            raise Missing("{}: {}".format(path, error.strerror or error)) from None
        found = data.decode("utf-8", "replace").strip("\x00 \t\n")
        if not found:
            raise Missing("{} is empty".format(path))
        return found

    def _read(self, path: str, most: int) -> bytes:
        handle = os.open(self.at(path), os.O_RDONLY)
        try:
            parts, size = [], 0
            while size < most:
                part = os.read(handle, min(65536, most - size))
                if not part:
                    break
                parts.append(part)
                size += len(part)
            return b"".join(parts)
        finally:
            os.close(handle)

    def number(self, path: str, scale: float = 1.0, absent: str = "") -> float:
        """A number in a file, times `scale`.

        Raises:
            Missing: as `text`, or it holds something else.
        """
        found = self.text(path, absent)
        try:
            return float(found) * scale
        except ValueError:
            raise Missing("{} holds {!r}".format(path, found[:40])) from None

    def integer(self, path: str, absent: str = "") -> int:
        return int(self.number(path, 1.0, absent))

    def names(self, folder: str, pattern: str = "") -> List[str]:
        """Names in a folder that begin with `pattern` (a regular expression), 2 before 10.

        Empty where there is no such folder.
        """
        try:
            found = os.listdir(self.at(folder))
        except OSError:
            return []
        return sorted((name for name in found if re.match(pattern, name)), key=_by_number)

    def exists(self, path: str) -> bool:
        return os.path.exists(self.at(path))

    def run(self, program: str, *arguments: str, timeout_s: float = 5.0) -> str:
        """What a program prints.

        Raises:
            Missing: it is not there, fails, says nothing or takes too long.
        """
        words = " ".join((program, *arguments))
        try:
            done = subprocess.run(
                [self._program(program), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=timeout_s,
            )
        except subprocess.TimeoutExpired:
            raise Missing("`{}` took longer than {:g} s".format(words, timeout_s)) from None
        except OSError as error:
            raise Missing("`{}`: {}".format(words, error.strerror)) from None
        said = done.stdout.decode("utf-8", "replace").strip()
        if done.returncode != 0 or not said:
            last = said.splitlines()[-1] if said else "nothing"
            raise Missing("`{}` ended with {}: {}".format(words, done.returncode, last[:120]))
        return said

    def _program(self, name: str) -> str:
        own = os.environ.get("PATH", "").split(os.pathsep) if not self._base else []
        for folder in [*own, *map(self.at, PROGRAMS)]:
            path = os.path.join(folder, name)
            if os.access(path, os.X_OK):
                return path
        raise Missing("no program {}".format(name))


def _by_number(name: str) -> List[Any]:
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", name)]


def tell(readings: Dict[str, Callable[[Root], Any]], root: Root) -> Dict[str, Any]:
    """Every reading's value, or None with its reason in `why_null` (name -> reason)."""
    told: Dict[str, Any] = {}
    why: Dict[str, str] = {}
    for name, read in readings.items():
        told[name] = attempt(read, root, name, why)
    told["why_null"] = why
    return told


def attempt(read: Callable[[Root], Any], root: Root, name: str, why: Dict[str, str]) -> Any:
    """One reading's value; None where it is missing, with the reason put in `why`."""
    try:
        return read(root)
    except Missing as reason:
        why[name] = str(reason)
        return None


def optional(read: Callable[..., Any], *arguments: Any) -> Any:
    """A reading's value; None where it is missing and the reason is not wanted."""
    try:
        return read(*arguments)
    except Missing:
        return None
