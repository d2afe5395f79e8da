"""tune(): trials of a user's own space, judged on their targets; the chosen one becomes a bundle.

The story of one call: the folder is held; the study is opened, new or to go on with; trials that an
interrupted call left are finished; then new ones, until the time, their number or the space ends;
the front, the choice and the importances; the chosen network goes through `optimize`.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from edgeopt.compress import events
from edgeopt.datasets import metrics
from edgeopt.domain.progress import Listener, silent
from edgeopt.domain.study import Study, TrialRecord
from edgeopt.jobs import scratch
from edgeopt.pipeline import data_read
from edgeopt.pipeline.optimize import optimize
from edgeopt.report import study_page
from edgeopt.store import atomic
from edgeopt.tuning import samplers, samples, storage
from edgeopt.tuning.call import TuneCall
from edgeopt.tuning.ledger import Ledger
from edgeopt.tuning.search import OWNER, Search
from edgeopt.tuning.study_folder import StudyFolder, held
from edgeopt.tuning.trial_work import TrialWork
from edgeopt.tuning.user_side import UserSide
from edgeopt.tuning.workbench import Workbench, opened

if TYPE_CHECKING:
    from optuna import Trial


def tune(call: TuneCall, progress: Listener = silent) -> Study:
    """Search; see the module's head. The same call again goes on where an interrupted one stopped.

    Returns:
        The study; `study.chosen` is None where no trial qualifies.

    Raises:
        BadInput: the request, the functions or the data cannot be used, or a storage cannot be
            reached.
        NotInstalled: Optuna, or something that the request needs, is not there.
        CannotWrite, DeviceFailed: the same call again goes on.
    """
    _require_asked(call)
    if call.tensorboard:
        events.require_package()
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(held(call.out))
        kept = _ledger(call, folder)
        stack.callback(kept.close)
        work = _here if call.scheduler is None else _on_workers
        search = stack.enter_context(work(call, folder, kept, progress))
        found = search.told(ended=True)
        folder.write(found)
    if call.bundle and found.chosen is not None:
        found = _with_run(call, folder, found, progress)
    found = msgspec.structs.replace(found, state="finished", folder=str(folder.path))
    folder.write(found)
    atomic.write(folder.report, study_page.render(found))
    return found


def _ledger(call: TuneCall, folder: StudyFolder) -> Ledger:
    """Where the study is kept. What workers wait for is written behind; else at once."""
    kept = storage.open_storage(call.storage, folder.path)
    place = storage.shown(call.storage or str(folder.path / storage.JOURNAL))
    made = Ledger(kept, place, behind=call.scheduler is not None)
    made.born = {OWNER: folder.owner()}
    return made


def _require_asked(call: TuneCall) -> None:
    """Refuse what no trial could be judged by, before one is trained. Raises BadInput."""
    asked = call.asked
    asked.require_known()
    if asked.metric is not None:
        metrics.require_known(asked.metric)
    data_read.require(asked.call(call.out, call.out))


@contextlib.contextmanager
def _here(
    call: TuneCall, folder: StudyFolder, kept: Ledger, progress: Listener
) -> Iterator[Search]:
    """Every trial in this process, one after the other."""
    with contextlib.ExitStack() as stack:
        bench = stack.enter_context(opened(call.asked, progress))
        search = _opened(call, folder, kept, bench.timed_targets(), progress)
        work = Path(stack.enter_context(scratch.folder("edgeopt-tune-")))
        user = stack.enter_context(
            UserSide(call.build, call.train, folder.log, call.trial_timeout_s)
        )
        example = samples.write_example(call.asked.data, work)
        user.start()  # functions that cannot be loaded are refused before anything is tried
        while (trial := search.next()) is not None:
            record = search.stored(trial) or _record(search, trial, bench, user, example)
            search.keep(trial, record)
        yield search


def _record(
    search: Search, trial: Trial, bench: Workbench, user: UserSide, example: str
) -> TrialRecord:
    return TrialWork(
        search.call,
        trial,
        search.folder.trial(trial.number),
        bench,
        user,
        search.begin_curve(trial),
        search.progress,
        example,
        search.outputs(),
    ).record()


@contextlib.contextmanager
def _on_workers(
    call: TuneCall, folder: StudyFolder, kept: Ledger, progress: Listener
) -> Iterator[Search]:
    """Trials side by side, on the workers of a scheduler."""
    from edgeopt.tuning.crew import Crew
    from edgeopt.tuning.scheduler import connected

    assert call.scheduler is not None
    with connected(call.scheduler, call.asked.devices, folder, progress) as scheduler:
        placements, warnings = scheduler.survey(call.asked)
        timed = [name for name in call.asked.targets if name in placements]
        search = _opened(call, folder, kept, tuple(timed), progress)
        search.warnings = warnings
        Crew(search, scheduler, placements).work()
        kept.flush()
        yield search


def _opened(
    call: TuneCall,
    folder: StudyFolder,
    kept: Ledger,
    timed: tuple[str, ...],
    progress: Listener,
) -> Search:
    """The study of a call: new, or to go on with."""
    request = call.request(timed)
    sampler = samplers.make(call.sampler, call.asked.seed, request.objectives)
    name = _name(call, folder, kept)
    study = storage.open_study(kept, name, request, sampler)
    folder.hold(name, storage.born(study))
    begun = len(study.get_trials(deepcopy=False))
    if begun:  # what is drawn from here on was not drawn before
        study.sampler = samplers.make(call.sampler, call.asked.seed + begun, request.objectives)
    return Search(call, folder, study, kept, request, timed, progress)


def _name(call: TuneCall, folder: StudyFolder, kept: Ledger) -> str:
    """Of the study: as asked; else of the one that the folder holds, wherever it was moved to."""
    if call.name:
        return call.name
    held = folder.holder().study
    if held or call.storage is not None:
        return held or call.study_name
    there = storage.names(kept)  # a folder of an older version, or a new one
    return there[0] if len(there) == 1 else call.study_name


def _with_run(call: TuneCall, folder: StudyFolder, found: Study, progress: Listener) -> Study:
    """The chosen network through `optimize`: the bundle for each target."""
    best = found.best
    assert best is not None
    path = folder.path / best.network
    if not best.network or not path.exists():
        gone = (
            f"no bundle was made: the network of trial {best.number} is no longer in "
            f"{folder.path / 'trials'}. Run the search with another --out, or train it again with "
            "its parameters and give it to `edgeopt optimize`."
        )
        return msgspec.structs.replace(found, warnings=(*found.warnings, gone))
    place = folder.chosen / f"{best.number:04d}"
    run = optimize(_call_of(call, found.name, path, place), progress)
    return msgspec.structs.replace(
        found, run=str(place.relative_to(folder.path)), qualified=run.qualified
    )


def _call_of(call: TuneCall, name: str, path: Path, place: Path) -> Any:
    asked = call.asked.call(path, place, trust=True)
    return dataclasses.replace(asked, budget=call.budget, title=f"{name}: chosen")
