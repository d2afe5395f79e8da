"""How much memory a child may take, and whether it died of that.

The limit is on private memory that can be written (RLIMIT_DATA), not on address space
(docs/decisions/0037-memory-of-children.md). Linux alone: elsewhere there is none.
"""

from __future__ import annotations

import contextlib
import math
import os
import re
import signal
import sys

from edgeopt.domain.errors import BadInput
from edgeopt.runner import memory_groups, system
from edgeopt.runner.root import Root, optional

ASKED = "EDGEOPT_MEMORY_GIB"
GIB = 1 << 30
#: Of what is free now; the rest is for edgeopt itself and what its children share.
SHARE = 0.9
#: Of what there is: so much is allowed however busy the machine is.
LEAST = 0.25
HINT = f"Free memory on this machine, or allow another limit: {ASKED}=GIB in the environment."

#: What Python, C++ and the libraries say when an allocation fails. A GPU has memory of its own, and
#: so have a loader's thread variables.
_SAID = re.compile(
    r"MemoryError|bad_alloc|bad allocation|[Cc]annot allocate memory|can't allocate memory"
    r"|[Mm]emory allocation (still )?failed|[Uu]nable to allocate|[Ff]ailed to allocate"
    r"|[Oo]ut of memory|OOM when allocating"
    # of the loader of libraries, and of one that it could not load:
    r"|cannot map zero-fill pages|libgcc_s\.so\.1 must be installed for"
)
_ELSEWHERE = re.compile(r"CUDA|cuda|\bGPU\b|static TLS")


def limit_bytes(root: Root | None = None) -> int | None:
    """What a child that is started now may take; None where nothing bounds it.

    Raises:
        BadInput: $EDGEOPT_MEMORY_GIB is no number above 0.
    """
    asked = os.environ.get(ASKED)
    if asked is not None:
        return _asked(asked)
    root = root or Root()
    whole = optional(system.memory_bytes, root)
    free = optional(system.memory_available_bytes, root)
    if sys.platform != "linux" or not whole or not free:
        return None
    there = min(whole, optional(memory_groups.limit_bytes, root) or whole)
    left = optional(memory_groups.left_bytes, root)
    return int(max(SHARE * min(free, free if left is None else left), LEAST * there))


def _asked(text: str) -> int | None:
    try:
        gib = float(text)
    except ValueError:
        gib = math.nan
    if not gib > 0:
        raise BadInput(
            f"{ASKED}={text} is no amount of memory.", "Write a number above 0; inf for no limit."
        )
    return None if math.isinf(gib) else int(gib * GIB)


def cause(error: BaseException) -> str:
    """What an error says that comes of a failed allocation, or that of its causes; "" else.

    A library that cannot be loaded for want of memory is told as one that is not installed.
    """
    at: BaseException | None = error
    while at is not None:
        said = f"{type(at).__name__}: {at}"
        if _SAID.search(said) and not _ELSEWHERE.search(said):
            return said.splitlines()[0][:400]
        at = at.__cause__ or at.__context__
    return ""


class Bound:
    """The limit of one child, from before it is started."""

    def __init__(self, root: Root | None = None) -> None:
        self._root = root or Root()
        self.limit_bytes = limit_bytes(self._root)
        self._kills = optional(memory_groups.kills, self._root)

    def hold(self, pid: int) -> None:
        """Set the limit on a process; what it starts inherits it. Call it at once."""
        if self.limit_bytes is not None and sys.platform == "linux":
            self._set(pid, self.limit_bytes)

    def lift(self, pid: int) -> None:
        """Take it away again: for a GPU, whose driver keeps what it likes."""
        if self.limit_bytes is not None and sys.platform == "linux":
            self._set(pid, None)
            self.limit_bytes = None

    def _set(self, pid: int, limit: int | None) -> None:
        import resource  # not on Windows

        if sys.platform != "linux":
            return
        with contextlib.suppress(OSError, ValueError):  # it has ended; a sandbox forbids it
            _, hard = resource.prlimit(pid, resource.RLIMIT_DATA)
            wanted = resource.RLIM_INFINITY if limit is None else limit
            if hard != resource.RLIM_INFINITY:
                wanted = hard if limit is None else min(limit, hard)
            resource.prlimit(pid, resource.RLIMIT_DATA, (wanted, hard))

    def told(self, said: str, code: int = 0) -> str:
        """The sentence for a death or an error that was want of memory; "" where it was not.

        Args:
            said: the error, or the last words of the process. code: as `Popen.returncode`.
        """
        if code in (-signal.SIGKILL, 128 + signal.SIGKILL):
            return self._killed()
        if not _SAID.search(said) or _ELSEWHERE.search(said):
            return ""
        if self.limit_bytes is None:
            return "needed more memory than there was"
        return f"needed more memory than {self.limit_bytes / GIB:.3g} GiB, its limit here"

    def _killed(self) -> str:
        """The limit cannot kill; the kernel does where all processes together need too much."""
        if self.spared is not False:
            return ""
        return "needed more memory than the machine had left, and was killed by its kernel"

    @property
    def spared(self) -> bool | None:
        """Whether the kernel has killed nothing for want of memory since; None: it counts not."""
        now = optional(memory_groups.kills, self._root)
        return None if now is None or self._kills is None else bool(now <= self._kills)
