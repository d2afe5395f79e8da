"""A question of `build` or `train`, `trial.suggest_*`, as it travels between processes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Protocol

_ASKED = ("sort", "name", "choices", "low", "high", "step", "log")


class Suggesting(Protocol):
    """A trial as it is asked: Optuna's, or one that is asked from afar."""

    @property
    def number(self) -> int: ...
    @property
    def params(self) -> dict[str, Any]: ...
    def suggest_categorical(self, name: str, choices: Any) -> Any: ...
    def suggest_int(
        self, name: str, low: int, high: int, *, step: int = 1, log: bool = False
    ) -> int: ...
    def suggest_float(
        self, name: str, low: float, high: float, *, step: float | None = None, log: bool = False
    ) -> float: ...


def worded(asked: Mapping[str, Any]) -> str:
    """A question as text, without who asks: of two that are the same the same text.

    As text 1, 1.0 and true differ, and a list is a tuple, which a message may bring instead.
    """
    return json.dumps({key: asked[key] for key in _ASKED if key in asked})


def put(trial: Suggesting, asked: Mapping[str, Any]) -> Any:
    """Ask a trial; its answer. Raises ValueError: there is none of that range."""
    name, sort = asked["name"], asked["sort"]
    if sort == "categorical":
        return trial.suggest_categorical(name, list(asked["choices"]))
    ask = trial.suggest_int if sort == "int" else trial.suggest_float
    try:
        return ask(name, asked["low"], asked["high"], step=asked["step"], log=asked["log"])
    except OverflowError as error:  # NumPy's, of ranges that its integers or floats do not hold
        raise ValueError(f"the range of {name!r:.60} is too wide: {error}") from error
