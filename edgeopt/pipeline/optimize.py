"""optimize(): a model goes in, the version to ship for each target comes out, with a report."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from edgeopt.compress import events
from edgeopt.domain import model
from edgeopt.domain.progress import Listener, silent
from edgeopt.domain.run import Choice, Run
from edgeopt.harness.budget import GLANCE
from edgeopt.jobs import disk, scratch, warm
from edgeopt.pipeline import (
    advice,
    ahead,
    early_look,
    folder_check,
    outputs,
    own_call,
    run_context,
    without_data,
)
from edgeopt.pipeline.call import Call
from edgeopt.pipeline.clock import Clock
from edgeopt.pipeline.device_pool import DevicePool
from edgeopt.pipeline.intake import Intake, take_in
from edgeopt.pipeline.lanes import Decided, Orders, decided
from edgeopt.pipeline.placement import Placement, space_of
from edgeopt.pipeline.run_context import RunContext
from edgeopt.pipeline.run_environment import environment, local_machine
from edgeopt.pipeline.step import Repeat, Steps
from edgeopt.pipeline.steps.answer_emulated import AnswerEmulated
from edgeopt.pipeline.steps.at_sizes import AtSizes
from edgeopt.pipeline.steps.compress import Compress
from edgeopt.pipeline.steps.confirm import Confirm
from edgeopt.pipeline.steps.corrupt import Corrupt
from edgeopt.pipeline.steps.depict import Depict
from edgeopt.pipeline.steps.final import Final
from edgeopt.pipeline.steps.final_in_time import FinalInTime
from edgeopt.pipeline.steps.in_batches import InBatches
from edgeopt.pipeline.steps.leave_untried import LeaveUntried
from edgeopt.pipeline.steps.make_and_score import MakeAndScore
from edgeopt.pipeline.steps.make_within import MakeWithin
from edgeopt.pipeline.steps.refine import Refine
from edgeopt.pipeline.steps.refine_fallen import RefineFallen
from edgeopt.pipeline.steps.screen import Screen
from edgeopt.pipeline.steps.session_options import SessionOptions
from edgeopt.pipeline.steps.suggest import Suggest
from edgeopt.pipeline.steps.take_unconfirmed import TakeUnconfirmed
from edgeopt.pipeline.steps.time_by_benchmark_model import TimeByBenchmarkModel
from edgeopt.pipeline.steps.try_within import TryWithin
from edgeopt.pipeline.steps.while_time import WhileTime
from edgeopt.pipeline.target_run import TargetRun, at_work
from edgeopt.report import untimed_words
from edgeopt.search.glance import glanced
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
    InBatches(),  # where a throughput is aimed at: the leading ones with several samples at once
    Repeat(
        Final(),  # the best three, in fresh launches, for longer
        Confirm(),  # one after the other on held-out samples, until one is settled
        RefineFallen(),  # more careful forms of an int8 finalist that did not stand, or only just
    ),
    AtSizes(),  # where an axis stays open: the chosen timed at every stated size
    Corrupt(),  # where it was asked for: the chosen on corrupted inputs
    Depict(),  # of images: what it answers otherwise than the source, drawn
)

#: The same within a time (`--time`): what the clock leaves out is recorded.
WITHIN_A_TIME: Steps = (
    TryWithin(),  # in an order, and with looks at what was tried, while there is time
    Screen(),  # what was not timed yet
    WhileTime(InBatches()),
    Repeat(FinalInTime(), Confirm(), WhileTime(RefineFallen())),
    WhileTime(AtSizes()),
    WhileTime(Corrupt()),
    WhileTime(Depict()),
)

#: Each target that nothing is timed for: evidence orders what is suggested.
BY_EVIDENCE: Steps = (
    MakeAndScore(),
    AnswerEmulated(),  # on an emulated core of the target
    TimeByBenchmarkModel(),  # on a phone with LiteRT's own program; its means rank nothing
    Compress(),  # says why it cannot
    Suggest(),  # by what was timed here and published for that core, size and drop
    Repeat(Confirm()),
    Corrupt(),
    Depict(),
)

#: Without data (`--data random`): nothing is scored, so nothing is refined or confirmed.
TIMED_ALONE: Steps = (MakeAndScore(), Screen(), SessionOptions(), Final(), TakeUnconfirmed())
IN_ORDER_ALONE: Steps = (MakeAndScore(), TimeByBenchmarkModel(), Suggest(), TakeUnconfirmed())

#: Both.
TIMED_ALONE_WITHIN: Steps = (TryWithin(), Screen(), FinalInTime(), TakeUnconfirmed())

#: A first look (`edgeopt try`): what can be made in half a minute, in one short schedule.
AT_A_GLANCE: Steps = (MakeWithin(30.0), Screen(GLANCE.name), LeaveUntried(), TakeUnconfirmed())


def optimize(
    call: Call,
    progress: Listener = silent,
    measured: Steps | None = None,
    unmeasured: Steps | None = None,
) -> Run:
    """Find, for each target, the artifact to ship.

    The same call again goes on where an interrupted one stopped.

    Args:
        measured: the steps of each target whose device is timed; None: as the call needs them.
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
    clock = None if call.time_s is None else Clock(call.time_s, began + call.time_s)
    usual = _orders(call)
    orders = Orders(measured or usual.measured, unmeasured or usual.unmeasured)
    model.prepare()
    if call.tensorboard:
        events.require(call.compression)
    with disk.ending(call.out), contextlib.ExitStack() as stack:
        stack.enter_context(warm.children(ahead.modules(call)))
        given = _taken_in(call, progress, stack)  # bad input ends here: nothing was written
        folder, earlier = _folder(call, given, stack)
        finished = earlier if earlier and earlier.state == "finished" else None
        changed = folder_check.changed_artifacts(finished, folder) if finished else {}
        if finished and not changed:
            return outputs.mended(finished, folder)
        stack.enter_context(folder.discarded_if_refused())
        context, runs = _at_work(call, given, folder, progress, clock, stack)
        run = outputs.begun(context, given.pool, started)
        choices = earlier.choices if earlier else ()
        known = {choice.target: choice for choice in choices if choice.target not in changed}
        folder.write_run(msgspec.structs.replace(run, choices=tuple(known.values())))
        new = [one for one in runs if one.target not in known]

        def end() -> None:
            context.recorder.stop()
            given.pool.close()

        run = _with_choices(run, runs, known, decided(new, orders, end), folder)
        run = _told(run, context, changed, time.monotonic() - began)
        _remember(context, new)
        return outputs.finish(run, folder, {r.target: r.placement.profile for r in runs})


