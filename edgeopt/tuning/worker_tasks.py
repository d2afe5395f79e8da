"""What Dask's workers are asked to do for a study. What they return is plain: text, JSON."""

from __future__ import annotations

import contextlib
import dataclasses
import shutil
import socket
import sys
import time
from collections.abc import Callable
from concurrent.futures import TimeoutError as NotYet
from pathlib import Path
from typing import Any

import msgspec

import edgeopt
from edgeopt import targets
from edgeopt.domain.errors import BadInput, CannotWrite, DeviceFailed, EdgeoptError, NotInstalled
from edgeopt.domain.progress import silent
from edgeopt.domain.recipe import Recipe
from edgeopt.jobs import scratch
from edgeopt.pipeline.device_pool import DevicePool
from edgeopt.pipeline.placement import Placement
from edgeopt.pipeline.run_environment import local_machine
from edgeopt.tuning import curves, file_set, station
from edgeopt.tuning.asked import Asked
from edgeopt.tuning.bay import Bay
from edgeopt.tuning.elsewhere import Elsewhere
from edgeopt.tuning.kit import Kit
from edgeopt.tuning.link import Left, Link
from edgeopt.tuning.remote_trial import (
    RemoteBench,
    RemoteClock,
    RemoteCurve,
    RemoteTrial,
    TakingTurns,
)
from edgeopt.tuning.trial_work import TRAINED, TrialWork

TICK_S = 0.5


def about() -> dict[str, Any]:
    """A worker as it is."""
    return {
        "edgeopt": edgeopt.__version__,
        "python": sys.version.split()[0],
        "host": socket.gethostname(),
    }


def name_of(worker: Any) -> str:
    """A worker's name for people: its own, else its address."""
    return str(worker.name or worker.address)


def survey(asked: Asked, device: str) -> tuple[list[Placement], str]:
    """Which targets a device of this worker serves; and why it cannot be used, "" where it can."""
    from distributed import get_worker

    worker = name_of(get_worker())
    found = []
    with scratch.folder("edgeopt-survey-") as folder:
        pool = DevicePool(local_machine(), Path(folder) / "survey.log", silent)
        try:
            pool.require((device,))
            for target in asked.targets:
                with contextlib.suppress(BadInput):  # it is not of this target
                    [one] = pool.placements([targets.load(target)], (device,))
                    if one.device is not None and one.device.name == device and one.timed:
                        stand_in = Elsewhere(device, one.device.link, worker)
                        found.append(dataclasses.replace(one, device=stand_in, answered_here=True))
        except (BadInput, DeviceFailed, NotInstalled) as error:
            return [], str(error.args[0])
        finally:
            pool.close()
    return found, ""


def measure(kit: Kit, device: str, target: str, model: str, files: dict[str, bytes],
            recipes: bytes) -> dict[str, Any]:  # fmt: skip
    """Times of forms of a network on a device of this worker: {"times": JSON} or {"failed": why}.

    `again`: the device was lost, and may be there the next time.
    """
    from distributed import get_worker, secede

    worker = name_of(get_worker())
    here = station.station_of(kit)
    bay = here.device(device)
    secede()  # the token stays with it; this machine may do a trial while a board elsewhere works

    def work() -> dict[str, Any]:
        with scratch.folder("edgeopt-timed-") as folder:
            file_set.write(files, Path(folder))
            asked = msgspec.json.decode(recipes, type=list[Recipe])
            bench = here.clock(bay, device, target)
            times = bench.times(Path(folder) / model, target, asked)
            return {"times": msgspec.json.encode(times), "worker": worker}

    try:
        return bay.do(work).result()
    except (DeviceFailed, CannotWrite) as error:
        return {"failed": f"{worker}: {error.args[0]}", "hint": error.hint, "again": True}
    except EdgeoptError as error:
        return {"failed": f"{worker}: {error.args[0]}", "hint": error.hint, "again": False}


