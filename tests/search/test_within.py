"""The order within a time: what comes first, by what is known."""

import pytest

from edgeopt.domain.recipe import Quantization, Recipe
from edgeopt.search.expected import Costs, Seen
from edgeopt.search.usual import Share, Table
from edgeopt.search.within import LAUNCHES, WAVE, Step, contenders, is_due, needed_s, order

RUNTIMES = ("openvino", "litert", "onnxruntime")
INTEGERS = Quantization(library="nncf", calibration="min-max")


def recipe(runtime, precision="fp32", threads=1):
    quantization = INTEGERS if precision == "int8-static" else None
    return Recipe(runtime=runtime, precision=precision, threads=threads, quantization=quantization)


def timed(ms_by_runtime):
    return [Seen(recipe(runtime), runs=True, ms=ms) for runtime, ms in ms_by_runtime.items()]


#: What the tests expect is of this table, not of the shipped one.
TABLE = Table(
    shares={
        family: {"int8-static": Share(0.5, 0.3), "int8-weights": Share(0.95, 0.1), **more}
        for family, more in (
            ("convolutions", {"int8-dynamic": Share(1.0, 0.3)}),
            ("other", {"int8-dynamic": Share(0.2, 0.3)}),
        )
    },
    seconds={},
)


def costs(**known):
    return Costs(table=TABLE, **known)


REST = [recipe(runtime, p) for runtime in RUNTIMES for p in ("int8-weights", "int8-static")]
FLOATS = [recipe(runtime, threads=n) for runtime in RUNTIMES for n in (2, 1)]


def tried(steps):
    found = [step.recipes[0] for step in steps if step.kind == "try"]
    return [(one.runtime, one.precision) for one in found]


def kinds(steps):
    return [step.kind for step in steps]


def test_floats_come_first_the_baseline_before_all_and_are_ranked():
    steps = order([*REST, *FLOATS], [], (), costs())
    assert tried(steps)[:3] == [(r, "fp32") for r in ("onnxruntime", "litert", "openvino")]
    assert [len(step.recipes) for step in steps[:3]] == [2, 2, 2]  # an artifact, all its threads
    assert steps[3].kind == "rank"
    assert len(tried(steps)) == 9  # the list is whole from the start


def test_what_is_expected_to_gain_most_in_a_second_comes_first():
    seen = timed({"openvino": 3.0, "litert": 1.0, "onnxruntime": 2.0})
    steps = order(REST, seen, {"rank"}, costs())
    assert tried(steps)[0] == ("litert", "int8-static")
    dear = costs(make_s={("litert", "int8-static"): 600.0})
    assert tried(order(REST, seen, {"rank"}, dear))[0] != ("litert", "int8-static")
    assert set(tried(steps)) == {(r.runtime, r.precision) for r in REST}


def test_a_wave_is_ranked_before_the_next_and_all_ends_with_a_screen():
    seen = timed({"openvino": 1.0, "litert": 1.0, "onnxruntime": 1.0})
    found = kinds(order(REST, seen, {"rank"}, costs()))
    assert found.count("try") == len(REST)
    first = found.index("rank") if "rank" in found else found.index("screen")
    assert found[:first].count("try") <= WAVE
    assert "screen" in found
    assert found.index("screen") < found.index("settings")
    last = len(found) - 1 - found[::-1].index("try")
    assert "screen" in found[last:]  # nothing that was tried stays untimed


def test_what_this_run_measured_of_one_runtime_moves_what_is_expected_of_another():
    seen = timed({"litert": 1.0, "onnxruntime": 1.0})
    rest = [r for r in REST if r.runtime == "onnxruntime"]
    assert tried(order(rest, seen, {"rank"}, costs()))[0][1] == "int8-static"
    slow = [*seen, Seen(recipe("litert", "int8-static"), runs=True, allowed=True, ms=4.0)]
    assert tried(order(rest, slow, {"rank"}, costs()))[0][1] == "int8-weights"


def test_earlier_runs_order_and_the_table_does_not():
    seen = timed({"litert": 1.0, "onnxruntime": 1.1})
    rest = [r for r in REST if r.runtime != "openvino"]
    assert [p for _, p in tried(order(rest, seen, {"rank"}, costs()))[:2]] == ["int8-static"] * 2
    shown = costs(share={("onnxruntime", "int8-weights"): 0.2, ("litert", "int8-static"): 1.5})
    assert tried(order(rest, seen, {"rank"}, shown))[0] == ("onnxruntime", "int8-weights")


