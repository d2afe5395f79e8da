"""The user's functions, asked: our end of `user_process.py`, with limits on time and memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from edgeopt.devices.wire import Excess, Gone, Late, Wire
from edgeopt.domain.errors import BadInput, OwnFault
from edgeopt.jobs import interpreter, memory, scratch
from edgeopt.jobs.child import QUIET_ENVIRONMENT, describe_exit, last_words, size_of
from edgeopt.jobs.process import Process, kill_group
from edgeopt.report import format as fmt
from edgeopt.tuning.user_trial import MOST_BYTES

START_S = 600.0


@dataclass(frozen=True)
class Handed:
    """A function pickled by value, on its way to another machine. `name`: see `name_of`."""

    name: str
    content: bytes


Function = Callable[..., Any] | Handed | str | None


class Listener(Protocol):
    """What a trial asks while it runs."""

    def suggest(self, asked: dict[str, Any]) -> Any:
        """A value. Raises ValueError: there is none of that range."""
        ...

    def built(self, path: str) -> bool:
        """Whether it is trained. `path`: of the untrained model; "": it has no structure yet."""
        ...

    def report(self, step: int, score: float) -> bool:
        """Whether the training is stopped."""
        ...


@dataclass(frozen=True)
class Ending:
    """How a trial ended in the user's process.

    Attributes:
        say: "trained", "pruned", "left" (not trained) or "failed".
        user_s: seconds in the user's own functions.
    """

    say: str
    path: str = ""
    where: str = ""
    kind: str = ""
    message: str = ""
    hint: str = ""
    user_s: float = 0.0


def name_of(function: Function) -> str:
    """What a function is called in what is stored: "module:function"."""
    if function is None or isinstance(function, str):
        return function or ""
    if isinstance(function, Handed):
        return function.name
    called = getattr(function, "__qualname__", type(function).__name__)
    return f"{getattr(function, '__module__', '')}:{called}"


@dataclass
class UserSide:
    """See the module's head. A context manager: the process ends with it.

    Attributes:
        log: what the user's code prints.
        limit_s: of one trial's time in the user's functions.
        places: folders of modules, beside those that are looked through here.
    """

    build: Function
    train: Function
    log: Path
    limit_s: float
    places: tuple[str, ...] = ()
    _process: Process | None = None
    _wire: Wire | None = None
    _bound: memory.Bound = field(default_factory=memory.Bound)

    def __enter__(self) -> UserSide:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            kill_group(self._process)
        self._process = self._wire = None

    def start(self) -> None:
        """Start the process, and import the functions there.

        Raises:
            BadInput: they cannot be imported, or handed over.
        """
        if self._process is not None and self._process.poll() is None:
            return
        with scratch.folder("edgeopt-user-") as folder:
            self._bound = memory.Bound()
            begin = {
                "places": [place for place in (*sys.path, *self.places) if place],
                "build": _reference(self.build, Path(folder) / "build.pickle"),
                "train": _reference(self.train, Path(folder) / "train.pickle"),
            }
            self._process = Process(
                interpreter.command("-m", "edgeopt.tuning.user_process", str(os.getpid())),
                self.log,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env={**interpreter.environment(), **QUIET_ENVIRONMENT, **scratch.environment()},
            )
            self._bound.hold(self._process.pid)
            self._wire = Wire(self._process)
            start = size_of(self.log)
            try:
                self._write(begin, START_S)
                reply = self._read(START_S)
            except (Gone, Late):
                raise BadInput(f"the functions cannot be loaded: {self._died(start)}") from None
        if reply["say"] != "ready":
            self.close()
            raise BadInput(reply["message"], reply["hint"])

    def trial(
        self, number: int, seed: int, folder: Path, example: str, listener: Listener
    ) -> Ending:
        """Run one trial.

        Args:
            folder: for its models. example: an .npz with one sample of each array; "": none.

        Raises:
            BadInput: the functions cannot be loaded. OwnFault: edgeopt made a mistake there.
        """
        self.start()
        asked = {"number": number, "seed": seed, "folder": str(folder), "example": example}
        start, spent = size_of(self.log), 0.0
        message: dict[str, Any] = asked
        try:
            while True:
                began = time.monotonic()
                self._write(message, self.limit_s)
                said = self._read(max(0.0, self.limit_s - spent))
                spent += time.monotonic() - began
                if said["say"] in ("suggest", "built", "report"):
                    message = _answer(said, listener)
                    continue
                if said["say"] == "own":
                    raise OwnFault.at(said["message"], said["place"])
                return Ending(**{**self._of_memory(said), "user_s": round(spent, 3)})
        except Late:
            self.close()
            why = f"build and train took longer than {fmt.duration(self.limit_s)}"
            return Ending("failed", where="train", kind="timeout", message=why, user_s=spent)
        except Excess:
            self.close()
            why = "the process of build and train said more than 1 MiB at once"
            return Ending("failed", where="train", kind="died", message=why, user_s=spent)
        except Gone:
            why = f"the process of build and train ended: {self._died(start)}"
            return Ending("failed", where="train", kind="died", message=why, user_s=spent)

    def _of_memory(self, said: dict[str, Any]) -> dict[str, Any]:
        """The last word, with the limit where it failed for want of memory."""
        wanted = self._bound.told(said["message"]) if said["say"] == "failed" else ""
        if not wanted:
            return said
        hint = said["hint"] or memory.HINT
        return {**said, "message": f"{wanted}: {said['message']}", "hint": hint}

    def _died(self, start: int) -> str:
        assert self._process is not None
        try:
            code = self._process.wait(5)
        except subprocess.TimeoutExpired:
            code = 0
        said = describe_exit(code, spared=self._bound.spared) + last_words(self.log, start)
        wanted = self._bound.told(said, code)
        self.close()
        return f"{wanted}: {said}" if wanted else said

    def _write(self, message: dict[str, Any], seconds: float) -> None:
        assert self._wire is not None
        self._wire.write((json.dumps(message) + "\n").encode(), self._wire.due(seconds))

    def _read(self, seconds: float) -> dict[str, Any]:
        assert self._wire is not None
        line = self._wire.line(MOST_BYTES, self._wire.due(seconds))
        found: dict[str, Any] = json.loads(line)
        return found


def _answer(said: dict[str, Any], listener: Listener) -> dict[str, Any]:
    if said["say"] == "built":
        return {"go": listener.built(said["path"])}
    if said["say"] == "report":
        return {"stop": listener.report(said["step"], said["score"])}
    try:
        return {"value": listener.suggest(said)}
    except ValueError as error:
        return {"refused": str(error)}


def _reference(function: Function, place: Path) -> dict[str, str]:
    """How the process finds a function: by its name, or pickled by value.

    Raises:
        BadInput: it cannot be handed over.
    """
    if function is None or isinstance(function, str):
        return {"name": function or ""}
    if isinstance(function, Handed):
        place.write_bytes(function.content)
        return {"pickle": str(place)}
    try:
        import cloudpickle
    except ImportError:  # older versions of joblib carry it
        from joblib.externals import cloudpickle
    try:
        place.write_bytes(cloudpickle.dumps(function))
    except Exception as error:
        raise BadInput(
            f"{name_of(function)} cannot be handed to another process: {error}",
            "What it holds on to must be picklable: open files and devices inside of it.",
        ) from error
    return {"pickle": str(place)}


def handed(function: Function, place: Path) -> Handed | str | None:
    """A function as it can be sent to another machine; `place`: a file that it may write.

    Raises:
        BadInput: it cannot be handed over.
    """
    if function is None or isinstance(function, str | Handed):
        return function
    _reference(function, place)
    return Handed(name_of(function), place.read_bytes())
