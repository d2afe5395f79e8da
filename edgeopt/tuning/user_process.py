"""A process in which the user's `build` and `train` run: `python -m edgeopt.tuning.user_process`.

It talks with `user_side.py` by lines of JSON on stdin and stdout; what the user's code prints goes
to the log. It lives on over trials: what the user's module loads is loaded once.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import random
import shutil
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from edgeopt.domain.errors import BadInput
from edgeopt.jobs import child, interpreter
from edgeopt.runtimes.origin import own_place
from edgeopt.sources import given, module
from edgeopt.tuning import categories
from edgeopt.tuning.categories import PLAIN

Say = Callable[[dict[str, Any]], dict[str, Any]]
PATHS = "A file is returned as a path: return pathlib.Path(...)."


class Ended(BaseException):
    """Unwinds the user's function: a training that is stopped, or a trial that is over."""

    def __init__(self, told: dict[str, Any]) -> None:
        super().__init__()
        self.told = told


class Refused(ValueError):
    """A range that nothing can be drawn from."""


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
        asked = {"low": low, "high": high, "step": step, "log": log}
        return float(self._suggested("float", name, asked))

    def suggest_int(
        self, name: str, low: int, high: int, *, step: int = 1, log: bool = False
    ) -> int:
        """A whole number within low..high, both ends in it."""
        asked = {"low": low, "high": high, "step": step, "log": log}
        return int(self._suggested("int", name, asked))

    def suggest_categorical(self, name: str, choices: Sequence[Any]) -> Any:
        """One of these. What is no text, number or truth value is told by its name."""
        told, unclear = categories.told(name, choices)
        if unclear:
            raise Ended(_failed("build", "error", unclear, categories.HINT))
        value = self._suggested("categorical", name, {"choices": told}, keep=False)
        self.params[name] = choices[told.index(value)]
        return self.params[name]

    def _suggested(self, sort: str, name: str, asked: dict[str, Any], keep: bool = True) -> Any:
        reply = self._say({"say": "suggest", "sort": sort, "name": name, **asked})
        if "refused" in reply:
            raise Refused(reply["refused"])
        if keep:
            self.params[name] = reply["value"]
        return reply["value"]


def _number(score: Any) -> float:
    """A score as a number. Raises Ended: it is none."""
    with contextlib.suppress(TypeError, ValueError, RuntimeError):  # PyTorch's, of several values
        return float(score)
    what = f"train reported {_shown(score)} as a score, which is no number"
    raise Ended(_failed("train", "error", what))


def _whole(step: Any) -> int:
    """A step as a whole number from 0 on. Raises Ended: it is none."""
    with contextlib.suppress(TypeError, ValueError, RuntimeError, OverflowError):
        if int(step) == step and step >= 0:
            return int(step)
    what = f"train reported {_shown(step)} as a step, which is no whole number from 0 on"
    raise Ended(_failed("train", "error", what))


def reporter(say: Say) -> Callable[[int, float], None]:
    """What `train` is given to tell its curve; it ends a training that is hopeless."""

    def report(step: int, score: float) -> None:
        at, value = _whole(step), _number(score)
        if not math.isfinite(value):
            raise Ended(_failed("train", "diverged", f"train reported {value} at step {at}"))
        if say({"say": "report", "step": at, "score": value})["stop"]:
            raise Ended({"say": "pruned"})

    return report


def function(reference: dict[str, str]) -> Callable[..., Any] | None:
    """A function of the user's, by its name or as it was handed over.

    Raises:
        BadInput: there is no such function, or its module cannot be imported.
    """
    if "pickle" in reference:
        import pickle

        with Path(reference["pickle"]).open("rb") as file:
            found: Callable[..., Any] = pickle.load(file)  # noqa: S301 (written by the parent)
        return found
    if not reference.get("name"):
        return None
    from edgeopt.datasets.function import resolve

    return resolve(reference["name"])


def seed_all(seed: int) -> None:
    """The generators that a training draws from, as far as they are loaded."""
    random.seed(seed)
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed(seed % 2**32)
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(seed)
    if "keras" in sys.modules:
        sys.modules["keras"].utils.set_random_seed(seed % 2**32)


