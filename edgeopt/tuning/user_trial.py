"""What `build` and `train` are given: a trial that suggests values, and `report`."""

from __future__ import annotations

import contextlib
import json
import math
import os
import sys
import threading
from collections.abc import Callable, Sequence
from typing import Any

from edgeopt.domain.errors import BadInput
from edgeopt.sources.no_model import shown
from edgeopt.tuning import categories, parameters

Say = Callable[[dict[str, Any]], dict[str, Any]]

#: Of one line between the two processes.
MOST_BYTES = 1 << 20
_LONGEST = 2000


class Ended(BaseException):
    """Unwinds the user's function: a training that is stopped, or a trial that is over."""

    def __init__(self, told: dict[str, Any]) -> None:
        super().__init__()
        self.told = told


class Refused(ValueError):
    """A range that nothing can be drawn from."""


class Over(RuntimeError):
    """A trial is over: who still speaks for it is not heard."""


def clean(text: str) -> str:
    """Text that can be written anywhere: what is no Unicode as Python writes it."""
    return text.encode("utf-8", "backslashreplace").decode()


def failed(where: str, kind: str, message: str, hint: str = "") -> dict[str, Any]:
    """The last word of a trial that failed."""
    message, hint = clean(message)[:_LONGEST], clean(hint)[:_LONGEST]
    return {"say": "failed", "where": where, "kind": kind, "message": message, "hint": hint}


class Talk:
    """What one trial says, by one thread at a time; when it is over it says nothing more."""

    def __init__(self, say: Say, number: int) -> None:
        self._say, self._number = say, number
        self._lock, self._over, self._process = threading.Lock(), False, os.getpid()

    def __call__(self, message: dict[str, Any]) -> dict[str, Any]:
        """The answer. Raises Over: it is asked too late, as by a thread that train left."""
        if os.getpid() != self._process:
            sys.stderr.write("a process that train forked cannot report or suggest\n")
            os._exit(1)
        with self._lock:
            if self._over:
                raise Over(f"trial {self._number} is over: it reports and suggests nothing more")
            return self._say(message)

    def end(self) -> None:
        """It is over, when the last answer is there."""
        with self._lock:
            self._over = True


class Trial:
    """What `build` and `train` are given: suggests values, in Optuna's words.

    Attributes:
        number: of the trial, from 0. params: what was suggested so far.
    """

    def __init__(self, say: Say, number: int) -> None:
        self._say, self.number = say, number
        self.params: dict[str, Any] = {}

    def suggest_float(
        self, name: str, low: float, high: float, *, step: float | None = None, log: bool = False
    ) -> float:
        """A number within low..high."""
        with _refusing():
            given = {"low": low, "high": high} | ({} if step is None else {"step": step})
            asked = {"step": None, **parameters.numbers(name, parameters.real, given)}
            return float(self._suggested("float", name, {**asked, "log": bool(log)}))

    def suggest_int(
        self, name: str, low: int, high: int, *, step: int = 1, log: bool = False
    ) -> int:
        """A whole number within low..high, both ends in it."""
        with _refusing():
            given = {"low": low, "high": high, "step": step}
            asked = parameters.numbers(name, parameters.whole, given)
            return int(self._suggested("int", name, {**asked, "log": bool(log)}))

    def suggest_categorical(self, name: str, choices: Sequence[Any]) -> Any:
        """One of these. What is no text, number or truth value is told by its name."""
        with _refusing():
            parameters.require_name(name)
            listed = categories.listed(name, choices)
            told = categories.told(name, listed)
            value = self._suggested("categorical", name, {"choices": told}, keep=False)
        self.params[name] = listed[told.index(value)]
        return self.params[name]

    def _suggested(self, sort: str, name: str, asked: dict[str, Any], keep: bool = True) -> Any:
        question = {"say": "suggest", "sort": sort, "name": name, **asked}
        if len(json.dumps(question)) >= MOST_BYTES:
            raise BadInput(
                f"the question for {name!r:.60} takes more than 1 MiB.", "Give short names."
            )
        reply = self._say(question)
        if "refused" in reply:
            raise Refused(reply["refused"])
        if keep:
            self.params[name] = reply["value"]
        return reply["value"]


@contextlib.contextmanager
def _refusing() -> Any:
    """What is no question ends the trial. Raises Ended."""
    try:
        yield
    except BadInput as error:
        raise Ended(failed("build", "error", str(error.args[0]), error.hint)) from None


def reporter(say: Say) -> Callable[[int, float], None]:
    """What `train` is given to tell its curve; it ends a training that is hopeless."""

    def report(step: int, score: float) -> None:
        at, value = _whole(step), _number(score)
        if not math.isfinite(value):
            raise Ended(failed("train", "diverged", f"train reported {value} at step {at}"))
        if say({"say": "report", "step": at, "score": value})["stop"]:
            raise Ended({"say": "pruned"})

    return report


def _number(score: Any) -> float:
    """A score as a number. Raises Ended: it is none."""
    with contextlib.suppress(TypeError, ValueError, RuntimeError):  # PyTorch's, of several values
        return float(score)
    what = f"train reported {_value(score)} as a score, which is no number"
    raise Ended(failed("train", "error", what))


def _whole(step: Any) -> int:
    """A step as a whole number from 0 on. Raises Ended: it is none."""
    with contextlib.suppress(TypeError, ValueError, RuntimeError, OverflowError):
        if int(step) == step and step >= 0:
            return int(step)
    what = f"train reported {_value(step)} as a step, which is no whole number from 0 on"
    raise Ended(failed("train", "error", what))


def _value(value: Any) -> str:
    return shown(None) if value is None else f"{value!r:.60}"
