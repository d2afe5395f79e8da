"""What a process that died had printed of its cause: pure functions of its output."""

from __future__ import annotations

import re

LONGEST = 200

#: Information and warnings of Google's libraries: no cause of a death.
_CHATTER = re.compile(r"[IW]\d{4} \d\d:\d\d:\d\d|[IW]0000 00:00:|WARNING: |INFO: ")

#: Bars and counts: how far it was, not why it died.
_PROGRESS = re.compile(r"\d%\s*\||\b\d+/\d+ (\[|•)|[━█▏▎▍▌▋▊▉]")

#: How `faulthandler` begins its account, which ends with the names of modules.
_FATAL = re.compile(r"^Fatal Python error: .*$", re.MULTILINE)

#: A line of a stack, and the package that its file is of.
_FRAME = re.compile(r'^  File "(?P<file>[^"]+)", line \d+ in (?P<function>\S+)', re.MULTILINE)
_PACKAGE = re.compile(r"/site-packages/(\w+)")


def last_words(text: str) -> str:
    """Where a process was and the last thing that it said: " in NAME (FUNCTION): LINE".

    Each is left out where the output does not tell it.
    """
    before, stack = _parted(text)
    lines = before.strip().splitlines()
    telling = [line.strip() for line in lines if line.strip() and not _idle(line)]
    said = f": {telling[-1][:LONGEST]}" if telling else ""
    return _where(stack) + said


def _parted(text: str) -> tuple[str, str]:
    """What it printed itself, and the stack of the thread that died, the innermost frame first."""
    found = _FATAL.search(text)
    if found is None:
        return text, ""
    rest = text[found.end() :]
    return text[: found.start()], rest.partition("Current thread")[2] or rest


def _idle(line: str) -> bool:
    return bool(_CHATTER.match(line) or _PROGRESS.search(line))


def _where(stack: str) -> str:
    """The library whose code ran; "" where it is this package's or Python's own."""
    for frame in _FRAME.finditer(stack):
        package = _PACKAGE.search(frame["file"])
        if package is not None and package[1] != "edgeopt":
            return f" in {package[1]} ({frame['function']})"
        if "/edgeopt/" in frame["file"]:
            return ""
    return ""
