"""The answer of a run: whether it holds, before and after, what is lost and for whom, and why."""

import pytest
from msgspec.structs import replace

from edgeopt.domain.effects import SliceEffect, Slices
from edgeopt.domain.passed_over import PassedOver
from edgeopt.report import loss
from edgeopt.report.distinct import distinct
from edgeopt.report.lost_for import lost_for
from edgeopt.report.metric_name import metric_title
from edgeopt.report.page_answer import answer
from edgeopt.report.reasons import missed
from edgeopt.report.source_value import source_value
from tests.report.sample import INTEL, PI, drop, latency, sample_run, score


def of(run, target=INTEL):
    return answer(run, run.choice(target))


def with_choice(run, **changes):
    return replace(run, choices=(replace(run.choices[0], **changes), *run.choices[1:]))


def with_drop(run, value, half):
    """The run with another loss of the chosen on held-out samples."""
    chosen = run.choices[0].recipe_id
    records = tuple(
        replace(r, confirm_drop=drop(value, half, 500))
        if (r.recipe_id, r.target) == (chosen, INTEL)
        else r
        for r in run.records
    )
    return replace(run, records=records)


def test_a_measured_choice_shows_each_figure_before_and_after():
    found = {one.label: one for one in of(sample_run()).changes}
    assert (found["Time"].before, found["Time"].after) == ("17.2 ms", "6.91 ms")
    assert found["Time"].told == "2.49 times as fast"
    assert found["Time"].detail == "2.44 to 2.54, against onnxruntime fp32"
    assert (found["Size"].before, found["Size"].after) == ("18.6 MB", "5.34 MB")
    assert (found["Size"].told, found["Size"].limit) == ("3.49 times smaller", "allowed: 20.0 MB")
    assert (found["Accuracy"].before, found["Accuracy"].after) == ("74.8 %", "74.0 %")
    assert found["Accuracy"].told == "loses 0.8 points"
    assert found["Accuracy"].detail == "−0.5 to 2.1 points, on 500 held-out samples"


@pytest.mark.parametrize(
    ("held", "state", "title"),
    [
        ("held", "holds", "Holds"),
        ("not told", "unsure", "Not proven"),
        (None, "unsure", "Not proven"),
    ],
)
def test_what_samples_do_not_tell_is_never_said_to_hold(held, state, title):
    found = of(with_choice(sample_run(), held=held, needed=900))
    assert (found.state, found.title) == (state, title)
    assert ("At least 900 samples are needed." in found.said) == (state == "unsure")


def test_what_was_not_timed_is_suggested():
    found = of(sample_run(), PI)
    assert (found.state, found.changes[0].after) == ("suggested", "not measured")
    assert "at hand" in found.changes[0].detail
    assert "Nothing was timed." in found.said


def test_nothing_chosen_or_a_run_that_goes_on_has_no_figures():
    run = sample_run()
    none = of(with_choice(run, recipe_id=None, why="nothing keeps what was asked."))
    assert (none.state, none.name, none.changes) == ("none", "", ())
    assert answer(run, None).state == "running"


def test_a_gain_is_called_a_gain_and_its_interval_is_of_the_gain():
    found = of(with_drop(sample_run(), -0.003, 0.001))
    accuracy = next(one for one in found.changes if one.label == "Accuracy")
    assert accuracy.told == "gains 0.3 points"
    assert accuracy.detail.startswith("0.2 to 0.4 points")
    assert "loses −" not in " ".join((found.said, *found.lost, *found.why))


@pytest.mark.parametrize(
    ("judged", "told"),
    [(0.0, "loses nothing"), (0.0004, "loses 0.04 points"), (-0.01, "gains 1.0 points")],
)
def test_a_loss_is_a_verb(judged, told):
    assert loss.told(drop(judged, 0.1)) == told


def test_a_share_alone_is_told_in_points_or_by_its_reason():
    assert [loss.of_value(v, "failed") for v in (0.012, -0.003, None)] == [
        "1.2 points", "gains 0.3 points", "failed",
    ]  # fmt: skip


def test_a_loss_that_is_not_a_number_is_not_known():
    assert loss.told(drop(float("nan"), 0.1)) == "has a loss that is not known"
    found = of(with_drop(sample_run(), float("nan"), 0.1))
    assert "nan" not in " ".join(f"{one.before} {one.after} {one.told}" for one in found.changes)


def test_an_error_stays_an_error_and_its_source_is_the_smaller():
    error = replace(score(0.213), metric="mae")
    lost = replace(drop(0.013, 0.004), relative=0.065)
    assert not loss.in_shares(error, lost)
    assert loss.score_text(source_value(error, lost), shares=False) == "0.200"
    assert loss.told(lost) == "loses 6.5 %"


def test_reasons_are_three_at_most_and_name_the_next_and_the_faster():
    run = sample_run()
    found = of(run)
    assert len(found.why) <= 3
    assert found.why[0].startswith(
        "The fastest of 3 candidates of the deciding schedule that keep the limits: 6.91 ms."
    )
    assert "openvino fp32 threads=2, takes 14.9 ms" in found.why[0]
    assert "Nothing that was timed is faster." in found.why
    lossy = next(
        r for r in run.records if (r.runtime, r.precision) == ("onnxruntime", "int8-static")
    )
    quick = replace(lossy, latency_ms=latency(3.0), drop=drop(0.0391, 0.01))
    records = tuple(quick if r is lossy else r for r in run.records)
    assert any(
        "1 faster candidate lost too much: onnxruntime int8-static" in line
        and "loses 3.9 points on the choosing samples, 2.0 points are allowed" in line
        for line in of(replace(run, records=records)).why
    )


