"""The lies of `benchmarks.devices.lies`, as parameters of tests."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from _pytest.mark import ParameterSet

from benchmarks.devices.lies import Lie


def one_of_each_request(lies: Iterable[Lie]) -> list[ParameterSet]:
    """All of them; those after the first of a request are slow: each takes two processes."""
    begun, found = set(), []
    for lie in lies:
        marks = (pytest.mark.slow,) if lie.at in begun else ()
        begun.add(lie.at)
        found.append(pytest.param(lie, id=lie.name, marks=marks))
    return found
