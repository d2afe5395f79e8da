"""What a call of `edgeopt.optimize` says by the command line's names, for the run's call.toml."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from edgeopt.domain.open_axis import OpenAsked
from edgeopt.domain.space_asked import SpaceAsked

#: Arguments whose options are called otherwise; of the others "_" becomes "-".
_NAMES = {
    "max_size_bytes": "max-size",
    "max_latency_ms": "max-latency",
    "max_p90_ms": "max-p90",
    "max_memory_bytes": "max-memory",
    "max_energy_mj": "max-energy",
    "aim": "for",
    "runtimes": "runtime",
    "precisions": "precision",
    "without": "not",
    "step_timeout_s": "step-timeout",
    "preprocessing": "preprocess",
    "shapes": "shape",
}
_NOT_SAID = {"progress", "example_inputs"}


def _shapes(shapes: Mapping[str, Any]) -> list[str]:
    return [f"{name}={'x'.join(str(dim) for dim in shape)}" for name, shape in shapes.items()]


def _axis(asked: OpenAsked) -> str:
    return f"{asked.input}:{asked.axis}={','.join(map(str, asked.sizes))}"


#: Arguments that are several options, or other values than those.
_OTHERWISE: dict[str, Callable[[Any], dict[str, Any]]] = {
    "pictures": lambda drawn: {} if drawn else {"no-pictures": True},
    "budget": lambda name: {} if name == "standard" else {str(name): True},
    "shapes": lambda shapes: {"shape": _shapes(shapes)},
    "open_axis": lambda axis: {"open-axis": _axis(axis)},
    "compression": lambda asked: (
        dict.fromkeys(asked, True) if isinstance(asked, list | tuple) else {"compression": asked}
    ),
}


def said(arguments: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """Values by the keys of a call's file; those that no file holds as they are.

    Args:
        arguments: of `optimize`, by their names. defaults: what says nothing.
    """
    found: dict[str, Any] = {}
    for name, value in arguments.items():
        if name in _NOT_SAID or (name in defaults and value is defaults[name]):
            continue
        if name in _OTHERWISE:
            found |= _OTHERWISE[name](value)
        else:
            found[_NAMES.get(name, name.replace("_", "-"))] = _as_typed(value)
    return found


def _as_typed(value: Any) -> Any:
    if isinstance(value, Path):
        return str(value)
    return list(value) if isinstance(value, tuple) else value


def space(
    runtimes: str | Any, precisions: str | Any, without: str | Any, threads: int | Any
) -> SpaceAsked | None:
    """What is left of the space; None where nothing is said."""
    asked = SpaceAsked(
        runtimes=_names(runtimes),
        precisions=_names(precisions),
        without=_names(without),
        threads=tuple(sorted({threads} if isinstance(threads, int) else set(threads))),
    )
    return None if asked == SpaceAsked() else asked


def _names(given: str | Any) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(sorted(set(given)))