def run_trial(kit: Kit, number: int, key: str, known: dict[str, Any]) -> str:
    """One trial, as JSON: how many of the answers ahead it used, and its record.

    "" where nobody waits for it any more. `known` of it before: {"params", "files": of a trained
    network, "outputs": of the first one, "ahead": as of `RemoteTrial`}.
    """
    from distributed import get_client, get_worker, secede

    worker = get_worker()
    if kit.version != edgeopt.__version__:
        raise RuntimeError(f"the worker has edgeopt {edgeopt.__version__}, not {kit.version}")
    here = station.station_of(kit)
    place = station.places(worker.state.nthreads)
    secede()  # Dask's thread is free for measurements; who may work is told by `place`

    def wanted() -> bool:
        state = worker.state.tasks.get(key)
        return state is not None and state.state not in ("cancelled", "released")

    came = time.monotonic()
    with (
        contextlib.suppress(Left),
        Link(get_client(), kit.id, number, place, wanted) as link,
        place,
        here.bay() as bay,
    ):
        link.queued_s = time.monotonic() - came  # another trial came back to its place
        work = bay.do(lambda: _trial(here, bay, link, name_of(worker), known))
        return _awaited(work.result, bay, link)
    return ""


def _awaited(result: Callable[[float], str], bay: Bay, link: Link) -> str:
    """The record; where nobody wants it any more, the user's functions are ended."""
    while True:
        try:
            return result(TICK_S)
        except NotYet:
            if not link.over and not link.wanted():
                link.over = True
                if bay.user is not None:
                    bay.user.close()


def _trial(here: station.Station, bay: Bay, link: Link, worker: str, known: dict[str, Any]) -> str:
    link.tell("begin", worker=worker)
    folder = here.folder / "trials" / f"{link.number:04d}"
    shutil.rmtree(folder, ignore_errors=True)
    try:
        return _done(here, bay, link, worker, known, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _done(
    here: station.Station, bay: Bay, link: Link, worker: str, known: dict[str, Any], folder: Path
) -> str:
    file_set.write(known["files"], folder)
    clock, began, started_s = RemoteClock(link), time.monotonic(), 0.0
    user = bay.users(here.call, here.folder / "user.log")
    user.places = here.kit.places
    trial = RemoteTrial(link, link.number, dict(known["params"]), list(known["ahead"]))
    bench, turns = here.bench(bay), TakingTurns(user, here.lock, trial)

    def hand_over() -> None:
        trained = msgspec.json.decode((folder / TRAINED).read_bytes())
        paths = [folder / trained["path"], folder / TRAINED]  # what tells of it comes last
        link.tell("trained", files=file_set.read(folder, paths))

    outputs = known["outputs"]
    work = TrialWork(
        here.call,
        trial,
        folder,
        RemoteBench(bench, clock),
        turns,
        RemoteCurve(link, curves.known(here.call.pruner) != "none"),
        silent,
        here.example,
        outputs and {name: tuple(shape) for name, shape in outputs.items()},
        hand_over,
    )
    try:
        if not known["files"]:
            user.start()
        started_s = time.monotonic() - began
        record = work.record()
    except (DeviceFailed, CannotWrite) as error:
        record = work.lost(str(error.args[0]), error.hint)
    except BadInput as error:
        record = work.unloadable(f"on {worker}: {error.args[0]}", error.hint)
    except BaseException:
        user.close()
        raise
    seconds = _apart(record.seconds, clock.waited_s)
    seconds |= {"start": round(started_s, 3), "turn": round(turns.waited_s + link.queued_s, 3)}
    done = msgspec.structs.replace(record, worker=worker, measured_by=clock.by, seconds=seconds)
    link.tell("record", record=msgspec.json.encode(done).decode())
    return msgspec.json.encode((link.used, done)).decode()


def _apart(seconds: dict[str, float], waited_s: float) -> dict[str, float]:
    """With the time for a device by itself, which the steps that asked for it had in theirs."""
    found, left = dict(seconds), waited_s
    for step in ("before-training", "judge"):
        own = min(found.get(step, 0.0), left)
        if own:
            found[step], left = round(found[step] - own, 3), left - own
    return {**found, "device": round(waited_s, 3)}
