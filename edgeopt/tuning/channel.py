"""Lines of JSON to edgeopt and back, on descriptors that the user's code does not meet.

What is on stdin is nobody's: `input()` finds its end. What is printed on stdout goes to the log.
"""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Iterator
from typing import Any


class Channel:
    """The two pipes that this process was started with; programs that it starts have neither.

    Of a process that forks, the copy has neither as well: it would speak for the other one.
    """

    def __init__(self) -> None:
        self._answers = os.fdopen(os.dup(0), encoding="utf-8")
        self._told = os.fdopen(os.dup(1), "w", encoding="utf-8")
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)
        os.dup2(2, 1)
        self._process = os.getpid()
        for pipe in (self._answers.fileno(), self._told.fileno()):
            os.register_at_fork(after_in_child=functools.partial(_forget, pipe))

    def tell(self, message: dict[str, Any]) -> None:
        """Say something that has no answer."""
        if os.getpid() != self._process:
            os._exit(1)
        self._told.write(json.dumps(message) + "\n")
        self._told.flush()

    def say(self, message: dict[str, Any]) -> dict[str, Any]:
        """The answer to something; where there is none any more, this process ends."""
        self.tell(message)
        for reply in self.asked():
            return reply
        os._exit(0)

    def asked(self) -> Iterator[dict[str, Any]]:
        """What comes, until the other end closes."""
        while line := self._answers.readline():
            yield json.loads(line)


def _forget(pipe: int) -> None:
    """Give its number to nothing, so that no file of the copy's gets it."""
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, pipe, inheritable=False)
    os.close(nothing)
