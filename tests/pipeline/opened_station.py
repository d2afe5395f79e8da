"""A run's station without the run: what a test of one stage of the pipeline starts from."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from edgeopt.domain.progress import silent
from edgeopt.domain.run import Constraints
from edgeopt.pipeline.call import Call
from edgeopt.pipeline.environment import local_machine
from edgeopt.pipeline.intake import take_in
from edgeopt.pipeline.places import Fleet
from edgeopt.pipeline.station import Station
from edgeopt.pipeline.workbench import Workbench
from edgeopt.store import run_folder


@contextmanager
def opened(call: Call) -> Iterator[Station]:
    """This machine at work on a call; what it needs lies beside `call.out`."""
    beside = call.out.parent
    scratch = beside / "scratch"
    scratch.mkdir()
    intake = take_in(call, scratch, silent)
    folder, _ = run_folder.create(call.out, intake.request)
    fleet = Fleet(local_machine(), beside / "devices.log", silent)
    [place] = fleet.places(intake.profiles, ())
    with Workbench(call, intake, folder, silent, fleet.local) as bench:
        yield Station(bench, bench.shop(bench.local), place)
    fleet.close()


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