@dataclasses.dataclass(frozen=True)
class _Given:
    """What a call gives, read and checked.

    Attributes:
        placements: where each target is placed; None: that need not be known before there is a
            folder.
    """

    pool: DevicePool
    intake: Intake
    placements: list[Placement] | None


def _taken_in(call: Call, progress: Listener, stack: contextlib.ExitStack) -> _Given:
    """Devices that are named answer; profiles, model and data are read."""
    work = Path(stack.enter_context(scratch.folder()))
    pool = DevicePool(local_machine(), work / "devices.log", progress)
    stack.callback(pool.close)
    pool.require(call.devices, reach=not out.is_begun(call.out))
    asked = functools.partial(ahead.begin_source, pool.local)
    intake = take_in(call, work, progress, asked)
    intake = _with_devices(intake, pool.names(intake.profiles, call.devices))
    return _Given(pool, intake, early_look.placements(pool, call, intake))


def _folder(call: Call, given: _Given, stack: contextlib.ExitStack) -> tuple[RunFolder, Run | None]:
    """The run's folder, and the run that it has: of this same call, to go on with."""
    stack.enter_context(run_folder.locked(call.out))
    about = environment(given.pool.here)
    folder, earlier = run_folder.create(
        call.out, given.intake.request, about, untimed_words.sentence
    )
    own_call.write(folder.path, call.said)
    finished = earlier is not None and earlier.state == "finished"
    return folder, run_folder.read(call.out) if finished else earlier


def _at_work(
    call: Call,
    given: _Given,
    folder: RunFolder,
    progress: Listener,
    clock: Clock | None,
    stack: contextlib.ExitStack,
) -> tuple[RunContext, list[TargetRun]]:
    """Every target, its device and its space; the source was asked."""
    pool, intake = given.pool, given.intake
    placements = given.placements or pool.placements(intake.profiles, call.devices)
    spaces = [space_of(one, intake.source, call.constraints.space) for one in placements]
    if call.glance:
        spaces = [glanced(space, intake.source, call.later) for space in spaces]
    context = stack.enter_context(
        run_context.opened(call, intake, folder, progress, pool.local, clock=clock)
    )
    return context, [at_work(context, *one) for one in zip(placements, spaces, strict=True)]


def _told(run: Run, context: RunContext, changed: dict[str, str], seconds: float) -> Run:
    """The finished run, with what is to be known of it."""
    return msgspec.structs.replace(
        run,
        state="finished",
        data=msgspec.structs.replace(run.data, unscored=advice.unscored(context)),
        warnings=(
            *advice.doubts(context),
            *run.warnings,
            *advice.warnings(context),
            *folder_check.made_again(changed),
            *advice.reused(context),
        ),
        seconds=round(seconds, 1),
    )


def _remember(context: RunContext, runs: Sequence[TargetRun]) -> None:
    """What later runs on this machine take of this one."""
    context.results.cache.prune()
    folder, limits = context.folder, context.call.constraints
    for one in runs:
        context.seen_before.keep(one.target, folder.journal.records(), limits, folder)


def _orders(call: Call) -> Orders:
    """The steps that a call's targets take."""
    if call.glance:
        return Orders(AT_A_GLANCE, IN_ORDER_ALONE)
    timely = call.time_s is not None
    if without_data.is_asked(call):
        return Orders(TIMED_ALONE_WITHIN if timely else TIMED_ALONE, IN_ORDER_ALONE)
    if timely:
        return Orders(WITHIN_A_TIME, BY_EVIDENCE)
    return Orders(BY_MEASUREMENT, BY_EVIDENCE)


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
