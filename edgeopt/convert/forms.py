"""The forms of one source in one runtime that differ in which operators are in integers."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from edgeopt.domain.layers import Operator


@dataclass(frozen=True)
class Forms:
    """A source that is calibrated, and can be written with any operators in float.

    Attributes:
        operators: of the fp32 form, in order of execution.
        float_path: the fp32 form that a session of the runtime opens.
        permutes: layouts that the fp32 form is known to have changed (see `bindings.bind`).
        write: (numbers of operators that stay in float, where to) -> None.
    """

    operators: tuple[Operator, ...]
    float_path: Path
    permutes: dict[str, tuple[int, ...]]
    write: Callable[[Collection[int], Path], None]
