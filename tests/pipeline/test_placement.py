"""Whose processor the forms of a target are made for."""

import pytest

from edgeopt.devices.local import Local
from edgeopt.pipeline import placement as module
from edgeopt.pipeline.placement import Placement, space_of
from tests.search.test_space import profile, rule, source

INTEGERS = profile(rule("onnxruntime", "int8-static"))
BOARD = {"features": ["asimd", "asimddp"], "cores": 4}
OLD, NEW = ["avx2", "ssse3"], ["avx2", "ssse3", "avx512_vnni"]


@pytest.fixture
def here(monkeypatch):
    """here(flags): what this machine's processor is said to be."""
    return lambda flags: monkeypatch.setattr(module.sensors, "features", lambda: flags)


def fix(placed):
    [recipe] = space_of(placed, source()).recipes
    return recipe.quantization.overflow_fix


@pytest.mark.parametrize(("flags", "expected"), [(OLD, "all"), (NEW, False)])
def test_a_board_that_is_not_at_hand_is_answered_for_here(here, flags, expected):
    here(flags)
    assert fix(Placement(INTEGERS, None, None)) == expected


def test_a_board_at_hand_answers_by_itself(here):
    here(OLD)
    assert fix(Placement(INTEGERS, Local(), BOARD)) is False
    assert fix(Placement(INTEGERS, Local(), BOARD, answered_here=True)) == "all"


def test_machines_that_judge_alike_make_the_same(here):
    here(OLD)
    told = Placement(INTEGERS, Local(), BOARD, answered_here=True, answering=tuple(NEW))
    assert fix(told) is False
