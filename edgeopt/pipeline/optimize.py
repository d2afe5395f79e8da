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
from edgeopt.pipeline import folder_check, lanes, outputs
from edgeopt.pipeline.call import Call
from edgeopt.pipeline.device_pool import DevicePool
from edgeopt.pipeline.intake import Intake, take_in
from edgeopt.pipeline.lanes import Job, Outcome
from edgeopt.pipeline.placement import Placement
from edgeopt.pipeline.run_context import RunContext
from edgeopt.pipeline.run_environment import environment, local_machine
from edgeopt.report import untimed_words
from edgeopt.search.space import Space, space, without
from edgeopt.store import out, run_folder
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
        pool = DevicePool(local_machine(), work / "devices.log", progress)
        stack.callback(pool.close)
        pool.require(call.devices, reach=not out.is_begun(call.out))
        intake = take_in(call, work, progress)
        intake = _with_devices(intake, pool.names(intake.profiles, call.devices))
        stack.enter_context(run_folder.locked(call.out))
        folder, earlier = run_folder.create(
            call.out, intake.request, environment(pool.here), untimed_words.sentence
        )
        changed: dict[str, str] = {}
        if earlier is not None and earlier.state == "finished":
            finished = run_folder.read(call.out)
            changed = folder_check.changed_artifacts(finished, folder)
            if not changed:
                return outputs.mended(finished, folder)
        stack.enter_context(folder.discarded_if_refused())
        placements = pool.placements(intake.profiles, call.devices)
        jobs = [Job(placement, _space(placement, intake)) for placement in placements]
        context = stack.enter_context(RunContext(call, intake, folder, progress, pool.local))
        context.stages.tensorboard = folder.path / "tensorboard" if call.tensorboard else None
        run = _blank(intake, context, pool, started)
        choices = earlier.choices if earlier else ()
        known = {choice.target: choice for choice in choices if choice.target not in changed}
        folder.write_run(msgspec.structs.replace(run, choices=tuple(known.values())))
        outcome = lanes.work(context, pool, jobs, known)
        run = _with_choices(run, outcome, jobs, folder)
        run = msgspec.structs.replace(
            run,
            state="finished",
            data=msgspec.structs.replace(run.data, unscored=context.unscored()),
            warnings=(
                *context.doubts(),
                *run.warnings,
                *context.warnings(),
                *folder_check.made_again(changed),
            ),
            seconds=round(time.monotonic() - began, 1),
        )
        return outputs.finish(run, folder, {p.profile.name: p.profile for p in placements})


def _with_devices(intake: Intake, devices: tuple[str, ...]) -> Intake:
    request = msgspec.structs.replace(intake.request, devices=devices)
    return dataclasses.replace(intake, request=request)


def _space(placement: Placement, intake: Intake) -> Space:
    profile, machine = placement.profile, placement.machine
    features = machine["features"] if machine else profile.isa.features
    cores = machine["cores"] if machine else max(profile.big_cores, 1)
    found = space(profile, features, cores, intake.source, convert.find, placement.providers)
    hint = f"`edgeopt devices setup {placement.name}` installs it." if placement.missing else ""
    return without(found, placement.missing, hint)


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


def _blank(intake: Intake, context: RunContext, pool: DevicePool, started: str) -> Run:
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
            metric=context.judge.name,
            metric_about=context.judge.about,
            metric_why=context.judge.why,
            output=intake.output,
        ),
        choices=(),
        environment=environment(pool.here, pool.machines()),
        warnings=intake.warnings + tuple(pool.warnings),
        started=started,
        seconds=0.0,
    )
