"""optimize(): a model goes in, the version to ship for each target comes out, with a report."""

from __future__ import annotations

import contextlib
import dataclasses
import time
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from edgeopt import convert
from edgeopt.compress import events
from edgeopt.domain.progress import Listener, silent
from edgeopt.domain.run import Choice, DataFacts, Run
from edgeopt.jobs import disk, scratch
from edgeopt.pipeline import finish, kept, lanes
from edgeopt.pipeline.call import Call
from edgeopt.pipeline.environment import environment, local_machine
from edgeopt.pipeline.intake import Intake, take_in
from edgeopt.pipeline.lanes import Job, Outcome
from edgeopt.pipeline.place import Place
from edgeopt.pipeline.places import Fleet
from edgeopt.pipeline.workbench import Workbench
from edgeopt.search.space import Space, space, without
from edgeopt.store import run_folder
from edgeopt.store.run_folder import RunFolder


def optimize(call: Call, progress: Listener = silent) -> Run:
    """Find, for each target, the artifact to ship.

    The same call again goes on where an interrupted one stopped.

    Returns:
        The run; `run.qualified` is False where nothing met the constraints of a target.

    Raises:
        BadInput, NotInstalled: nothing was written.
        CannotWrite: a disk is full: nothing is recorded of it, and the same call again goes on.
        DeviceFailed: a device cannot be reached (nothing was written), or was lost: the same
            call again goes on.
    """
    began, started = time.monotonic(), datetime.now(UTC).isoformat(timespec="seconds")
    if call.tensorboard:
        events.require(call.compression)
    with disk.ending(call.out), contextlib.ExitStack() as stack:
        work = Path(stack.enter_context(scratch.folder()))
        fleet = Fleet(local_machine(), work / "devices.log", progress)
        stack.callback(fleet.close)
        fleet.require(call.devices)
        intake = take_in(call, work, progress)
        intake = _with_devices(intake, fleet.names(intake.profiles, call.devices))
        stack.enter_context(run_folder.locked(call.out))
        folder, earlier = run_folder.create(call.out, intake.request, environment(fleet.here))
        changed: dict[str, str] = {}
        if earlier is not None and earlier.state == "finished":
            finished = run_folder.read(call.out)
            changed = kept.changed_artifacts(finished, folder)
            if not changed:
                return finish.mended(finished, folder)
        stack.enter_context(folder.discarded_if_refused())
        places = fleet.places(intake.profiles, call.devices)
        jobs = [Job(place, _space(place, intake)) for place in places]
        bench = stack.enter_context(Workbench(call, intake, folder, progress, fleet.local))
        bench.stages.tensorboard = folder.path / "tensorboard" if call.tensorboard else None
        run = _blank(intake, bench, fleet, started)
        choices = earlier.choices if earlier else ()
        known = {choice.target: choice for choice in choices if choice.target not in changed}
        folder.write_run(msgspec.structs.replace(run, choices=tuple(known.values())))
        outcome = lanes.work(bench, fleet, jobs, known)
        run = _with_choices(run, outcome, jobs, folder)
        run = msgspec.structs.replace(
            run,
            state="finished",
            data=msgspec.structs.replace(run.data, unscored=bench.unscored()),
            warnings=(*bench.doubts(), *run.warnings, *bench.warnings(), *kept.made_again(changed)),
            seconds=round(time.monotonic() - began, 1),
        )
        return finish.finish(run, folder, {p.profile.name: p.profile for p in places})


def _with_devices(intake: Intake, devices: tuple[str, ...]) -> Intake:
    request = msgspec.structs.replace(intake.request, devices=devices)
    return dataclasses.replace(intake, request=request)


def _space(place: Place, intake: Intake) -> Space:
    profile, machine = place.profile, place.machine
    features = machine["features"] if machine else profile.isa.features
    cores = machine["cores"] if machine else max(profile.big_cores, 1)
    found = space(profile, features, cores, intake.source, convert.find, place.providers)
    hint = f"`edgeopt devices setup {place.name}` installs it." if place.missing else ""
    return without(found, place.missing, hint)


def _with_choices(run: Run, outcome: Outcome, jobs: list[Job], folder: RunFolder) -> Run:
    """The run with its choices.

    Raises:
        DeviceFailed: a device was lost; the choices of the others are kept for the next call.
    """
    choices: list[Choice] = [
        outcome.choices[job.target] for job in jobs if job.target in outcome.choices
    ]
    run = msgspec.structs.replace(run, choices=tuple(choices))
    if outcome.lost:
        folder.write_run(run)
        raise outcome.lost[0]
    return run


def _blank(intake: Intake, bench: Workbench, fleet: Fleet, started: str) -> Run:
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
            metric_why=bench.judge.why,
            output=intake.output,
        ),
        choices=(),
        environment=environment(fleet.here, fleet.machines()),
        warnings=intake.warnings + tuple(fleet.warnings),
        started=started,
        seconds=0.0,
    )