def test_a_form_that_seldom_kept_its_limits_comes_later():
    seen = timed({"litert": 1.0})
    rest = [recipe("litert", p) for p in ("int8-static", "int8-dynamic")]
    alike = costs(share={("litert", p): 0.5 for p in ("int8-static", "int8-dynamic")})
    often = {("litert", "int8-static"): 1.0, ("litert", "int8-dynamic"): 0.0}
    never = {("litert", "int8-static"): 0.0, ("litert", "int8-dynamic"): 1.0}
    for allowed, first in ((often, "int8-static"), (never, "int8-dynamic")):
        known = Costs(table=TABLE, share=alike.share, allowed=allowed)
        assert tried(order(rest, seen, {"rank"}, known))[0][1] == first


def test_of_an_artifact_that_number_of_threads_comes_first_that_was_fastest():
    rest = [recipe("litert", "int8-static", threads=n) for n in (1, 2)]
    for fastest in (1, 2):
        seen = [
            Seen(recipe("litert", threads=n), runs=True, allowed=True, ms=1.0 + (n != fastest))
            for n in (1, 2)
        ]
        steps = [s for s in order(rest, seen, {"rank"}, costs()) if s.kind == "try"]
        assert [step.recipes[0].threads for step in steps] == [fastest, 3 - fastest]
    # How the first of them runs tells whether the other is worth its time; it is made already.
    one = Seen(rest[0], runs=True, allowed=True, ms=0.5)
    step = next(s for s in order(rest[1:], [*seen, one], {"rank"}, costs()) if s.kind == "try")
    assert step.expected_s == 0.0


def test_looks_are_not_repeated_where_nothing_new_was_tried():
    seen = [Seen(recipe("litert"), runs=True, allowed=True, ms=1.0)]
    assert kinds(order([], seen, (), costs())) == ["screen", "settings"]
    assert kinds(order([], seen, {"screen"}, costs())) == ["settings"]
    assert order([], seen, {"screen", "refine", "settings"}, costs()) == ()


def test_integers_are_refined_where_fast_ones_lose_too_much():
    floats = [Seen(recipe("litert"), runs=True, allowed=True, ms=1.0)]
    fast = Seen(recipe("litert", "int8-static"), runs=True, allowed=False, ms=0.4)
    assert "refine" in kinds(order([], [*floats, fast], (), costs()))
    slow = Seen(recipe("litert", "int8-static"), runs=True, allowed=False, ms=1.4)
    assert "refine" not in kinds(order([], [*floats, slow], (), costs()))


def test_expected_seconds_are_those_that_were_seen():
    seen = timed({"litert": 1.0})
    known = costs(made_s={("litert", "int8-static"): 40.0}, launch_s=2.0)
    steps = order([recipe("litert", "int8-static")], seen, {"rank"}, known)
    step = next(s for s in steps if s.kind == "try")
    assert step.expected_s == 40.0
    # It is of no use without a screen of what runs then: most of them leave early.
    assert needed_s(step, seen, known) == pytest.approx(40.0 + LAUNCHES["screen"] * 2 * 2.0)
    look = next(s for s in steps if s.kind == "screen")
    assert needed_s(look, seen, known) == look.expected_s


def test_a_slow_machine_is_expected_to_stay_slow():
    table = Table(shares=TABLE.shares, seconds={("litert", "fp32"): 2.0, ("litert", "fp16"): 3.0})
    known = Costs(table=table, made_s={("litert", "fp32"): 8.0})
    assert known.tried_s(recipe("litert", "fp16")) == 12.0


def test_what_pays_differs_between_families():
    seen = timed({"litert": 1.0})
    rest = [recipe("litert", p) for p in ("int8-static", "int8-dynamic")]
    for family, first in (("convolutions", "int8-static"), ("other", "int8-dynamic")):
        assert tried(order(rest, seen, {"rank"}, costs(family=family)))[0][1] == first


def test_a_screen_is_of_what_may_still_win_and_the_baseline():
    seen = [
        Seen(recipe("onnxruntime"), runs=True, allowed=True, ms=5.0),
        Seen(recipe("litert"), runs=True, allowed=True, ms=1.0),
        Seen(recipe("openvino"), runs=True, allowed=True, ms=1.6),
        Seen(recipe("litert", "int8-static"), runs=True, allowed=False, ms=0.4),
        Seen(recipe("openvino", "int8-static"), runs=True),
        Seen(recipe("openvino", "int8-weights"), runs=False),
    ]
    new = [("onnxruntime", "fp32"), ("openvino", "int8-static")]
    near = [new[0], ("litert", "fp32"), ("litert", "int8-static"), new[1]]
    for kind, expected in (("rank", new), ("screen", near)):
        assert [(one.runtime, one.precision) for one in contenders(kind, seen)] == expected


