"""What is given in place of a model, and what to do: words of a refusal."""

from __future__ import annotations

import inspect
import os
from collections.abc import Mapping
from typing import Any

from edgeopt.sources.descent import descends_from, is_model

KINDS = (
    "A model is a torch.nn.Module, a Keras model, a scikit-learn estimator, or the pathlib.Path "
    "of a model file."
)
PATHS = "A file is returned as a path: return pathlib.Path(...)."
PAIR = "A module with its example is a tuple of two: (model, example_inputs), or (model, (a, b))."
STATE = "Make the module, and load them into it: module.load_state_dict(...)."
_PLAIN = (str, bytes, bool, int, float, complex)


def shown(value: Any) -> str:
    """A value in words that fit a sentence: "nothing", "3", "a list", "the class Net"."""
    if value is None:
        return "nothing"
    if isinstance(value, _PLAIN):
        return f"{value!r:.60}"
    if isinstance(value, type):
        return f"the class {value.__name__}"
    if inspect.isroutine(value):
        return f"the function {getattr(value, '__name__', '')}".strip()
    name = type(value).__name__
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"


def is_unrun(value: Any) -> bool:
    """Whether it is what an async function or one with a `yield` returns: nothing has run."""
    return inspect.iscoroutine(value) or inspect.isasyncgen(value) or inspect.isgenerator(value)


def unrun(value: Any) -> str:
    """Why nothing of a function ran that returned this: "is an async function"."""
    return "has a yield" if inspect.isgenerator(value) else "is an async function"


def is_file(value: Any) -> bool:
    """Whether it is text, and of a file or folder that is there."""
    return isinstance(value, str) and os.path.exists(value)


def hint(value: Any) -> str:
    """What to do where this was given, or returned, as a model."""
    if is_file(value):
        return PATHS
    if is_unrun(value):
        return "Give a plain function: no async, no yield."
    if isinstance(value, type):
        return f"Make one of it: {value.__name__}(...)."
    if inspect.isroutine(value):
        return f"Call it, and give what it returns. {KINDS}"
    if isinstance(value, (list, tuple)) and any(is_model(one) for one in value):
        return PAIR
    if isinstance(value, Mapping) and any(
        descends_from(one, "torch", "Tensor") for one in value.values()
    ):
        return STATE
    return KINDS
