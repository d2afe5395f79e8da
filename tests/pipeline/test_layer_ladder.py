"""Which groups of layers are tried in float, and which are left out again; nothing is converted."""

import contextlib
from types import SimpleNamespace

import pytest

from edgeopt.domain.errors import StepFailed
from edgeopt.domain.layers import Group, GroupSensitivity, LayerSensitivity, numbers
from edgeopt.domain.recipe import Quantization, Recipe
from edgeopt.domain.score import Drop
from edgeopt.pipeline import refinement
from edgeopt.pipeline.clock import Turns

RECIPE = Recipe(
    runtime="openvino", precision="int8-static", quantization=Quantization(library="nncf")
)


def row(number, without):
    group = Group(first=number, last=number, layers=(f"w{number}",), elements=0)
    return GroupSensitivity(group=group, alone=0.0, without=without)


def kind(spans, without):
    group = Group(
        first=0, last=9, layers=("a", "b"), elements=0, kind="GroupConvolution", spans=spans
    )
    return GroupSensitivity(group=group, alone=0.0, without=without)


class Work:
    """What `_except_layers` works on; a form loses what `drops` says of its operators in float."""

    def __init__(self, table, drops, allowed, most=99):
        self.drops, self.allowed, self.asked, self.most = drops, allowed, [], most
        self.turns = Turns(None)
        self.plain = self.best = self._record(RECIPE)
        self.forms, self.priced, self.in_float = [], (), ()
        self.why_no_cost, self.trouble, self.limit_ms = "none", "", 10.0
        evaluator = SimpleNamespace(
            choose=SimpleNamespace(scoring=SimpleNamespace(output="y")),
            conversions=SimpleNamespace(sensitivity=lambda recipe, output: table),
        )
        self.run = SimpleNamespace(evaluator=evaluator, progress=lambda doing: None)

    def _record(self, recipe):
        lost = self.drops(numbers(recipe.quantization.exceptions))
        drop = Drop(value=lost, low=lost - 0.01, high=lost + 0.01, interval="", n=99, resolved=True)
        return SimpleNamespace(
            recipe=recipe, drop=drop, status="ok", mendable=False, target="here", parity=None,
            latency_ms=SimpleNamespace(p50=5.0),
        )  # fmt: skip

    def tried(self, recipe, what, in_float=()):
        if len(self.asked) == self.most:
            raise StepFailed("skipped", "no time")
        self.asked.append(sorted(numbers(recipe.quantization.exceptions)))
        record = self._record(recipe)
        self.forms.append(record)
        self.best = min(self.best, record, key=lambda one: one.drop.value)
        return record

    def holds(self, record):
        return record.drop.value <= self.allowed


@pytest.fixture
def ladder(monkeypatch):
    def run(noises, drops, allowed=0.01, most=99):
        monkeypatch.setattr(refinement, "_profiles", lambda work: ((), ()))
        table = LayerSensitivity(plain=1.0, groups=tuple(noises), samples=8, seconds=1.0)
        work = Work(table, drops, allowed, most)
        with contextlib.suppress(StepFailed):
            refinement._except_layers(work)
        return work

    return run


ROWS = [row(0, 0.1), row(1, 0.2), row(2, 0.3), row(3, 0.4), row(4, 0.5), row(5, 0.6)]


def test_groups_are_added_until_it_holds_and_then_as_few_of_the_last_as_will_do(ladder):
    work = ladder(ROWS, lambda held: 0.0 if held >= {0, 1, 2, 3} else 0.05)
    assert work.asked == [[0], [0, 1], [0, 1, 2], [0, 1, 2, 3, 4], [0, 1, 2, 3]]
    assert numbers(work.best.recipe.quantization.exceptions) == {0, 1, 2, 3}
    assert [price.group.first for price in work.in_float] == [0, 1, 2, 3]


def test_where_the_time_is_over_the_one_with_the_fewest_groups_so_far_is_taken(ladder):
    """A form with fewer groups may lose a little less, or a little more: both keep the limit."""

    def lost(held):
        return 0.05 if not held >= {0, 1, 2, 3} else 0.002 if 5 in held else 0.005

    work = ladder([*ROWS, row(6, 0.7)], lost, most=5)
    assert work.asked[-1] == [0, 1, 2, 3, 4][: len(work.asked[-1])]
    kept = {price.group.first for price in work.in_float}
    assert numbers(work.best.recipe.quantization.exceptions) == kept


def test_what_makes_it_clearly_worse_is_left_out_of_what_follows(ladder):
    def lost(held):
        return 0.0 if held == {1, 2} else 0.08 if 0 in held else 0.05

    work = ladder(ROWS, lost)
    assert work.asked == [[0], [1], [1, 2]]
    assert [price.group.first for price in work.in_float] == [1, 2]


def test_what_is_worse_by_chance_stays(ladder):
    work = ladder(ROWS, lambda held: 0.0 if held >= {0, 1} else 0.05 + 0.005 * (held == {0}))
    assert work.asked == [[0], [0, 1]]


def test_a_kind_stays_in_float_wherever_its_operators_stand(ladder):
    work = ladder([*ROWS, kind(("2", "5-6", "9"), 0.05)], lambda held: 0.05 * (9 not in held))
    assert work.asked == [[2, 5, 6, 9]]
    assert work.best.recipe.quantization.exceptions == ("2", "5-6", "9")
    assert work.in_float[0].group.kind == "GroupConvolution"


def test_where_nothing_holds_nothing_is_kept(ladder):
    work = ladder(ROWS, lambda held: 0.05)
    assert work.asked == [[0], [0, 1], [0, 1, 2], [0, 1, 2, 3, 4]]
    assert work.in_float == ()
