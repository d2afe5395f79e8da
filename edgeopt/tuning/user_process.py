"""A process in which the user's `build` and `train` run: `python -m edgeopt.tuning.user_process`.

It talks with `user_side.py` by lines of JSON (`channel.py`); what the user's code prints goes
to the log. It lives on over trials: what the user's module loads is loaded once.
"""

from __future__ import annotations

import os
import random
import shutil
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgeopt.domain.errors import BadInput
from edgeopt.jobs import child, interpreter
from edgeopt.runtimes.origin import PACKAGE
from edgeopt.sources import descent, given, module, no_model
from edgeopt.tuning import left_by_train
from edgeopt.tuning.calling import called, own_fault
from edgeopt.tuning.channel import Channel
from edgeopt.tuning.user_trial import Ended, Refused, Say, Talk, Trial, clean, failed, reporter


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
            return str(shutil.copytree(model, folder / clean(model.name), dirs_exist_ok=True))
        return str(shutil.copy(model, folder / clean(model.name)))
    if example is None and descent.is_module(model):
        example = module.example_of(model, samples)
    return str(given.as_path(model, example, folder))


def _pair(built: Any) -> tuple[Any, Any]:
    return built if isinstance(built, tuple) and len(built) == 2 else (built, None)


def run_trial(say: Say, user: dict[str, Any], asked: dict[str, Any]) -> dict[str, Any]:
    """One trial; what is said last of it."""
    talk = Talk(say, asked["number"])
    at = _Place()
    try:
        return _done(talk, user, asked, at)
    except Ended as ended:
        return {**ended.told, **({"where": at.step} if "where" in ended.told else {})}
    except SystemExit as error:
        return failed(at.step, "error", f"{at.step} called {_exit(error)}{_line(error)}")
    except Exception as error:
        traceback.print_exc()
        return _told(error, at.step)
    finally:
        talk.end()


@dataclass
class _Place:
    """How far a trial is: in "build" or "train"."""

    step: str = "build"


def _done(talk: Talk, user: dict[str, Any], asked: dict[str, Any], at: _Place) -> dict[str, Any]:
    """See `run_trial`. Raises whatever the user's functions raise, Ended, and BadInput."""
    folder, train = Path(asked["folder"]), user["train"]
    seed_all(asked["seed"])
    trial, samples = Trial(talk, asked["number"]), _samples(asked["example"])
    built = called(user["build"], trial)
    model, example = _pair(built)
    if not given.is_model(model):
        return _no_model(built if model is not None else None)
    untrained = ""
    if not given.is_unfitted(model):
        untrained = written(model, example, folder / "untrained", samples)
    if not talk({"say": "built", "path": untrained})["go"]:
        return {"say": "left"}
    at.step = "train"
    returned = called(train, model, trial, reporter(talk)) if train else None
    trained = left_by_train.network(returned, model)
    if given.never_fitted(trained):
        who = "train did not fit" if train else "there is no train, and build did not fit"
        what = f"{who} the {type(trained).__name__}"
        return failed("train", "error", what, "Call its fit, and return the estimator.")
    return {"say": "trained", "path": written(trained, example, folder / "trained", samples)}


def _no_model(built: Any) -> dict[str, Any]:
    if no_model.is_unrun(built):
        what = f"build {no_model.unrun(built)}: nothing of it ran"
    else:
        what = f"build returns {no_model.shown(built)}, and no model"
    return failed("build", "no-model", what, no_model.hint(built))


def _exit(error: SystemExit) -> str:
    return f"sys.exit({'' if error.code is None else f'{error.code!r:.200}'})"


def _told(error: Exception, where: str) -> dict[str, Any]:
    """An error as the user's, unless it is edgeopt's own."""
    if isinstance(error, BadInput):
        return failed(where, "not-exported", str(error.args[0]), error.hint)
    if not isinstance(error, Refused) and (place := own_fault(error)):
        return {"say": "own", "message": clean(_first_line(error)), "place": place}
    return failed(where, "error", f"{where} failed: {_first_line(error)}{_line(error)}")


def _first_line(error: BaseException) -> str:
    """See `child.first_line`; an exception of the user's may not even be shown."""
    try:
        return child.first_line(error)
    except Exception:
        return type(error).__name__


def _line(error: BaseException) -> str:
    """Where in the user's code it arose."""
    frames = traceback.extract_tb(error.__traceback__)
    mine = [f for f in frames if "site-packages" not in f.filename and _is_foreign(f.filename)]
    return f" ({Path(mine[-1].filename).name}:{mine[-1].lineno})" if mine else ""


def _is_foreign(file: str) -> bool:
    return PACKAGE not in Path(file).parents


def _samples(path: str) -> dict[str, Any]:
    if not path:
        return {}
    import numpy as np

    with np.load(path) as stored:
        return {name: stored[name] for name in stored.files}


def _loaded(begin: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The user's functions, and what is said of them."""
    sys.path.extend(place for place in begin["places"] if place not in sys.path)
    sys.path[:0] = interpreter.own_places()
    try:
        user = {name: called(function, begin[name]) for name in ("build", "train")}
    except SystemExit as error:
        return {}, failed("import", "error", f"importing them called {_exit(error)}")
    except Exception as error:
        traceback.print_exc()
        hint = error.hint if isinstance(error, BadInput) else ""
        words = error.args[0] if isinstance(error, BadInput) else _first_line(error)
        return {}, failed("import", "error", str(words), hint)
    return user, {"say": "ready"}


def main() -> None:
    """Answer until edgeopt closes the channel."""
    child.die_with_parent(int(sys.argv[1]))
    channel = Channel()
    asked = channel.asked()
    user, said = _loaded(next(asked))
    channel.tell(said)
    if not user:
        return
    for trial in asked:
        channel.tell(run_trial(channel.say, user, trial))
        sys.stdout.flush()
        sys.stderr.flush()


if __name__ == "__main__":
    main()
    os._exit(0)
