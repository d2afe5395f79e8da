"""What a choice says of those that were left, and of the load that it was made under."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from msgspec.structs import replace

from edgeopt.domain.finding import Finding
from edgeopt.domain.latency import Latency, Verdict
from edgeopt.domain.recipe import Recipe
from edgeopt.domain.record import Record
from edgeopt.domain.run import Constraints
from edgeopt.domain.score import Drop, Score
from edgeopt.pipeline.choice import choice_of
from edgeopt.pipeline.state import State

BUSY = Finding(check="load", state="warning", found="80 % busy")
METRIC = SimpleNamespace(counting=False)
RUN = SimpleNamespace(
    target="t",
    placement=SimpleNamespace(timed=True),
    context=SimpleNamespace(scoring=SimpleNamespace(unscored=False, metric=METRIC)),
)


def part(value, bound, n):
    return Drop(
        value=value, low=value - 0.01, high=value + (bound - value) * 1.19, interval="bootstrap",
        n=n, resolved=bound < 0.009, bound=bound, bound_by="interval",
    )  # fmt: skip


def candidate(name, speed, drop, confirmed=None, threads=1, affinity="any", groups=None):
    recipe = Recipe(runtime=name, precision="fp32", threads=threads, affinity=affinity)
    over = Verdict(
        word="FASTER", ratio=speed, low=speed * 0.9, high=speed * 1.1, over="base", pairs=9,
        launches=3, margin=0.02,
    )  # fmt: skip
    p50 = 10 / speed
    score = Score(
        metric="recall@1", value=0.5, low=0.4, high=0.6, interval="bootstrap", n=drop.n,
        part="choose", groups=groups,
    )  # fmt: skip
    return Record(
        target="t", device="local", runtime=name, precision="fp32", recipe_id=recipe.id,
        recipe=recipe, status="ok", step=None, drop=drop, confirm_drop=confirmed, score=score,
        confirm_score=confirmed and replace(score, part="confirm"), artifact=name,
        versus_baseline=over,
        latency_ms=Latency(
            p50=p50, p50_low=p50, p50_high=p50, p90=None, n=9, launches=3, stage="final"
        ),
    )  # fmt: skip


def said(*records, findings=()):
    """What is said where the first is chosen."""
    state = State(
        Constraints(max_drop=0.01), records=records, settled=records[0].key, findings=findings
    )
    return choice_of(RUN, state)


SAFE = candidate("onnxruntime", 1.4, part(0.0, 0.004, 640), part(0.0, 0.003, 1000))


def test_a_faster_form_whose_loss_is_not_proven_is_a_value_with_what_would_settle_it():
    open_ = candidate("litert", 3.6, part(0.003, 0.0099, 640), part(0.006, 0.013, 1000))
    found = said(SAFE, open_)
    [left] = found.passed_over
    assert (left.recipe_id, left.n, left.allowed) == (open_.recipe_id, 1640, 0.01)
    assert left.times == pytest.approx(3.6 / 1.4)
    assert left.lost == pytest.approx((0.003 * 640 + 0.006 * 1000) / 1640)
    assert left.lost < left.allowed < left.bound
    assert 0 < left.more < 3000
    assert any(f"About {left.more}" in one.replace("\u202f", "") for one in found.warnings)


def test_one_form_with_several_numbers_of_threads_is_named_once():
    first = candidate("litert", 3.6, part(0.003, 0.02, 640))
    again = candidate("litert", 3.3, part(0.003, 0.02, 640), threads=2)
    other = candidate("openvino", 3.0, part(0.005, 0.03, 640))
    last = candidate("mnn", 2.9, part(0.005, 0.03, 640))
    found = said(SAFE, again, first, other, last).passed_over
    assert [one.recipe_id for one in found] == [first.recipe_id, other.recipe_id]


def test_what_is_told_by_both_parts_is_not_passed_over():
    likely = candidate("litert", 3.6, part(0.003, 0.0084, 640), part(0.003, 0.0097, 1000))
    assert said(SAFE, likely).passed_over == ()
    assert said(SAFE, candidate("litert", 1.2, part(0.003, 0.02, 640))).passed_over == ()


def test_samples_in_groups_have_to_be_of_other_groups():
    open_ = candidate("litert", 3.6, part(0.003, 0.02, 640), groups=320)
    [left] = said(SAFE, open_).passed_over
    assert left.groups
    assert any(", of other groups," in one for one in said(SAFE, open_).warnings)


@pytest.mark.parametrize(
    ("groups", "needed"),
    [(40, 93), (92, 93), (93, None), (None, None)],
)
def test_where_groups_are_needed_that_are_not_there_no_number_of_samples_is_promised(
    groups, needed, monkeypatch
):
    monkeypatch.setattr("edgeopt.pipeline.choice.smallest_resolvable", lambda *_: 93)
    first, second = part(0.003, 0.0099, 640), part(0.006, 0.013, 1000)
    found = said(SAFE, candidate("litert", 3.6, first, second, groups=groups))
    [left] = found.passed_over
    assert (left.needed, left.more is None) == (needed, needed is not None)
    assert any("at least 93 groups" in one for one in found.warnings) == (needed is not None)


def test_how_many_more_are_not_told_where_groups_are_lacking(monkeypatch):
    one = candidate("litert", 2.0, part(0.003, 0.0084, 640), part(0.003, 0.0097, 1000), groups=40)
    assert said(one).more is not None
    monkeypatch.setattr("edgeopt.pipeline.choice.smallest_resolvable", lambda *_: 93)
    assert (said(one).needed, said(one).more) == (93, None)


def test_how_many_more_would_show_that_the_choice_keeps_the_limit():
    one = candidate("litert", 2.0, part(0.003, 0.0084, 640), part(0.003, 0.0097, 1000))
    assert said(one).held == "not told"
    assert said(one).more == pytest.approx(1000 * ((0.0067 * 1.19 / 0.007) ** 2 - 1), abs=10)
    assert said(SAFE).more is None


PINNED = candidate("openvino", 3.0, part(0.0, 0.003, 640), part(0.0, 0.003, 999), 1, "fastest")


@pytest.mark.parametrize(
    ("rival", "told"),
    [
        (candidate("litert", 2.4, part(0.0, 0.003, 640), threads=2), True),
        (candidate("litert", 2.4, part(0.0, 0.003, 640)), True),  # free to use any core
        (candidate("litert", 1.5, part(0.0, 0.003, 640), threads=2), False),  # too far behind
        (candidate("litert", 2.4, part(0.0, 0.003, 640), affinity="fastest"), False),
    ],
)
def test_a_choice_of_a_busy_machine_names_what_needs_more_cores(rival, told):
    warned = [one for one in said(PINNED, rival, findings=(BUSY,)).warnings if "idle" in one]
    assert bool(warned) == told
    assert not any("idle" in one for one in said(PINNED, rival).warnings)


def test_a_sentence_of_the_load_says_by_how_much():
    rival = candidate("litert", 2.4, part(0.0, 0.003, 640), threads=2)
    [warned] = said(PINNED, rival, findings=(BUSY,)).warnings
    assert "litert fp32 threads=2 took 1.25 times as long" in warned
