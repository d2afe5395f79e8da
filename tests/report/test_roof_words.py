"""How near a candidate comes to what its device can do, in words."""

from __future__ import annotations

from typing import get_args

import pytest
from msgspec.structs import replace

from edgeopt.domain.finding import Finding
from edgeopt.domain.nearness import LayerNearness, Nearness, NoShare, WholeNearness
from edgeopt.domain.roof import Roof
from edgeopt.report import roof_table, roof_words
from edgeopt.report.shown import Console

WHOLE = WholeNearness(
    arithmetic="int8", threads=2, multiply_adds=385_000_000, ms=2.0, peak_per_s=5.1e11,
    peak_runtime="openvino", share=0.38,
)  # fmt: skip


def layer(kind, ms, bound):
    return LayerNearness(layer="a", kind=kind, arithmetic="int8", ms=ms, bound=bound, share=0.5)


def test_the_sentence_of_the_issue():
    layers = [layer("depthwise convolution", 0.4, "memory")] * 3
    layers.append(layer("convolution", 0.5, "compute"))
    near = Nearness(recipe_id="x", whole=WHOLE, layers=tuple(layers), total_ms=2.0)
    assert roof_words.sentence("litert int8-static", near) == (
        "litert int8-static runs at 38 % of what this machine does at most in int8 with 2 threads. "
        "60 % of its time is in 3 depthwise convolutions that are bound by memory."
    )


@pytest.mark.parametrize("why", get_args(NoShare))
def test_every_reason_has_its_words(why):
    told = replace(WHOLE, share=None, why=why)
    assert roof_words.NO_SHARE[why] in roof_words.whole(told)
    assert "%" not in roof_words.line(told)


def test_a_roof_that_was_not_measured_names_the_command():
    assert "`edgeopt roof`" in roof_words.line(replace(WHOLE, share=None, why="no-roof"))
    assert roof_words.line(None) == ""


def test_a_first_look_tells_a_share_in_one_line_and_nothing_else():
    short = roof_words.brief(WHOLE)
    assert short == "It runs at 38 % of what this machine does at most in int8 with 2 threads."
    assert roof_words.brief(replace(WHOLE, share=None, why="no-roof")) == ""
    assert roof_words.brief(None) == ""


@pytest.mark.parametrize(
    ("value", "text"), [(640, "640"), (3.85e8, "385 million"), (5.441e10, "54.4 billion")]
)
def test_large_numbers(value, text):
    assert roof_words.number(value) == text


def found_when(*checks):
    findings = tuple(Finding(check=c, state="warning", found="90 % busy") for c in checks)
    return Roof(
        device="pi5", machine={}, threads=4, asked={}, measured="2026-01-01", findings=findings
    )


@pytest.mark.parametrize(
    ("checks", "doubted"),
    [(("load",), 1), (("steal", "governor"), 1), (("enclosure",), 0), ((), 0)],
)
def test_a_busy_machine_s_roof_is_doubted_where_shares_are_told(checks, doubted):
    said = roof_words.doubts([found_when(*checks)])
    assert len(said) == doubted
    assert all("4 threads" in one and "--again" in one for one in said)


def test_a_busy_machine_is_told_below_its_roof(capsys):
    Console(width=80).print(roof_table.render(found_when("load")))
    assert "warning: load: 90 % busy" in capsys.readouterr().out
