"""The loop that asks the clock, with a clock and a worker of the test's own."""

from dataclasses import dataclass, field

import pytest

from edgeopt.domain.recipe import Recipe
from edgeopt.pipeline.clock import Clock
from edgeopt.pipeline.within import take_in_time
from edgeopt.search.expected import Costs, Seen

RECIPES = [
    Recipe(runtime=runtime, precision=precision)
    for precision in ("int8-weights", "fp32", "fp16")
    for runtime in ("litert", "onnxruntime")
]


@dataclass
class Scripted:
    """Each try takes `try_s`, each look `look_s`, on a clock that nothing else moves.

    Attributes:
        slow: runtime and precision -> seconds in place of `try_s`, which nobody foresaw.
    """

    limit_s: float
    try_s: float = 10.0
    look_s: float = 5.0
    slow: dict = field(default_factory=dict)
    now: float = 0.0
    left: list = field(default_factory=lambda: list(RECIPES))
    known: list = field(default_factory=list)
    log: list = field(default_factory=list)

    def __post_init__(self):
        self.clock = Clock(self.limit_s, self.limit_s, lambda: self.now)

    def left_s(self):
        return self.clock.left_s()

    def end_s(self):
        return 20.0

    def untried(self):
        return self.left

    def seen(self):
        return self.known

    def costs(self):
        pairs = {(r.runtime, r.precision): self.try_s for r in RECIPES}
        return Costs(made_s=pairs, launch_s=0.1)

    def take(self, step):
        self.log.append(step.kind)
        assert len(self.log) < 100
        if step.kind != "try":
            self.now += self.look_s
            self.known = [Seen(one.recipe, True, True, ms=1.0) for one in self.known]
            return
        [one] = step.recipes
        self.now += self.slow.get((one.runtime, one.precision), self.try_s)
        self.left.remove(one)
        self.known = [*self.known, Seen(one, runs=True)]


def test_with_time_enough_all_is_tried_and_looked_at():
    worker = Scripted(1000.0)
    assert take_in_time(worker) == ()
    assert worker.log[:3] == ["try", "try", "rank"]
    # The settings of what leads once; what was tried last is screened, too.
    assert [worker.log.count(kind) for kind in ("try", "settings")] == [6, 1]
    assert worker.log[::-1].index("screen") < worker.log[::-1].index("try")


@pytest.mark.parametrize("limit_s", [40.0, 55.0, 70.0, 80.0])
def test_the_end_has_its_time(limit_s):
    worker = Scripted(limit_s)
    left = take_in_time(worker)
    assert 0 < len(left) < 6
    assert worker.now + worker.end_s() <= 1.1 * limit_s
    assert sorted(one.recipes[0].id for one in left) == sorted(r.id for r in worker.left)
    floats = [one.recipe.precision for one in worker.known][:2]
    assert floats == ["fp32"] * len(floats)


def test_something_is_tried_where_there_is_no_time_at_all():
    worker = Scripted(1.0)
    left = take_in_time(worker)
    assert worker.log == ["try"]
    assert worker.known[0].recipe == Recipe(runtime="onnxruntime", precision="fp32")
    assert len(left) == 5


def test_one_that_takes_longer_than_expected_costs_what_comes_after_it():
    quick = Scripted(112.0)
    slow = Scripted(112.0, slow={("litert", "fp32"): 55.0})
    assert take_in_time(quick) == ()
    assert len(take_in_time(slow)) >= 2
    assert slow.now + slow.end_s() <= 1.1 * 112.0


@pytest.mark.parametrize("limit_s", [60.0, 70.0, 80.0])
def test_looks_that_would_come_after_what_does_not_fit_are_not_taken(limit_s):
    """A look at nothing new takes no time here: nothing would ever end it."""
    worker = Scripted(limit_s, look_s=0.0)
    assert take_in_time(worker)
    looks = "".join(kind[0] for kind in worker.log).split("t")
    assert max(map(len, looks)) <= 4  # between tries: each kind of look once


def test_a_look_that_changes_nothing_is_not_taken_again_at_once():
    """A screen is skipped where all that runs lost too much; it took no time, for ever."""

    class Blind(Scripted):
        def take(self, step):
            known = self.known
            super().take(step)
            if step.kind != "try":
                self.known = known

    worker = Blind(1000.0, look_s=0.0)
    assert take_in_time(worker) == ()
    assert worker.log.count("try") == 6


def test_targets_that_wait_for_one_device_share_the_time():
    now = 10.0
    clock = Clock(100.0, 100.0, lambda: now)
    first = clock.share(3)
    assert first.left_s() == pytest.approx(30.0)
    now = 30.0  # it was done early
    assert clock.share(2).left_s() == pytest.approx(35.0)
    now = 120.0
    assert clock.share(1).left_s() == 0.0
    assert first.limit_s == 100.0


def test_a_schedule_has_more_launches_only_where_they_fit():
    now = 100.0
    clock = Clock(60.0, 160.0, lambda: now)
    deadline = clock.until(reserve_s=10.0)
    now = 130.0  # three launches took 30 s: two more take 20, and 20 are left beside the reserve
    assert deadline.allows(3, 5)
    now = 131.0  # the machine was slower
    assert not deadline.allows(3, 5)
    assert not deadline.allows(3, 8)
