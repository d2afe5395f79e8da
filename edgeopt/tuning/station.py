"""What a worker keeps of a study while it works for it: its kit, its bays, its devices' bays."""

from __future__ import annotations

import contextlib
import dataclasses
import shutil
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from edgeopt import targets
from edgeopt.jobs import scratch
from edgeopt.pipeline.machine_lock import MachineLock
from edgeopt.tuning import samples
from edgeopt.tuning.bay import Bay
from edgeopt.tuning.call import TuneCall
from edgeopt.tuning.kit import Kit
from edgeopt.tuning.workbench import Workbench


@dataclass
class Station:
    """See the module's head.

    Attributes:
        folder: of this worker's scratch files. call: as it is done here.
    """

    kit: Kit
    folder: Path
    call: TuneCall
    example: str
    lock: MachineLock
    _turn: threading.Lock = field(default_factory=threading.Lock)
    _idle: list[Bay] = field(default_factory=list)
    _devices: dict[str, Bay] = field(default_factory=dict)

    @contextlib.contextmanager
    def bay(self) -> Iterator[Bay]:
        """One that is idle, or a new one; it is idle again afterwards."""
        with self._turn:
            found = self._idle.pop() if self._idle else Bay(self.lock)
        try:
            yield found
        except BaseException:
            found.close()
            raise
        with self._turn:
            self._idle.append(found)

    def bench(self, bay: Bay) -> Workbench:
        """Where a bay judges: this machine answers, and devices are elsewhere. By its thread."""
        bench = bay.bench(self.call.asked)
        served = {one.profile.name: one for one in self.kit.placements}
        if not bench.placements:
            placements = [
                served.get(name) or bench.pool.nowhere(targets.load(name))
                for name in self.call.asked.targets
            ]
            as_told = self.kit.answering
            bench.placements = [dataclasses.replace(one, answering=as_told) for one in placements]
        return bench

    def device(self, name: str) -> Bay:
        """The bay of a device that this worker owns: one question after the other."""
        with self._turn:
            return self._devices.setdefault(name, Bay(self.lock))

    def clock(self, bay: Bay, name: str, target: str) -> Workbench:
        """Where a device's bay measures for a target. By its thread."""
        asked = dataclasses.replace(self.call.asked, targets=(target,), devices=(name,))
        return bay.bench(asked, (target,))

    def close(self) -> None:
        """End what is kept."""
        with self._turn:
            bays = [*self._idle, *self._devices.values()]
            self._idle, self._devices = [], {}
        for one in bays:
            one.close()
        shutil.rmtree(self.folder, ignore_errors=True)


_turn = threading.Lock()
_stations: dict[str, Station] = {}
_places: threading.Semaphore | None = None


def station_of(kit: Kit) -> Station:
    """This worker's station for a kit; those of other connections of the same study end.

    Raises:
        CannotWrite: the cache cannot be written. OSError: there is no room for the data.
    """
    with _turn:
        if kit.id not in _stations:
            for old in [key for key in _stations if _study(key) == _study(kit.id)]:
                _stations.pop(old).close()
            sys.path.extend(p for p in kit.places if p not in sys.path and Path(p).is_dir())
            folder = scratch.make("edgeopt-study-").resolve()
            call = kit.unpacked(folder)
            example = samples.write_example(call.asked.data, folder)
            _stations[kit.id] = Station(kit, folder, call, example, MachineLock())
        return _stations[kit.id]


def _study(kit: str) -> str:
    """Kits of one study differ by what follows the point."""
    return kit.partition(".")[0]


def end(study: str) -> None:
    """The study has ended: nothing of it is kept here."""
    with _turn:
        for key in [key for key in _stations if _study(key) == study]:
            _stations.pop(key).close()


def places(count: int) -> threading.Semaphore:
    """This worker's places for work, as many as its threads; of all studies together."""
    global _places
    with _turn:
        if _places is None:
            _places = threading.Semaphore(count)
        return _places
