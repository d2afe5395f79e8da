"""The candidates that none beats in time, loss and size at once."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from edgeopt.search.front import unbeaten
from tests.search.test_choose import latency, names, record


def test_front():
    records = [
        record("base", size=100),
        record("fast", lost=0.01, ratio=2.0, size=100),
        record("small", lost=0.01, ratio=0.5, size=10),
        record("beaten", lost=0.02, ratio=1.9, size=100),
        record("failed", ratio=9.0, status="failed-run"),
        record("untimed", size=1),
        record("unscored", lost=None, ratio=9.0),
    ]
    assert names(unbeaten(records, "base")) == ["base", "fast", "small"]


def test_gains_of_score_count_as_none():
    """A candidate is not better for having been lucky on these samples."""
    records = [record("base"), record("lucky", lost=-0.01, ratio=1.0)]
    assert names(unbeaten(records, "base")) == ["base", "lucky"]


def test_a_screening_takes_nothing_off_the_front_that_was_measured_for_good():
    final = replace(latency(1.0), stage="final")
    chosen = record("chosen", ratio=2.0, latency_ms=final)
    screened = record("screened", ratio=2.1)
    slower = record("slower", ratio=1.9)
    assert names(unbeaten([chosen, screened, slower], "base")) == ["chosen", "screened"]
    sure = record("sure", ratio=2.1, latency_ms=final)
    assert names(unbeaten([chosen, sure, slower], "base")) == ["sure"]


def test_no_baseline_no_front():
    assert unbeaten([record(p50=None), record("b", p50=None)], None) == []


candidates = st.lists(
    st.tuples(
        st.sampled_from([0.5, 1.0, 1.5, 2.0]),
        st.sampled_from([-0.01, 0.0, 0.01, 0.02]),
        st.sampled_from([10, 50, 100]),
        st.sampled_from(["ok", "ok", "ok", "failed-run"]),
    ),
    max_size=10,
)


@given(candidates)
def test_the_front_is_what_nothing_beats(drawn):
    records = [record("base")] + [
        record(str(i), ratio=ratio, lost=lost, size=size, status=status)
        for i, (ratio, lost, size, status) in enumerate(drawn)
    ]

    def figures(r):
        share = 1.0 if r.recipe_id == "base" else 1 / r.versus_baseline.ratio
        return (share, max(r.drop.judged, 0.0), r.size_bytes)

    def beats(a, b):
        pairs = list(zip(figures(a), figures(b), strict=True))
        return all(x <= y for x, y in pairs) and any(x < y for x, y in pairs)

    members = unbeaten(records, "base")
    alive = [r for r in records if r.status == "ok"]
    assert members == [r for r in alive if r in members]
    assert members
    for r in alive:
        if r in members:
            assert not any(beats(other, r) for other in alive)
        else:
            assert any(beats(member, r) for member in members)
