"""A run at work on one target: what a test of one step starts from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from edgeopt.domain.progress import silent
from edgeopt.domain.record import Record
from edgeopt.domain.run import Constraints
from edgeopt.jobs import warm
from edgeopt.pipeline import run_context
from edgeopt.pipeline.call import Call
from edgeopt.pipeline.device_pool import DevicePool
from edgeopt.pipeline.intake import take_in
from edgeopt.pipeline.placement import space_of
from edgeopt.pipeline.run_environment import local_machine
from edgeopt.pipeline.state import State
from edgeopt.pipeline.target_run import TargetRun, at_work
from edgeopt.store import run_folder


@contextmanager
def opened(call: Call) -> Iterator[TargetRun]:
    """This machine at work on a call; what it needs lies beside `call.out`.

    Its children are forked, as those of `optimize` are.
    """
    beside = call.out.parent
    scratch = beside / "scratch"
    scratch.mkdir()
    with warm.children():
        intake = take_in(call, scratch, silent)
        folder, _ = run_folder.create(call.out, intake.request)
        pool = DevicePool(local_machine(), beside / "devices.log", silent)
        [placement] = pool.placements(intake.profiles, ())
        with run_context.opened(call, intake, folder, silent, pool.local) as context:
            yield at_work(context, placement, space_of(placement, intake.source))
        pool.close()


def screened_state(run: TargetRun, records: Sequence[Record], baseline: str | None) -> State:
    """The state of a run whose candidates were timed in one schedule."""
    keys = frozenset(record.key for record in records)
    state = State(run.call.constraints, (), tuple(records), baseline, keys)
    return state.queued(state.ranked())


def on_noise(model: Path, samples: int, max_drop: float) -> Call:
    """For a model with an input "x" [1, 32], seeded data for it, and a run beside its file."""
    data = {"x": np.random.default_rng(1).normal(size=(samples, 32)).astype(np.float32)}
    return Call(
        model=model,
        targets=("this-machine",),
        data=data,
        out=model.parent / "run",
        metric="agreement",
        constraints=Constraints(max_drop=max_drop),
    )
