"""A file timed alone: by the runner's loop, with the harness's figures."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from edgeopt.harness import figures
from edgeopt.harness.budget import STANDARD
from edgeopt.harness.timed import Block, Launch, Timed
from edgeopt.runner import alone
from edgeopt.runner.commands import Runner

SCHEDULE = {
    "launches": 2, "rounds": 3, "warmup_runs": 5, "warmup_s": 0.0, "block_runs": 4, "block_s": 0.0,
    "block_most_s": 5.0, "settling": 2,
}  # fmt: skip


def test_the_runner_and_a_bundle_have_one_loop(monkeypatch):
    called = []
    monkeypatch.setattr("edgeopt.runner.commands.durations", lambda *a: called.append(a) or [1, 2])
    runner = Runner()
    runner._session, runner._inputs = type("Session", (), {"run": print})(), [[0]]
    assert runner._time(2) == [1, 2]
    assert called == [(print, [[0]], 0, 2)]


def test_inputs_are_taken_in_turn():
    seen = []
    times = alone.durations(seen.append, ["a", "b", "c"], 2, 5)
    assert seen == ["c", "a", "b", "c", "a"]
    assert all(isinstance(t, int) and t >= 0 for t in times)


def test_a_launch_warms_up_and_leaves_settling_runs_out():
    calls = itertools.count()
    blocks = alone.launch(lambda _: next(calls), [0, 1], SCHEDULE)
    assert [len(block) for block in blocks] == [4, 4, 4]
    assert next(calls) == 1 + 5 + 3 * (2 + 4)


@pytest.mark.parametrize("lengths", [(20, 20, 20), (3, 7), (1,)])
def test_figures_are_those_of_the_harness(lengths):
    rng = np.random.default_rng(0)
    launches = [
        [[int(t) for t in rng.lognormal(14, 0.1, 12)] for _ in range(count)] for count in lengths
    ]
    timed = Timed(key="a", title="a")
    for blocks in launches:
        launch = Launch(opened=None, first_ns=1, warmup_ns=[1], peak_rss_bytes=None)
        launch.blocks += [
            Block(round=i, position=0, t_ns=[1, 1, *block], start_ns=0, before=None, after=None)
            for i, block in enumerate(blocks)
        ]
        timed.launches.append(launch)
    expected, found = figures.latency(timed, STANDARD), alone.figures(launches)
    assert (found["p50_ms"], found["p50_low_ms"], found["p50_high_ms"]) == (
        expected.p50, expected.p50_low, expected.p50_high,
    )  # fmt: skip
    assert (found["n"], found["launches"]) == (expected.n, expected.launches)


@pytest.mark.parametrize(
    ("low", "mid", "high", "word"),
    [(0.9, 1.0, 1.1, "agrees"), (1.2, 1.3, 1.4, "slower"), (0.5, 0.6, 0.7, "faster"),
     (1.1, 1.2, 1.3, "agrees")],
)  # fmt: skip
def test_two_figures_agree_where_their_intervals_meet(low, mid, high, word):
    found = {"p50_ms": mid, "p50_low_ms": low, "p50_high_ms": high}
    recorded = {"p50": 1.0, "p50_low": 0.95, "p50_high": 1.1}
    assert alone.agreement(found, recorded) == {"word": word, "ratio": mid}
    assert alone.agreement(found, None)["word"] == "not recorded"


def test_random_inputs_fit_their_types():
    kinds = {"x": ("float32", [1, 3]), "u": ("uint8", [2]), "i": ("int64", []), "b": ("bool", [2])}
    bindings = [
        {"source": name, "original_dtype": dtype, "original_shape": shape}
        for name, (dtype, shape) in kinds.items()
    ]
    found = alone.random_inputs(bindings)
    for name, (dtype, shape) in kinds.items():
        assert found[name].dtype == dtype
        assert found[name].shape == (alone.INPUTS, *shape)
    assert set(found["i"]) <= {0, 1}
