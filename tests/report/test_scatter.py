from dataclasses import replace as with_fields
from itertools import combinations, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from edgeopt.report.labels import text_width
from edgeopt.report.points import Point, points, precisions, runtimes
from edgeopt.report.scales import Scale
from edgeopt.report.scatter import NARROW, WIDE, draw, drop_scale, staircase
from tests.report.sample import INTEL, MAX_DROP, PI, drop, latency, sample_run

WORDS = ("chosen", "baseline")
POINT = Point(
    recipe_id="r",
    form="litert fp32",
    threads=1,
    runtime="litert",
    precision="fp32",
    tooltip="",
    x=10.0,
    x_low=9.8,
    x_high=10.2,
    y=0.0,
    y_low=0.0,
    y_high=0.0,
    y_text="0.0 points",
)


def at(x, y, **fields):
    return with_fields(
        POINT, x=x, x_low=x * 0.98, x_high=x * 1.02, y=y, y_low=y, y_high=y, **fields
    )


def sample_chart(frame=WIDE):
    return draw(points(sample_run(), INTEL), MAX_DROP, frame, relative=False)


def test_only_what_was_measured_and_scored_is_a_point():
    assert len(points(sample_run(), INTEL)) == 11
    assert points(sample_run(), PI) == []
    run = sample_run()
    assert points(replace(run, records=(replace(run.records[0], drop=None),)), INTEL) == []


def test_a_point_carries_its_record():
    point = next(point for point in points(sample_run(), INTEL) if point.chosen)
    assert (point.form, point.with_threads) == ("openvino int8-static", "2 threads")
    assert (point.p50_ms, point.y, point.qualifies, point.on_front) == (6.913, 0.0078, True, True)
    assert "6.91 ms (6.83 to 7.00 ms)" in point.tooltip
    assert "loses 0.8 points (95 % CI −0.6 to 2.1 points) on the choosing samples" in point.tooltip


def test_times_of_two_schedules_are_shares_of_the_baseline_in_each():
    run = sample_run()
    chosen, base = (next(p for p in points(run, INTEL) if getattr(p, word)) for word in WORDS)
    verdict = next(r for r in run.records if r.recipe_id == chosen.recipe_id).versus_baseline
    assert chosen.of == base.of == "onnxruntime fp32"
    assert (base.x_low, base.x, base.x_high) == (1, 1, 1)
    assert chosen.x == pytest.approx(1 / verdict.ratio)
    assert (chosen.x_low, chosen.x_high) == pytest.approx((1 / verdict.high, 1 / verdict.low))


@pytest.mark.parametrize("broken", ["one schedule", "not beside the baseline", "no baseline"])
def test_else_times_are_milliseconds(broken):
    run = sample_run()
    records = [r for r in run.records if r.target == INTEL]
    if broken == "one schedule":
        records = [replace(r, latency_ms=replace(r.latency_ms, stage="final")) for r in records
                   if r.latency_ms]  # fmt: skip
    elif broken == "not beside the baseline":
        records[0] = replace(records[0], versus_baseline=None)
    else:
        run = replace(run, choices=(replace(run.choices[0], baseline_id=None), *run.choices[1:]))
    found = points(replace(run, records=tuple(records)), INTEL)
    assert {one.of for one in found} == {""}
    assert all(one.x == one.p50_ms for one in found)


def test_a_drop_whose_interval_is_unknown_has_no_bar():
    run = sample_run()
    unknown = replace(drop(0.0, 0.1), relative=0.0)
    point = points(replace(run, records=(replace(run.records[0], drop=unknown),)), INTEL)[0]
    assert point.y == point.y_low == point.y_high == 0.0


def test_axes_of_the_sample():
    chart = sample_chart()
    assert chart.x_title == "Time, as a share of onnxruntime fp32’s, log scale"
    assert chart.y_title == "Loss, points"
    assert [text for _, text in chart.x_ticks] == ["0.4", "0.5", "0.6", "0.8", "1", "1.5", "2"]
    assert [text for _, text in chart.y_ticks] == ["0", "2", "4", "6"]


def test_near_latencies_are_on_a_linear_scale_and_errors_in_percent():
    chart = draw([at(10, 0.01), at(14, 0.02)], 0.01, WIDE, relative=True)
    assert chart.x_title == "Latency p50, ms"
    assert chart.y_title.startswith("Loss, %")
    assert chart.labels[0].lines == ("allowed: 1.0 %",)


@pytest.mark.parametrize("frame", [WIDE, NARROW])
@pytest.mark.parametrize("times", [2, 6, 8, 40, 3000])
@pytest.mark.parametrize("least", [0.0018, 0.7, 31, 900])
def test_the_texts_of_an_axis_do_not_run_into_each_other(frame, times, least):
    ticks = draw([at(least, 0.0), at(least * times, 0.0)], 0.01, frame, relative=False).x_ticks
    assert len(ticks) >= 2
    for (x, one), (y, other) in pairwise(ticks):
        room = (text_width(one, frame.text) + text_width(other, frame.text)) / 2
        assert y - x >= room


