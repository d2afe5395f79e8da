import pytest
from msgspec.structs import replace

from edgeopt.domain.run import Constraints
from edgeopt.report.table import rows, settings
from edgeopt.search.choose import qualifies
from tests.report.sample import INTEL, PI, came_through, drop, sample_run

STATUSES = ["failed-parity", "failed-convert", "failed-run", "timeout"]


def by_name(found, name, threads=2):
    return next(row for row in found if (row.name, row.threads) == (name, threads))


def test_every_recipe_has_a_row_and_the_order_is_by_use():
    found = rows(sample_run(), INTEL)
    assert [row.chosen for row in found].index(True) == 0
    assert [row.status for row in found[11:15]] == STATUSES
    assert [row.state for row in found[15:]] == ["left out"] * 3
    for screened in (False, True):
        fast = [r.latency.sort for r in found if r.qualifies and r.screened == screened]
        assert fast == sorted(fast)
    assert [row.name for row in found if row.ok and not row.qualifies] == [
        "onnxruntime int8-static"
    ]
    assert found[10].name == "onnxruntime int8-static"


@pytest.mark.parametrize(
    ("stages", "expected"),
    [
        # 1.16 ms chosen, 1.14 ms screened: the figures are of two schedules.
        (("final", "screen", "final"), ["chosen", "slow", "fast"]),
        (("final", "screen", "screen"), ["chosen", "fast", "slow"]),
        (("final", "final", "final"), ["chosen", "fast", "slow"]),
        (("screen", "screen", "screen"), ["chosen", "fast", "slow"]),
    ],
)
@pytest.mark.parametrize("limit", [0.02, -1.0], ids=["they qualify", "none qualifies"])
def test_what_was_only_screened_stands_below_what_decided(stages, expected, limit):
    run = sample_run()
    records = tuple(
        replace(came_through(("litert", name, 1), p50, 0.0, 0.0, 1.0, stage), recipe_id=name)
        for name, p50, stage in zip(
            ("chosen", "fast", "slow"), (1.16, 1.14, 1.2), stages, strict=True
        )
    )
    choice = replace(run.choices[0], recipe_id="chosen", front=())
    request = replace(run.request, constraints=Constraints(max_drop=limit))
    found = rows(replace(run, records=records, choices=(choice,), request=request), INTEL)
    assert [row.precision for row in found] == expected
    assert [row.precision for row in found if row.screened] == [
        name for name in expected if stages[("chosen", "fast", "slow").index(name)] == "screen"
    ]


def test_what_was_not_timed_comes_after_what_was_screened():
    run = sample_run()
    names = {"final": 1.2, "screen": 1.1, "none": 1.0}
    made = [
        replace(came_through(("litert", name, 1), p50, 0.0, 0.0, 1.0, name), recipe_id=name)
        for name, p50 in names.items()
    ]
    made[-1] = replace(made[-1], latency_ms=None, latency_reason="taken back: no faster")
    found = rows(replace(run, records=tuple(reversed(made)), choices=()), INTEL)
    assert [row.precision for row in found] == list(names)


def test_the_cells_of_the_chosen_one():
    row = rows(sample_run(), INTEL)[0]
    assert row.title == "openvino int8-static (nncf, min-max, per-channel) threads=2"
    assert row.settings == ("2 threads", "nncf, min-max, per-channel")
    assert (row.latency.text, row.latency.detail) == ("6.91 ms", "6.83 to 7.00 ms")
    assert row.p90.text == "7.47 ms"
    assert (row.versus.text, row.versus.word) == ("2.49×", "FASTER")
    assert (row.score.text, row.score.n) == ("0.743", 512)
    assert (row.drop.text, row.drop.detail) == ("0.8 points", "−0.6 to 2.1 points")
    assert not row.resolved
    assert (row.confirm.text, row.confirm.n) == ("0.8 points", 500)
    assert row.size.text == "5.34 MB"
    assert row.executed == "int8"
    assert row.marks == ("chosen", "on the front")


def test_what_is_not_known_is_a_dash_or_a_reason():
    found = rows(sample_run(), INTEL)
    slow = by_name(found, "onnxruntime fp32", threads=1)
    assert (slow.p90.text, slow.p90.detail) == ("–", "only 48 samples")
    assert slow.marks == ("screened only",)
    base = by_name(found, "onnxruntime fp32")
    assert base.versus.text == "–"
    assert base.marks == ("baseline",)
    assert by_name(found, "litert fp32").executed == "LiteRT does not report it"


def test_a_silent_fallback_shows():
    run = sample_run()
    record = next(r for r in run.records if r.runtime == "openvino" and r.executed)
    for delegated, words in ((104, "int8"), (101, "int8; 3 of 104 operators fell back")):
        ran = replace(record.executed, operators_total=104, operators_delegated=delegated)
        other = replace(record, executed=replace(ran, precision="int8"))
        found = rows(replace(run, records=(other,)), INTEL)
        assert found[0].executed == words


def test_a_failure_says_why_and_what_helps():
    row = by_name(rows(sample_run(), INTEL), "litert int8-static")
    assert row.reason.startswith("4.1 dB")
    assert row.hint == "leave the first and the last layer in float"
    assert row.why_untimed == ""
    assert row.latency.text == "–"


def test_a_target_without_a_device_keeps_the_order_of_its_profile():
    found = rows(sample_run(), PI)
    assert [row.name for row in found if row.ok] == [
        "litert int8-dynamic",
        "litert fp32",
        "onnxruntime fp32",
    ]
    assert all(row.latency.text == "–" for row in found)
    assert "at hand" in found[0].why_untimed


def test_a_run_without_choices_yet_has_rows_without_marks():
    found = rows(replace(sample_run(), choices=()), INTEL)
    assert {mark for row in found for mark in row.marks} == {"screened only"}


@pytest.mark.parametrize("kind", ["emulated", "predicted", None])
def test_only_a_measurement_fills_the_latency_column(kind):
    run = sample_run()
    record = replace(run.records[0], kind=kind)
    assert record.measured is None
    row = by_name(
        rows(replace(run, records=(record,)), INTEL), f"{record.runtime} {record.precision}", 1
    )
    assert row.latency.text == row.p90.text == "–"
    assert row.why_untimed == (f"{kind}, not measured" if kind else "not measured")


GOOD = came_through(("openvino", "fp32", 1), 10.0, 0.01, 0.005, 5.0, "final")


@pytest.mark.parametrize(
    ("record", "limits", "expected"),
    [
        (GOOD, Constraints(max_drop=0.01), True),
        (GOOD, Constraints(max_drop=0.009), False),
        (GOOD, Constraints(max_drop=0.02, max_size_bytes=4_999_999), False),
        (GOOD, Constraints(max_drop=0.02, max_latency_ms=9.9), False),
        (GOOD, Constraints(max_drop=0.02, max_latency_ms=10, max_size_bytes=5_000_000), True),
        (replace(GOOD, confirm_drop=drop(0.03, 0.01)), Constraints(max_drop=0.02), False),
        (replace(GOOD, drop=None), Constraints(max_drop=0.02), False),
        (replace(GOOD, status="failed-run"), Constraints(max_drop=0.02), False),
        (replace(GOOD, latency_ms=None), Constraints(max_drop=0.02, max_latency_ms=1), True),
    ],
)
def test_qualifies(record, limits, expected):
    assert qualifies(record, limits) is expected


def test_settings_name_the_options():
    recipe = replace(GOOD.recipe, options={"HINT": "LATENCY", "STREAMS": 1})
    assert settings(recipe) == ("1 thread", "HINT=LATENCY", "STREAMS=1")
