"""What the chosen one is said to be the first of, and what is said to be faster."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from edgeopt.report.answer import answer
from edgeopt.report.reasons import reasons
from tests.report.sample import INTEL, PI, drop, latency, sample_run

RUNTIME, PRECISION = "onnxruntime", "int8-static"


def aimed(aim, **changes):
    """The sample with another aim, and one other candidate changed."""
    run = sample_run()
    records = tuple(
        replace(r, **changes) if (r.runtime, r.precision) == (RUNTIME, PRECISION) else r
        for r in run.records
    )
    choice = replace(run.choices[0], held="held")
    request = replace(run.request, aim=aim)
    return replace(run, records=records, request=request, choices=(choice, *run.choices[1:]))


def why(run):
    choice = run.choices[0]
    return reasons(run, choice, run.record(INTEL, choice.recipe_id))


@pytest.mark.parametrize(
    ("others", "lost", "said"),
    [
        (6_000_000, 0.0, "the smallest"),
        (5_000_000, 0.9, "the smallest that keeps the limits"),
        (5_300_000, 0.0, "within 2 % of the smallest"),
    ],
)
def test_of_what_it_is_the_smallest(others, lost, said):
    run = aimed("size")
    chosen = run.choices[0].recipe_id
    records = tuple(
        replace(r, size_bytes=others, drop=drop(lost, 0.0))
        if r.status == "ok" and r.recipe_id != chosen and r.precision != "int8-static"
        else r
        for r in run.records
    )
    records = tuple(r for r in records if r.runtime != "onnxruntime" or r.precision == "fp32")
    assert f"openvino int8-static ({said})," in answer(replace(run, records=records), INTEL)


def test_where_something_smaller_may_lose_too_much_it_is_not_the_smallest():
    run = aimed("size")
    records = tuple(
        replace(r, drop=replace(r.drop, bound=0.5))
        if r.status == "ok" and (r.size_bytes or 0) < 5_340_000
        else r
        for r in run.records
    )
    run = replace(run, records=records)
    assert "(the smallest that is likely to keep the limits)" in answer(run, INTEL)
    assert why(run)[0].startswith(
        "It is the smallest of 5 files that are likely to keep the limits"
    )


def test_what_is_far_from_the_smallest_is_not_called_so():
    run = aimed("size")
    choice = replace(run.choices[0], recipe_id=run.choices[0].baseline_id)
    run = replace(run, choices=(choice,))
    assert answer(run, INTEL).startswith("ship onnxruntime fp32, 17.2 ms")
    assert why(run)[0] == (
        "Of 8 files that keep the limits it was taken, with size 18.6 MB; "
        "openvino int8-weights (nncf, per-channel) threads=2 has 4.93 MB."
    )


def test_a_figure_that_is_not_known_is_left_out():
    assert "–" not in answer(aimed("memory"), PI)
    assert answer(aimed("memory"), INTEL).startswith("ship openvino int8-static, 6.91 ms")
    assert why(aimed("memory"))[0] == "It went by its time: its memory is not known."


def test_those_that_are_counted_are_of_the_deciding_schedule():
    assert (
        "highest throughput of 3 candidates of the deciding schedule" in why(aimed("throughput"))[0]
    )


@pytest.mark.parametrize(
    ("timed", "lost", "said"),
    [
        (latency(3.0), drop(0.04, 0.01), "1 faster candidate lost too much: "),
        (
            latency(3.0),
            drop(0.04, 0.03),
            "1 faster candidate lost more than is allowed, as far as ",
        ),
        (latency(6.9), drop(0.04, 0.01), "1 candidate that may be faster lost too much: "),
        (latency(7.2), drop(0.04, 0.01), "Nothing that was timed is faster."),
    ],
)
def test_what_is_faster_and_loses_too_much_is_told_as_surely_as_it_is_known(timed, lost, said):
    assert any(one.startswith(said) for one in why(aimed("latency", latency_ms=timed, drop=lost)))


def test_of_two_schedules_the_ratios_tell_what_is_faster():
    run = aimed("latency")
    quick = run.record(INTEL, run.choices[0].recipe_id).versus_baseline
    screened = {"latency_ms": latency(2.0, "screen"), "drop": drop(0.04, 0.01)}
    wide = replace(quick, ratio=3.3, low=0.3, high=38.0, word="INCONCLUSIVE")
    told = replace(quick, ratio=3.3, low=3.0, high=3.6)
    for versus, said in ((wide, "candidate that may be faster"), (told, "1 faster candidate")):
        found = why(aimed("latency", versus_baseline=versus, **screened))
        assert any(said in one for one in found)
