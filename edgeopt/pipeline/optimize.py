"""optimize(): a model goes in, the version to ship for each target comes out, with a report."""

from __future__ import annotations

import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from edgeopt import targets
from edgeopt.domain.progress import Listener, silent
from edgeopt.domain.run import Choice, DataFacts, Run
from edgeopt.domain.target import Profile
from edgeopt.pipeline import decide, finish
from edgeopt.pipeline.call import Call
from edgeopt.pipeline.environment import environment, local_machine
from edgeopt.pipeline.intake import Intake, take_in
from edgeopt.pipeline.workbench import Workbench
from edgeopt.search.space import Space, space
from edgeopt.store import run_folder


def optimize(call: Call, progress: Listener = silent) -> Run:
    """Find, for each target, the artifact to ship.

    The same call again goes on where an interrupted one stopped.

    Returns:
        The run; `run.qualified` is False where nothing met the constraints of a target.

    Raises:
        BadInput, NotInstalled: nothing was written.
    """
    began, started = time.monotonic(), datetime.now(UTC).isoformat(timespec="seconds")
    machine = local_machine()
    with tempfile.TemporaryDirectory(prefix="edgeopt-") as scratch:
        intake = take_in(call, Path(scratch), progress)
        probed = [_probed(profile, machine) for profile in intake.profiles]
        spaces = [_space(profile, machine, intake) for profile in probed]
        folder, earlier = run_folder.create(call.out, intake.request)
        if earlier is not None and earlier.state == "finished":
            return run_folder.read(call.out)
        with folder.discarded_if_refused(), Workbench(call, intake, folder, progress) as bench:
            run = _blank(intake, bench, machine, started)
            folder.write_run(run)
            choices = []
            for profile, candidates in zip(probed, spaces, strict=True):
                choices.append(_one_target(bench, profile, candidates, machine))
            run = msgspec.structs.replace(
                run,
                state="finished",
                choices=tuple(choices),
                warnings=run.warnings + bench.warnings(),
                seconds=round(time.monotonic() - began, 1),
            )
            return finish.finish(run, folder, {p.name: p for p in probed})


def _probed(profile: Profile, machine: dict[str, Any]) -> Profile:
    return targets.probe(profile, machine) if profile.name == "this-machine" else profile


def _space(profile: Profile, machine: dict[str, Any], intake: Intake) -> Space:
    here = targets.matches(profile, machine)
    features = machine["features"] if here else profile.isa.features
    cores = machine["cores"] if here else max(profile.big_cores, 1)
    return space(profile, features, cores, intake.source)


def _one_target(
    bench: Workbench, profile: Profile, candidates: Space, machine: dict[str, Any]
) -> Choice:
    """Every candidate of one target: made, scored, measured; then the choice, confirmed."""
    here = targets.matches(profile, machine)
    for left in candidates.left_out:
        bench.keep(decide.skipped(profile.name, left))
    records = bench.candidates(profile.name, candidates.recipes, here)
    if here:
        return decide.by_measurement(bench, profile, records)
    return decide.by_profile(bench, profile, records)


def _blank(intake: Intake, bench: Workbench, machine: dict[str, Any], started: str) -> Run:
    parts = intake.parts
    return Run(
        state="running",
        request=intake.request,
        source=intake.source.facts(),
        data=DataFacts(
            calibrate=len(parts.calibrate),
            choose=len(parts.choose),
            confirm=len(parts.confirm),
            labels=parts.choose.labels is not None,
            groups=parts.choose.groups is not None,
            metric=bench.judge.name,
            metric_about=bench.judge.about,
            output=intake.output,
        ),
        choices=(),
        environment=environment(machine),
        warnings=intake.warnings,
        started=started,
        seconds=0.0,
    )
