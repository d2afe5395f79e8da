"""Profiles in turns: what the runner tells, and what is made of it."""

from __future__ import annotations

import pytest

from edgeopt.harness.client import RunnerFailed
from edgeopt.harness.profiling import summed
from edgeopt.harness.replies import Operator, ProfileAccount


def turn(total, conv, add, plain=None, names=("conv", "add")):
    about = {
        "type": "T", "precision": "fp32", "output": "fp32", "detail": "", "layers": ["l"],
        "fallback": False,
    }  # fmt: skip
    return ProfileAccount(
        how="by hand",
        total_ns=total,
        plain_ns=plain or total,
        operators=[
            Operator(name=name, **about, t_ns=t) for name, t in zip(names, (conv, add), strict=True)
        ],
    )


def test_every_operator_is_averaged_over_the_same_runs_so_that_they_add_up():
    # one run was disturbed in `conv`, one in `add`: neither is counted, in any figure
    found = summed(
        "x",
        [
            turn([100, 900, 110, 104], [60, 860, 66, 62], [40, 40, 44, 42]),
            turn([90, 102, 800, 106], [50, 61, 62, 64], [40, 41, 738, 42]),
        ],
    )
    assert found.runs == 8
    assert found.total_ns == pytest.approx((110 + 104 + 102 + 106) / 4)
    conv, add = found.operators
    assert conv.ns == pytest.approx((66 + 62 + 61 + 64) / 4)
    assert conv.ns + add.ns == pytest.approx(found.total_ns)
    assert found.outside_ns == 0
    assert conv.layers == ("l",)


def test_sessions_that_ran_different_operators_are_no_profile():
    with pytest.raises(RunnerFailed, match="other operators"):
        summed("x", [turn([1], [1], [0]), turn([1], [1], [0], names=("conv", "mul"))])