def test_what_was_left_unproven_is_no_rival_that_keeps_the_limits():
    run = sample_run()
    rival = next(r for r in run.records if r.title == "openvino fp32 threads=2")
    quick = replace(rival, latency_ms=replace(rival.latency_ms, p50=3.0))
    run = replace(run, records=tuple(quick if r is rival else r for r in run.records))
    assert of(run).why[0] == (
        "Of 3 candidates of the deciding schedule that keep the limits it was taken, with "
        "6.91 ms; openvino fp32 threads=2 takes 3.00 ms."
    )
    left = PassedOver(
        recipe_id=quick.recipe_id, title=quick.title, times=2.3, lost=0.017, bound=0.046,
        allowed=0.02, n=704,
    )  # fmt: skip
    why = of(with_choice(run, passed_over=(left,))).why
    assert why[0].startswith(
        "The fastest of 2 candidates of the deciding schedule that are likely to keep the limits: "
        "6.91 ms."
    )
    assert not any("3.00 ms" in line for line in why)
    other = replace(quick, recipe_id="more", recipe=replace(quick.recipe, threads=9))
    again = with_choice(replace(run, records=(*run.records, other)), passed_over=(left,))
    assert of(again).why == why  # the same file


def test_what_may_well_lose_more_is_no_rival_that_keeps_the_limits():
    run = sample_run()
    rival = next(r for r in run.records if r.title == "openvino fp32 threads=2")
    doubtful = replace(rival, drop=replace(rival.drop, bound=0.5))
    run = replace(run, records=tuple(doubtful if r is rival else r for r in run.records))
    first = of(run).why[0]
    assert first.startswith("The fastest of 2 candidates of the deciding schedule that are likely")


def test_one_that_did_not_qualify_says_so_in_points():
    run = sample_run()
    miss = replace(run.choices[0].misses[0], why="it loses 0.0391, allowed 0.02")
    words = "loses 3.9 points on the choosing samples, 2.0 points are allowed"
    assert missed(run, miss, INTEL) == words
    assert missed(run, replace(miss, recipe_id="gone"), INTEL) == miss.why


def test_the_worst_slice_that_has_samples_enough_is_named():
    few = SliceEffect(value="owl", n=3, source=None, score=None, drop=drop(0.5, 0.2, 3))
    many = SliceEffect(value="cat", n=40, source=None, score=None, drop=drop(0.05, 0.02, 40))
    column = Slices(by="class", part="confirm", count=9, worst=(few, many))
    run = sample_run()
    record = replace(run.chosen, confirm_slices=(column,))
    assert "The worst class is cat: on 40 held-out samples it loses 5.0 points." in lost_for(record)
    none = replace(column, worst=(replace(many, drop=drop(0.0, 0.0, 40)),))
    told = list(lost_for(replace(record, confirm_slices=(none,))))
    assert told[-1] == "By class: no slice of 10 samples or more loses anything."


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ([("a", ("1 thread",)), ("b", ("1 thread",))], ["a", "b"]),
        ([("a", ("1 thread",)), ("a", ("2 threads",))], ["a, 1 thread", "a, 2 threads"]),
        ([("a", ("1 thread",)), ("a", ("1 thread", "pinned"))], ["a", "a, pinned"]),
        (
            [("a", ("1", "x")), ("a", ("1", "y")), ("a", ("2", "x"))],
            ["a, 1, x", "a, 1, y", "a, 2, x"],
        ),
    ],
)
def test_names_are_as_long_as_they_must_be_to_differ(names, expected):
    found = distinct(dict(enumerate(names)))
    assert [found[i] for i in range(len(names))] == expected


@pytest.mark.parametrize(
    ("metric", "title"),
    [("accuracy", "Accuracy"), ("map", "mAP"), ("fastmap:yolo", "fastmap:yolo"), ("r2", "r2")],
)
def test_a_users_own_metric_keeps_its_name(metric, title):
    assert metric_title(metric) == title


@pytest.mark.parametrize(
    ("judged", "needed", "said"),
    [
        ({"groups": 40}, 93, "too few to tell. At least 93 groups are needed."),
        ({"alike": 40}, 93, "At least 93 samples that do not look alike are needed."),
        ({}, 600, "At least 600 samples are needed."),
        ({"groups": 100}, 93, "too few to tell."),
        ({}, 93, "too few to tell."),
    ],
)
def test_what_is_needed_is_samples_or_groups(judged, needed, said):
    run = sample_run()
    wanted = run.choices[0].recipe_id
    records = tuple(
        replace(r, confirm_score=replace(r.confirm_score, **judged))
        if (r.target, r.recipe_id) == (INTEL, wanted)
        else r
        for r in run.records
    )
    run = with_choice(replace(run, records=records), held="not told", needed=needed)
    assert of(run).said.endswith(said)