def paced(own=None, **paces):
    """Of this table, with what each runtime's fp32 usually takes beside the baseline's."""
    shares = {name: Share(pace, 0.3) for name, pace in paces.items()}
    families = ("convolutions", "other")
    table = Table(
        TABLE.shares, {}, {one: own or {} for one in families}, dict.fromkeys(families, shares)
    )
    return Costs(table=table)


def test_the_fp32_of_a_runtime_that_is_expected_far_behind_waits_and_its_forms_wait_for_it():
    known = paced(onnxruntime=1.0, openvino=1.0, litert=2.5)
    steps = order([*REST, *FLOATS], [], (), known)
    assert tried(steps)[:2] == [("onnxruntime", "fp32"), ("openvino", "fp32")]
    assert steps[2].kind == "rank"
    seen = timed({"openvino": 1.0, "onnxruntime": 1.0})
    rest = [r for r in [*REST, *FLOATS] if r.runtime == "litert" or r.precision != "fp32"]
    later = tried(order(rest, seen, {"rank"}, known))
    assert later[0][1] == "int8-static"
    assert later.index(("litert", "fp32")) < later.index(("litert", "int8-static"))


def test_what_a_waiting_runtime_opens_counts_for_it():
    known = paced({("litert", "int8-static"): Share(0.1, 0.3)}, onnxruntime=1.0, litert=2.5)
    seen = timed({"onnxruntime": 1.0})
    rest = [r for r in [*REST, *FLOATS] if r.runtime == "litert"]
    others = [recipe("onnxruntime", "int8-weights")]
    assert tried(order([*others, *rest], seen, {"rank"}, known))[0] == ("litert", "fp32")


def test_a_runtime_that_no_table_tells_of_does_not_wait():
    steps = order([*REST, *FLOATS], [], (), paced(onnxruntime=1.0, openvino=2.5))
    assert tried(steps)[:2] == [("onnxruntime", "fp32"), ("litert", "fp32")]


def screened(*ms):
    """So many threads' forms of LiteRT, timed side by side for longer."""
    return [
        Seen(recipe("litert", threads=n + 1), runs=True, allowed=True, ms=one, sure=True)
        for n, one in enumerate(ms)
    ]


def test_after_a_screen_a_few_new_forms_are_ranked_and_many_are_screened():
    seen = screened(1.0, 1.1, 1.2)
    for new, kind in ((1, "rank"), (WAVE, "screen")):
        fresh = [Seen(recipe("openvino", threads=n + 1), runs=True) for n in range(new)]
        last = order([], [*seen, *fresh], {"refine", "settings"}, costs())[-1]
        assert last.kind == kind
    # One launch each of what is new and of the baseline, instead of all that is near.
    one = recipe("openvino", "int8-static")
    step = next(s for s in order([one], seen, {"screen"}, costs()) if s.kind == "try")
    assert needed_s(step, seen, costs()) == pytest.approx(step.expected_s + 2 * 0.8)


def test_a_look_at_nothing_new_is_not_due():
    waiting = Seen(recipe("litert"), runs=True)
    timed_one = Seen(recipe("litert"), runs=True, ms=1.0)
    broken = Seen(recipe("litert"), runs=False)
    rank, screen = (Step(kind, (), 1.0) for kind in ("rank", "screen"))
    assert is_due(rank, [waiting], ())
    assert not is_due(rank, [timed_one, broken], ())
    assert is_due(screen, [timed_one], ())
    assert not is_due(screen, [timed_one], {"screen"})


def test_the_baseline_of_all_schedules_is_the_fastest_of_its_runtime():
    seen = [
        Seen(recipe("onnxruntime", threads=2), runs=True, allowed=True, ms=3.0),
        Seen(recipe("onnxruntime", threads=1), runs=True, allowed=True, ms=2.0),
        Seen(recipe("litert"), runs=True),
    ]
    assert contenders("rank", seen) == [seen[1].recipe, seen[2].recipe]


def test_what_others_were_compared_with_stays_the_baseline():
    """A later schedule may show another number of threads faster: its times are another scale."""
    seen = [
        Seen(recipe("onnxruntime", threads=2), runs=True, allowed=True, ms=3.0, compared=True),
        Seen(recipe("onnxruntime", threads=1), runs=True, allowed=True, ms=2.0),
        Seen(recipe("litert"), runs=True),
    ]
    assert contenders("rank", seen) == [seen[0].recipe, seen[2].recipe]
    gone = [Seen(seen[0].recipe, runs=False, compared=True), *seen[1:]]
    assert contenders("rank", gone) == [seen[1].recipe, seen[2].recipe]
