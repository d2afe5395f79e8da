"""Progress in a plain log: a line for each new thing, and now and then for one that repeats."""

import io

import pytest

from edgeopt.domain.progress import Doing
from edgeopt.report.progress import BARS, Progress, fitting


def told(*things):
    stream = io.StringIO()
    with Progress(stream) as progress:
        for thing in things:
            progress(thing)
    return [line.split(" s  ", 1)[1] for line in stream.getvalue().splitlines()]


def test_a_task_that_repeats_has_a_line_now_and_then():
    first, second = (
        Doing("measuring (screen)", f"round {number}", repeats=True) for number in (1, 2)
    )
    other = Doing("measuring (final)", "round 1", repeats=True)
    assert told(first, second, other) == [
        "measuring (screen): round 1",
        "measuring (final): round 1",
    ]


def test_it_is_the_value_that_says_so_and_not_its_words():
    words = [f"measuring (screen): round {number}" for number in (1, 2)]
    assert told(*words, *words) == words
    assert told(Doing("litert", "fp32"), Doing("litert", "fp16")) == [
        "litert: fp32",
        "litert: fp16",
    ]


def test_where_it_is_done_stands_beside_the_task():
    doing = Doing("measuring (screen)", "litert fp32: round 1", repeats=True).at(" on board")
    assert doing == "measuring (screen) on board: litert fp32: round 1"
    assert (doing.task, doing.repeats) == ("measuring (screen) on board", True)
    assert Doing("confirming litert fp32").at(" on board") == "confirming litert fp32 on board"


@pytest.mark.parametrize("width", [60, 80, 120])
def test_the_time_left_is_never_cut(width):
    left = "about 3 min 04 s left"
    what = "this-machine: onnxruntime int8-dynamic (onnxruntime, per-channel) threads=1" * 2
    shown = fitting(what, left, width)
    assert shown.endswith("…")
    assert what.startswith(shown[:-1])
    beside = len(f"- {'-' * BARS[width >= 100]} 0:00:12 {left} ")
    assert len(shown) + beside <= width
    assert fitting("reading", left, width) == "reading"