@pytest.mark.parametrize("frame", [WIDE, NARROW])
def test_the_choice_is_named_on_the_picture(frame):
    chart = sample_chart(frame)
    label = next(label for label in chart.labels if label.role == "chosen")
    assert label.lines == ("openvino int8-static", "2 threads, 6.91 ms", "loses 0.8 points")
    assert chart.dots[-1].point.chosen


@pytest.mark.parametrize("frame", [WIDE, NARROW])
def test_no_label_covers_another_or_a_point(frame):
    chart = sample_chart(frame)
    assert len(chart.labels) > 3
    for one, other in combinations(chart.labels, 2):
        assert not one.box.overlaps(other.box)
    for label in chart.labels:
        box = label.box
        inside = [
            d for d in chart.dots if box.left < d.x < box.right and box.top < d.y < box.bottom
        ]
        assert inside == []


def test_drops_that_are_all_zero_leave_room_for_the_allowed_one():
    chart = draw([at(10, 0.0, chosen=True), at(30, 0.0)], 0.01, WIDE, relative=False)
    zero = next(place for place, text in chart.y_ticks if text == "0")
    assert {dot.y for dot in chart.dots} == {zero}
    assert chart.plot.top < chart.allowed_y < zero - 50


def test_nothing_allowed_and_nothing_lost_can_still_be_drawn():
    chart = draw([at(10, 0.0)], 0.0, WIDE, relative=False)
    assert chart.plot.top < chart.allowed_y < chart.plot.bottom


def test_one_that_is_twenty_times_slower_does_not_crowd_the_others():
    chart = draw([at(5, 0.0), at(10, 0.001), at(200, 0.0)], 0.01, WIDE, relative=False)
    first, second = (dot.x for dot in chart.dots[:2])
    assert second - first > 100


def test_a_ruined_candidate_is_pinned_to_the_edge_and_says_how_far_off_it_is():
    ruined = at(8, 0.61, y_text="61.0 points")
    chart = draw([at(10, 0.0), at(12, 0.008), ruined], 0.01, WIDE, relative=False)
    pinned = [dot for dot in chart.dots if dot.pinned]
    assert [dot.point for dot in pinned] == [ruined]
    assert pinned[0].y < chart.plot.top + 10
    assert ("↑ 61.0 points",) in [label.lines for label in chart.labels]
    assert float(chart.y_ticks[-1][1]) < 5


def test_if_all_are_ruined_the_allowed_drop_is_still_on_the_picture():
    scale = drop_scale([at(8, 0.61), at(9, 0.7)], 0.01, WIDE.plot)
    assert 0.01 < scale.high < 0.1


def test_a_moderate_drop_stretches_the_axis():
    scale = drop_scale([at(8, 0.09), at(9, 0.0)], 0.01, WIDE.plot)
    assert scale.high > 0.09


def test_the_front_is_a_staircase_of_what_no_other_beats():
    x, y = Scale(0, 10, 0, 100), Scale(0, 10, 100, 0)
    front = [at(6, 2), at(2, 6), at(8, 3)]
    assert staircase(front, x, y) == (
        (20.0, 0, 20.0, 40.0),
        (20.0, 40.0, 60.0, 40.0),
        (60.0, 40.0, 60.0, 80.0),
        (60.0, 80.0, 100, 80.0),
    )
    assert staircase([], x, y) == ()


def test_colours_follow_runtimes_and_shapes_precisions():
    found = points(sample_run(), INTEL)
    assert runtimes(found) == ["litert", "onnxruntime", "openvino"]
    assert precisions([*found, at(1, 0, precision="int4")])[-1] == "int4"
    chart = sample_chart()
    assert len({(dot.point.runtime, dot.colour) for dot in chart.dots}) == 3
    assert len({(dot.point.precision, dot.shape) for dot in chart.dots}) == 5


def test_a_seventh_runtime_begins_the_colours_anew():
    many = [at(10 + i, 0.0, runtime=f"r{i}") for i in range(7)]
    chart = draw(many, 0.01, WIDE, relative=False)
    assert sorted(dot.colour for dot in chart.dots) == [0, 0, 1, 2, 3, 4, 5]


CANDIDATES = st.builds(
    at,
    st.floats(0.05, 2000),
    st.floats(-0.05, 0.9),
    on_front=st.booleans(),
    baseline=st.booleans(),
    chosen=st.booleans(),
)


@pytest.mark.slow
@settings(max_examples=60)
@given(st.lists(CANDIDATES, min_size=1, max_size=14), st.floats(0, 0.2))
def test_everything_is_within_the_picture_and_no_labels_overlap(found, max_drop):
    for frame in (WIDE, NARROW):
        chart = draw(found, max_drop, frame, relative=False)
        plot = chart.plot
        for dot in chart.dots:
            assert plot.left <= dot.x <= plot.right
            assert plot.top <= dot.y <= plot.bottom
        assert plot.top <= chart.allowed_y <= plot.bottom
        assert len(chart.x_ticks) >= 2
        assert not any(a.box.overlaps(b.box) for a, b in combinations(chart.labels, 2))


def test_emulated_latencies_are_not_drawn_among_measured_ones():
    run = sample_run()
    record = replace(run.records[0], kind="emulated", latency_ms=latency(3.0))
    assert points(replace(run, records=(record,)), INTEL) == []