def written(model: Any, example: Any, folder: Path, samples: dict[str, Any]) -> str:
    """The model as a file in `folder`.

    Raises:
        BadInput: it is no model, or cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if isinstance(model, Path):  # of a framework that writes its files itself
        if model.is_dir():
            return str(shutil.copytree(model, folder / model.name, dirs_exist_ok=True))
        return str(shutil.copy(model, folder / model.name))
    if example is None and hasattr(model, "forward"):
        example = module.example_of(model, samples)
    return str(given.as_path(model, example, folder))


def _pair(built: Any) -> tuple[Any, Any]:
    return built if isinstance(built, tuple) and len(built) == 2 else (built, None)


def is_unfitted(model: Any) -> bool:
    """Whether it is an estimator that has no structure yet: one batch of `partial_fit` gives it."""
    if not (hasattr(model, "get_params") and hasattr(model, "set_params")):
        return False
    from sklearn.exceptions import NotFittedError
    from sklearn.utils.validation import check_is_fitted

    try:
        check_is_fitted(model)
    except NotFittedError:
        return True
    return False


def run_trial(say: Say, user: dict[str, Any], asked: dict[str, Any]) -> dict[str, Any]:
    """One trial; what is said last of it."""
    where, folder = "build", Path(asked["folder"])
    build, train = user["build"], user["train"]  # by name: who calls them wrongly can be told
    try:
        seed_all(asked["seed"])
        trial, samples = Trial(say, asked["number"]), _samples(asked["example"])
        model, example = _pair(build(trial))
        if model is None or isinstance(model, PLAIN):
            hint = PATHS if isinstance(model, str) and Path(model).exists() else ""
            return _failed(
                "build", "no-model", f"build returns {_shown(model)}, and no model", hint
            )
        untrained = ""
        if not is_unfitted(model):
            untrained = written(model, example, folder / "untrained", samples)
        if not say({"say": "built", "path": untrained})["go"]:
            return {"say": "left"}
        where = "train"
        returned = train(model, trial, reporter(say)) if train else None
        trained = returned if _is_model(returned) else model
        where = "trained"
        return {"say": "trained", "path": written(trained, example, folder / "trained", samples)}
    except Ended as ended:
        return ended.told
    except Exception as error:
        traceback.print_exc()
        return _told(error, where)


def _is_model(value: Any) -> bool:
    if isinstance(value, Path):
        return True
    return not isinstance(value, PLAIN) and hasattr(value, "__dict__")


def _shown(value: Any) -> str:
    return "nothing" if value is None else f"{value!r:.60}"


def _failed(where: str, kind: str, message: str, hint: str = "") -> dict[str, Any]:
    return {"say": "failed", "where": where, "kind": kind, "message": message, "hint": hint}


def _told(error: Exception, where: str) -> dict[str, Any]:
    """An error as the user's, unless it is edgeopt's own."""
    if isinstance(error, BadInput):
        return _failed(where, "not-exported", str(error.args[0]), error.hint)
    if not isinstance(error, Refused) and (place := own_place(error)):
        return {"say": "own", "message": child.first_line(error), "place": place}
    step = "train" if where == "trained" else where
    message = f"{step} failed: {child.first_line(error)}{_line(error)}"
    return _failed(step, "error", message)


def _line(error: Exception) -> str:
    """Where in the user's code it arose."""
    frames = traceback.extract_tb(error.__traceback__)
    mine = [f for f in frames if "site-packages" not in f.filename and "edgeopt" not in f.filename]
    return f" ({Path(mine[-1].filename).name}:{mine[-1].lineno})" if mine else ""


def _samples(path: str) -> dict[str, Any]:
    if not path:
        return {}
    import numpy as np

    with np.load(path) as stored:
        return {name: stored[name] for name in stored.files}


def main() -> None:
    """Answer until stdin ends."""
    child.die_with_parent(int(sys.argv[1]))
    protocol = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def tell(message: dict[str, Any]) -> None:
        protocol.write(json.dumps(message) + "\n")
        protocol.flush()

    def say(message: dict[str, Any]) -> dict[str, Any]:
        tell(message)
        line = sys.stdin.readline()
        if not line:
            os._exit(0)
        reply: dict[str, Any] = json.loads(line)
        return reply

    begin = json.loads(sys.stdin.readline())
    sys.path.extend(place for place in begin["places"] if place not in sys.path)
    sys.path[:0] = interpreter.own_places()
    try:
        user = {name: function(begin[name]) for name in ("build", "train")}
    except Exception as error:
        traceback.print_exc()
        hint = error.hint if isinstance(error, BadInput) else ""
        words = error.args[0] if isinstance(error, BadInput) else child.first_line(error)
        tell(_failed("import", "error", str(words), hint))
        return
    tell({"say": "ready"})
    for line in sys.stdin:
        tell(run_trial(say, user, json.loads(line)))
        sys.stdout.flush()
        sys.stderr.flush()


if __name__ == "__main__":
    main()
    os._exit(0)
