"""What one sentence says of a target, and what is said of the source."""

from __future__ import annotations

import math

import pytest
from msgspec.structs import replace

from edgeopt.domain.score import Drop, Score
from edgeopt.report.answer import answer, loss, source_score
from edgeopt.report.source_value import source_value
from tests.report.sample import INTEL, PI, drop, sample_run


def chosen_as(**changes):
    """The sample with another chosen record."""
    run = sample_run()
    wanted = run.choices[0].recipe_id
    records = tuple(
        replace(r, **changes) if (r.target, r.recipe_id) == (INTEL, wanted) else r
        for r in run.records
    )
    return replace(run, records=records)


@pytest.mark.parametrize(
    ("value", "relative", "said"),
    [
        (0.008, None, "loses 0.8 points"),
        (-0.003, None, "gains 0.3 points"),
        (0.0, None, "loses nothing"),
        (0.2, 0.012, "loses 1.2 %"),
        (-0.2, -0.012, "gains 1.2 %"),
        (math.nan, None, "loss not known"),
    ],
)
def test_a_gain_is_called_a_gain(value, relative, said):
    assert loss(replace(drop(value, 0.1), relative=relative)) == said


@pytest.mark.parametrize(
    ("word", "ratio", "said"),
    [
        ("FASTER", 2.49, "2.49× as fast as onnxruntime fp32;"),
        ("SLOWER", 0.63, "0.63× as fast as onnxruntime fp32;"),
        ("EQUIVALENT", 1.01, ", as fast as onnxruntime fp32;"),
        ("INCONCLUSIVE", 1.02, "1.02× as fast as onnxruntime fp32, not told apart;"),
    ],
)
def test_how_fast_against_what(word, ratio, said):
    run = sample_run()
    verdict = run.record(INTEL, run.choices[0].recipe_id).versus_baseline
    assert said in answer(
        chosen_as(versus_baseline=replace(verdict, word=word, ratio=ratio)), INTEL
    )


def test_the_baseline_is_said_to_be_it():
    run = sample_run()
    choice = replace(run.choices[0], recipe_id=run.choices[0].baseline_id)
    said = answer(replace(run, choices=(choice, run.choices[1])), INTEL)
    assert said.startswith("ship onnxruntime fp32, 17.2 ms, the baseline itself; ")


@pytest.mark.parametrize(
    ("held", "said"),
    [("held", "holds"), (None, "holds"), ("not told", "not proven")],
)
def test_whether_the_limit_holds(held, said):
    run = sample_run()
    choices = (replace(run.choices[0], held=held), run.choices[1])
    assert f"limit 2.0 points: {said};" in answer(replace(run, choices=choices), INTEL)


def test_a_limit_that_is_broken_is_said_to_be():
    assert "limit 2.0 points: broken" in answer(chosen_as(confirm_drop=drop(0.05, 0.01)), INTEL)


def test_without_held_out_samples_it_says_which_they_are():
    assert "on 512 choosing samples" in answer(chosen_as(confirm_drop=None), INTEL)


def test_what_was_not_timed_is_suggested():
    said = answer(sample_run(), PI)
    assert said.startswith("suggested, not timed: litert int8-dynamic; loses 1.2 points")


def test_nothing_to_ship_and_nothing_yet():
    run = sample_run()
    none = replace(run.choices[0], recipe_id=None, why="nothing keeps what was asked.")
    assert answer(replace(run, choices=(none,)), INTEL) == (
        "nothing to ship: nothing keeps what was asked. Nearest: onnxruntime int8-static "
        "threads=2: drops 3.9 points, 2.0 are allowed."
    )
    assert answer(replace(run, choices=()), INTEL) == "nothing chosen yet."


def test_the_source_of_a_run_without_labels_has_no_score_of_its_own():
    said = source_score(sample_run(labels=False))
    assert said == "Source: no labels, so candidates are scored by agreement with its answers."


def test_the_source_of_an_error_is_found_the_other_way_round():
    """An error of 2.1 that is 0.1 worse comes from 2.0."""
    run = sample_run()
    record = run.records[0]
    worse = replace(
        record,
        score=replace(record.score, metric="mae", value=2.1),
        drop=replace(record.drop, value=0.1, relative=0.05),
    )
    data = replace(run.data, metric="mae")
    assert source_score(replace(run, records=(worse,), data=data)) == (
        "Source: mean absolute error 2.000 on 512 choosing samples."
    )


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_score_that_is_no_number_tells_nothing_of_the_source(value):
    run = sample_run()
    record = run.records[0]
    odd = replace(record, score=replace(record.score, value=value))
    assert source_score(replace(run, records=(odd,))) == ""


def test_nothing_is_said_of_a_source_that_no_score_tells_of():
    run = sample_run()
    assert source_score(replace(run, records=())) == ""
    blind = replace(run.records[0], score=replace(run.records[0].score, value=0.2))
    blind = replace(blind, drop=replace(blind.drop, value=0.2))
    assert source_score(replace(run, records=(blind,))) == ""


@pytest.mark.parametrize(
    ("metric", "value", "lost", "relative", "source"),
    [
        ("accuracy", 0.7, 0.05, None, 0.75),
        ("cer", 0.088, 0.054, None, 0.034),  # an error in points: it grew
        ("mae", 2.2, 0.2, 0.1, 2.0),  # an error in a unit
        ("psnr", 27.0, 3.0, 0.1, 30.0),  # in a unit, and more is better
        ("mae", 2.0, 0.0, 0.0, 2.0),
    ],
)
def test_the_sources_own_score_whichever_way_a_measure_goes(metric, value, lost, relative, source):
    score = Score(metric=metric, value=value, low=None, high=None, interval="", n=9, part="choose")
    drop = Drop(value=lost, low=None, high=None, interval="", n=9, resolved=True, relative=relative)
    assert source_value(score, drop) == pytest.approx(source)


def test_the_sources_metric_has_its_common_name():
    run = sample_run()
    detector = replace(run, data=replace(run.data, metric="map"))
    assert source_score(detector).startswith("Source: mAP 74")
    assert source_score(run).startswith("Source: accuracy 74")
