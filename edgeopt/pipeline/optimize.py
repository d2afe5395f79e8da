"""optimize(): a model goes in, the version to ship for each target comes out, with a report."""

from __future__ import annotations

import contextlib
import dataclasses
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from edgeopt.compress import events
from edgeopt.domain.progress import Listener, silent
from edgeopt.domain.run import Choice, Run
from edgeopt.jobs import disk, scratch
from edgeopt.pipeline import advice, folder_check, outputs, run_context
from edgeopt.pipeline.call import Call
from edgeopt.pipeline.device_pool import DevicePool
from edgeopt.pipeline.intake import Intake, take_in
from edgeopt.pipeline.lanes import Decided, Orders, decided
from edgeopt.pipeline.placement import space_of
from edgeopt.pipeline.run_environment import environment, local_machine
from edgeopt.pipeline.step import Repeat, Steps
from edgeopt.pipeline.steps.answer_emulated import AnswerEmulated
from edgeopt.pipeline.steps.compress import Compress
from edgeopt.pipeline.steps.confirm import Confirm
from edgeopt.pipeline.steps.corrupt import Corrupt
from edgeopt.pipeline.steps.depict import Depict
from edgeopt.pipeline.steps.final import Final
from edgeopt.pipeline.steps.make_and_score import MakeAndScore
from edgeopt.pipeline.steps.profile_order import ProfileOrder
from edgeopt.pipeline.steps.refine import Refine
from edgeopt.pipeline.steps.refine_fallen import RefineFallen
from edgeopt.pipeline.steps.screen import Screen
from edgeopt.pipeline.steps.session_options import SessionOptions
from edgeopt.pipeline.steps.time_by_benchmark_model import TimeByBenchmarkModel
from edgeopt.pipeline.target_run import TargetRun, at_work
from edgeopt.report import untimed_words
from edgeopt.store import out, run_folder
from edgeopt.store.run_folder import RunFolder

#: Each target whose device is timed, in this order. Each step is a file in `pipeline/steps/`.
BY_MEASUREMENT: Steps = (
    MakeAndScore(),  # convert, parity with the source, score; what fails is a record, and ends
    Screen(),  # all that run, and int8 that refining may mend, in one short schedule
    Compress(),  # where it was asked for: smaller forms of the model, judged by latency
    Screen(),  # again, where compression added candidates, or figures were spoiled
    Refine(),  # fast int8 forms that lose too much: better integers, layers in float; timed
    SessionOptions(),  # the leading ones with other settings
    Repeat(
        Final(),  # the best three, in fresh launches, for longer
        Confirm(),  # one after the other on held-out samples, until one is settled
        RefineFallen(),  # more careful forms of an int8 finalist that did not stand, or only just
    ),
    Corrupt(),  # where it was asked for: the chosen on corrupted inputs
    Depict(),  # of images: what it answers otherwise than the source, drawn
)

#: Each target that nothing is timed for: the order of its profile decides.
BY_PROFILE: Steps = (
    MakeAndScore(),
    AnswerEmulated(),  # on an emulated core of the target
    TimeByBenchmarkModel(),  # on a phone with LiteRT's own program; its means rank nothing
    Compress(),  # says why it cannot
    ProfileOrder(),
    Repeat(Confirm()),
    Corrupt(),
    Depict(),
)


def optimize(
    call: Call,
    progress: Listener = silent,
    measured: Steps = BY_MEASUREMENT,
    unmeasured: Steps = BY_PROFILE,
) -> Run:
    """Find, for each target, the artifact to ship.

    The same call again goes on where an interrupted one stopped.

    Args:
        measured: the steps of each target whose device is timed.
        unmeasured: those of each other target.

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
        spaces = [space_of(placement, intake.source) for placement in placements]
        context = stack.enter_context(
            run_context.opened(call, intake, folder, progress, pool.local)
        )
        runs = [at_work(context, *one) for one in zip(placements, spaces, strict=True)]
        run = outputs.begun(context, pool, started)
        choices = earlier.choices if earlier else ()
        known = {choice.target: choice for choice in choices if choice.target not in changed}
        folder.write_run(msgspec.structs.replace(run, choices=tuple(known.values())))

        def end() -> None:
            context.recorder.stop()
            pool.close()

        new = [one for one in runs if one.target not in known]
        ended = decided(new, Orders(measured, unmeasured), end)
        run = _with_choices(run, runs, known, ended, folder)
        run = msgspec.structs.replace(
            run,
            state="finished",
            data=msgspec.structs.replace(run.data, unscored=advice.unscored(context)),
            warnings=(
                *advice.doubts(context),
                *run.warnings,
                *advice.warnings(context),
                *folder_check.made_again(changed),
            ),
            seconds=round(time.monotonic() - began, 1),
        )
        return outputs.finish(run, folder, {p.profile.name: p.profile for p in placements})


def _with_devices(intake: Intake, devices: tuple[str, ...]) -> Intake:
    request = msgspec.structs.replace(intake.request, devices=devices)
    return dataclasses.replace(intake, request=request)


def _with_choices(
    run: Run,
    runs: Sequence[TargetRun],
    known: dict[str, Choice],
    ended: Decided,
    folder: RunFolder,
) -> Run:
    """The run with its choices, in the order of its targets.

    Raises:
        DeviceFailed: a device was lost; the choices of the others are kept for the next call.
    """
    choices = known | ended.choices
    in_order = tuple(choices[one.target] for one in runs if one.target in choices)
    run = msgspec.structs.replace(run, choices=in_order)
    if ended.lost:
        folder.write_run(run)
        raise ended.lost[0]
    return run
