import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from edgeopt.domain.score import Drop
from edgeopt.report import format as fmt
from edgeopt.report.unparted import together
from tests.report.sample import drop, recipe, verdict


def relative_drop(value, low, high, relative):
    return Drop(
        value=value, low=low, high=high, interval="b", n=9, resolved=True, relative=relative
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.2314, "0.231 ms"),
        (5.4812, "5.48 ms"),
        (41.26, "41.3 ms"),
        (9.996, "10.0 ms"),
        (0.0, "0 ms"),
        (999.4, "999 ms"),
        (999.7, "1.00 s"),
        (1234.0, "1.23 s"),
        (None, "–"),
    ],
)
def test_ms_has_three_digits_and_becomes_seconds(value, text):
    assert fmt.ms(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0 B"),
        (812, "812 B"),
        (999, "999 B"),
        (1000, "1.00 kB"),
        (999_600, "1.00 MB"),
        (4_930_000, "4.93 MB"),
        (2_500_000_000, "2.50 GB"),
        (7_000_000_000_000, "7000 GB"),
        (None, "–"),
    ],
)
def test_size_is_decimal(value, text):
    assert fmt.size(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.012, "1.2"),
        (0.0, "0.0"),
        (-0.004, "−0.4"),
        (0.0002, "0.02"),
        (-0.0002, "−0.02"),
        (0.00096, "0.1"),
        (0.00001, "<0.01"),
        (0.6104, "61.0"),
    ],
)
def test_small_shares_are_never_rounded_to_nothing(value, text):
    assert fmt.points(value) == f"{text} points"
    assert fmt.percent(value) == f"{text} %"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.96204, "0.962"),
        (1.0, "1.000"),
        (-0.25, "−0.250"),
        (0.00042, "0.000420"),
        (12.34, "12.3"),
        (None, "–"),
    ],
)
def test_score(value, text):
    assert fmt.score(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(1.531, "1.53×"), (0.65, "0.65×"), (21.04, "21.0×"), (0.04, "0.0400×")]
)
def test_ratio_has_the_sign_of_multiplication(value, text):
    assert fmt.ratio(value) == text


@pytest.mark.parametrize(
    "formatter", [fmt.ms, fmt.size, fmt.percent, fmt.points, fmt.score, fmt.ratio, fmt.drop]
)
def test_null_is_a_dash_or_its_reason_and_never_zero(formatter):
    assert formatter(None) == "–"
    assert formatter(None, "no device at hand") == "no device at hand"


def test_a_verdict_in_full():
    found = fmt.verdict(verdict(1.53, recipe("openvino", "fp32")))
    assert found == "FASTER 1.53× (95 % CI 1.50 to 1.56)"
    assert fmt.verdict(None) == "–"
    assert fmt.verdict(None, "screened only") == "screened only"


def test_a_verdict_of_too_few_pairs_has_no_interval():
    few = replace(verdict(1.53, recipe("openvino", "fp32")), low=None, high=None, pairs=3)
    assert fmt.verdict(replace(few, word="INCONCLUSIVE")) == ("INCONCLUSIVE 1.53× (3 pairs only)")


def test_an_interval_says_its_unit_once_if_it_can():
    assert fmt.interval(5.41, 5.553, fmt.ms) == "5.41 to 5.55 ms"
    assert fmt.interval(990, 1010, fmt.ms) == "990 ms to 1.01 s"
    assert fmt.interval(0.71, 0.78, fmt.score) == "0.710 to 0.780"


def test_a_figure_has_its_number_and_its_unit_apart():
    figures = [fmt.ms(5.481), fmt.ms(None, "too few"), fmt.score(0.71), fmt.size(4_930_000)]
    assert [(one, one.number, one.unit) for one in figures] == [
        ("5.48 ms", "5.48", "ms"),
        ("too few", "too few", ""),  # words in its place are no number and unit
        ("0.710", "0.710", ""),
        ("4.93 MB", "4.93", "MB"),
    ]
    bounds = fmt.drop_interval(drop(0.012, 0.02))
    assert (bounds.number, bounds.unit) == ("−0.8 to 3.2", "points")
    assert fmt.interval(990, 1010, fmt.ms).unit == ""  # it has two
    assert fmt.NO_INTERVAL.number == "no interval"


def test_a_drop_is_in_points():
    assert fmt.drop(drop(0.012, 0.02)) == "1.2 points"
    assert fmt.drop_interval(drop(0.012, 0.02)) == "−0.8 to 3.2 points"
    assert fmt.drop_interval(None) == ""


def test_a_drop_of_an_error_is_in_percent_of_it():
    found = relative_drop(0.5, 0.25, 1.0, relative=0.02)
    assert fmt.drop(found) == "2.0 %"
    assert fmt.drop_bounds(found) == pytest.approx((0.01, 0.04))
    assert fmt.drop_interval(found) == "1.0 to 4.0 %"


def test_a_relative_drop_of_nothing_has_an_interval_only_where_that_is_nothing_too():
    assert fmt.drop_bounds(relative_drop(0.0, 0.0, 0.0, relative=0.0)) == (0.0, 0.0)
    assert fmt.drop_interval(relative_drop(0.0, -0.1, 0.1, relative=0.0)) == ""


def test_the_allowed_drop_has_the_unit_of_the_drops():
    assert fmt.allowance(0.01, relative=False) == "1.0 points"
    assert fmt.allowance(0.01, relative=True) == "1.0 %"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(41.6, "42 s"), (59.6, "1 min 00 s"), (247, "4 min 07 s"), (7500, "2 h 05 min")],
)
def test_duration(seconds, text):
    assert fmt.duration(seconds) == text


def test_counts_and_spans_know_their_plurals():
    assert fmt.count(1, "launch", "launches") == "1 launch"
    assert fmt.count(5, "launch", "launches") == "5 launches"
    assert fmt.count(12_000, "sample") == "12\u202f000 samples"
    assert fmt.span([3, 5, 4], "launch", "launches") == "3 to 5 launches"
    assert fmt.span([1644, 3024], "sample") == "1\u202f644 to 3\u202f024 samples"
    assert fmt.span([5, 5], "launch", "launches") == "5 launches"


def test_stated_numbers_stay_as_stated():
    assert fmt.quantity(107520, "KiB") == "107520 KiB"
    assert fmt.quantity(153.6, "GFLOP/s") == "153.6 GFLOP/s"
    assert fmt.tick(-0.5) == "−0.5"
    assert fmt.tick(20.0) == "20"
    assert fmt.sample_size(512) == "n\u00a0512"


def test_a_figure_stays_with_its_unit():
    text = "0.31 ms of 5 minutes; −0.8 to 0.8 points, 95 % of 12 kB, 3 min 38 s, at 4 Boxes"
    held = "0.31~ms of 5 minutes; −0.8 to 0.8~points, 95~% of 12~kB, 3~min 38~s, at 4 Boxes"
    assert together(text, "~") == held
    assert together(text) == held.replace("~", "\u00a0")


@given(st.floats(1e-6, 1e8))
def test_three_digits_are_within_half_a_percent(value):
    assert float(fmt.significant(value)) == pytest.approx(value, rel=0.0051)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0.189373, "0.189 mJ"),
        (7, "7 mJ"),
        (12.25, "12.2 mJ"),
        (999.7, "1000 mJ"),
        (1204.4, "1204 mJ"),
    ],
)
def test_an_energy_has_three_digits(value, said):
    assert str(fmt.millijoules(value)) == said
