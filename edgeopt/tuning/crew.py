"""Trials side by side on a scheduler's workers: begun, answered, begun anew when they are lost.

One thread does all of it. Dask's own reads what trials say, and hands it on.
"""

from __future__ import annotations

import contextlib
import queue
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from edgeopt.domain.errors import DeviceFailed, OwnFault
from edgeopt.domain.study import TrialRecord
from edgeopt.jobs.child import first_line
from edgeopt.pipeline.placement import Placement
from edgeopt.tuning import file_set, kit, mail, worker_tasks
from edgeopt.tuning.mail import Answers, said_queue
from edgeopt.tuning.measurements import Inbox, Measurements
from edgeopt.tuning.open_trial import ATTEMPTS, Open
from edgeopt.tuning.same_outputs import refused_outputs
from edgeopt.tuning.scheduler import RETURN_S, Scheduler, Worker
from edgeopt.tuning.search import Search

TICK_S = 0.25
LOOK_S = 1.0


@dataclass
class Crew:
    """See the module's head.

    Attributes:
        placements: target -> the device that serves it.
    """

    search: Search
    scheduler: Scheduler
    placements: Mapping[str, Placement]
    _study: str = field(default_factory=lambda: uuid.uuid4().hex)
    _open: dict[int, Open] = field(default_factory=dict)
    _inbox: Inbox = field(default_factory=queue.SimpleQueue)
    _workers: list[Worker] = field(default_factory=list)
    _looked: float = 0.0
    _nobody_since: float | None = None
    _connections: int = 0
    _kit: Any = None
    _freed: dict[str, float] = field(default_factory=dict)
    _ending: dict[int, Any] = field(default_factory=dict)
    _measurements: Measurements = field(init=False)

    def work(self) -> None:
        """Until the search is over.

        Raises:
            BadInput: the first trials all failed.
            DeviceFailed: the scheduler was lost, or all its workers: the same call goes on.
            OwnFault: edgeopt made a mistake there.
        """
        self._connect()
        try:
            while True:
                try:
                    if not self._round():
                        return
                except OSError:  # Dask's, of a connection that is gone
                    if not self.scheduler.is_lost():
                        raise
                if not self.scheduler.alive:
                    self.scheduler.reconnect()
                    self._connect()
        finally:
            self._end()

    def _connect(self) -> None:
        """Hand the kit on, listen, and send what was under way anew."""
        from distributed import Queue

        self._connections += 1
        packed = kit.packed(
            f"{self._study}.{self._connections}", self.search.call, tuple(self.placements.values())
        )
        client = self.scheduler.client
        self._kit = client.submit(_same, packed, pure=False)
        self._measurements = Measurements(client, self._kit, self.placements, self._inbox)
        Queue(said_queue(packed.id), client=client)  # made before anyone speaks
        mail.begun(client, mail.listen(client, said_queue(packed.id), self._inbox.put))
        self._looked = 0.0
        self._look()
        for one in self._open.values():
            one.measured, one.answers = None, None
            self._send(one)

    def _end(self) -> None:
        """Nothing of the study is kept on the workers."""
        with contextlib.suppress(Exception):
            for one in self._open.values():
                one.future.cancel()
            if self.scheduler.alive:
                self.scheduler.client.run(_ended, self._study, on_error="ignore")

    def _round(self) -> bool:
        """Begin what there is room for, and do what has been said. False: all is done."""
        self._look()
        if self._crowded():
            self._freed.clear()  # who waits for a device to be free waits for nothing of ours
        while self._free() is not None and not self._crowded() and self._next():
            pass
        if not self._open:
            return self._may_go_on()
        with contextlib.suppress(queue.Empty):
            kind, what, detail = self._inbox.get(timeout=TICK_S)
            while True:
                self._heard(kind, what, detail)
                kind, what, detail = self._inbox.get_nowait()
        owned = {name for worker in self._workers for name in worker.devices}
        self._measurements.watch(self._open.values(), owned)
        return True

    def _crowded(self) -> bool:
        """Whether enough trials wait for devices: each has a process, and lends its place.

        As many as there are places keep the devices busy; more would be drawn before anything is
        known of those.
        """
        waiting = sum(one.measured is not None for one in self._open.values())
        return waiting >= max(2, sum(one.threads for one in self._workers))

    def _next(self) -> bool:
        """Begin the next trial; False: there is none now."""
        began, thought = time.monotonic(), self.search.sampling.spent_s
        trial = self.search.next(len(self._open))
        if trial is None:
            self._freed.clear()  # who waits for a trial that there is not waits for nothing of ours
            return False
        stored = self.search.stored(trial)
        if stored is not None:
            self.search.keep(trial, stored)
            return True
        self._open[trial.number] = one = Open(trial, self.search.begin_curve(trial))
        one.sampler_s = self.search.sampling.spent_s - thought
        self._send(one)
        one.began = self._freed.pop(one.worker, began)
        return True

    def _may_go_on(self) -> bool:
        """Nothing is under way: without a free worker the next one is waited for."""
        if self._free() is not None:
            return False
        time.sleep(TICK_S)
        return True

    def _look(self) -> None:
        """Who is there; at most once a second."""
        if time.monotonic() - self._looked < LOOK_S:
            return
        self._looked = time.monotonic()
        if self.scheduler.cluster is not None:
            self.scheduler.cluster.tend()
        self._workers = self.scheduler.workers()
        self._nobody_since = None if self._workers else self._nobody_since or time.monotonic()
        if self._nobody_since and time.monotonic() - self._nobody_since > RETURN_S:
            raise DeviceFailed(
                f"the scheduler {self.scheduler.address} has no workers any more.",
                "The same call goes on when there are some.",
            )

    def _free(self) -> Worker | None:
        """The worker with most room; None: all are busy. Who waits for a device needs none."""
        busy = [one.worker for one in self._open.values() if one.measured is None]
        room = {one: one.threads - busy.count(one.address) for one in self._workers}
        best = max(room, key=lambda one: room[one] / one.threads, default=None)
        return best if best is not None and room[best] > 0 else None

    def _send(self, one: Open) -> None:
        """Have it begun, with what is known of it by now: earlier attempts are heard no more."""
        number, free = one.trial.number, self._free()
        one.worker, one.attempt = free.address if free else "", ""
        if one.attempts:
            self.search.ledger.flush()  # what an earlier attempt handed over lies in the folder
        known = {
            "params": dict(one.trial.params),
            "files": file_set.trained(self.search.folder.trial(number)),
            "outputs": self.search.outputs(),
            "ahead": one.ahead(self.search),
        }
        key = f"edgeopt-trial-{self._study[:8]}-{number}-{uuid.uuid4().hex[:8]}"
        one.future, one.begun = self.scheduler.client.submit(
            worker_tasks.run_trial, self._kit, number, key, known, key=key, pure=False,
            workers=[one.worker] if one.worker else None, allow_other_workers=bool(one.worker),
        ), False  # fmt: skip
        one.future.add_done_callback(lambda future: self._inbox.put(("done", number, future)))

    def _heard(self, kind: str, what: Any, detail: Any) -> None:
        if kind == "done":
            self._done(what, detail)
        elif kind == "measured":
            one = self._open.get(what)
            self._measurements.ended(one, detail)
            if one is not None and one.measured is None:  # it has its place again
                self._freed.pop(one.worker, None)
        else:
            self._said(what)

    def _said(self, message: dict[str, Any]) -> None:
        """One question of a trial."""
        one = self._open.get(message["number"])
        attempt = message["attempt"]
        if message["say"] == "begin" and one is not None and attempt != one.attempt:
            self._began(one, message)
            return
        if one is None or attempt != one.attempt:
            Answers(self.scheduler.client, attempt).put({"over": True})
            return
        one.used(message["used"])  # before anything that may depend on it
        if message["say"] == "record":
            self._ending[one.trial.number] = one.future  # the task has a little to do yet
            self._keep(one, msgspec.json.decode(message["record"], type=TrialRecord))
            return
        if message["say"] == "time":
            self._measurements.begin(one, message)
            self._freed[one.worker] = time.monotonic()
            return
        reply = one.reply(message, self.search)
        if reply is not None:
            one.answers.put(reply)

    def _began(self, one: Open, message: dict[str, Any]) -> None:
        """An attempt begins; whatever was said by an earlier one is over."""
        one.measured = None
        one.answers = Answers(self.scheduler.client, message["attempt"])
        if one.begun:  # Dask begins a task anew whose worker is lost, with what was known then
            one.answers.put({"over": True})
            one.future.cancel()
            self._send(one)
            return
        one.attempt = message["attempt"]
        one.begun, one.attempts = True, one.attempts + 1
        one.names.append(message["worker"])
        named = (w.address for w in self._workers if w.name == message["worker"])
        one.worker = next(named, one.worker)
        if one.attempts > ATTEMPTS:
            self._lose(one, f"it was begun {ATTEMPTS} times, and its worker was lost each time")
            return
        if one.reported:
            one.curve.end(pruned=True)
            one.curve, one.reported = self.search.begin_curve(one.trial), 0
        if one.attempts > 1:
            one.began, one.sampler_s = time.monotonic(), 0.0

    def _done(self, number: int, future: Any) -> None:
        """A task has ended: with a record, lost again and again, or by a mistake."""
        self._ending.pop(number, None)
        one = self._open.get(number)
        if one is None or one.future is not future or not self.scheduler.alive:
            return
        if future.status == "finished":
            text = future.result()
            if not text:  # it was over for the worker, and is not for us
                self._send(one)
                return
            used, record = msgspec.json.decode(text, type=tuple[int, TrialRecord])
            one.used(used)
            self._keep(one, record)
            future.release()
        elif future.status == "cancelled":  # Dask's, where the scheduler forgot it
            self._send(one)
        else:
            error = future.exception()
            if isinstance(error, OwnFault):
                raise error
            self._lose(one, f"its worker could not do it: {first_line(error)}")

    def _lose(self, one: Open, why: str) -> None:
        one.future.cancel()
        self._keep(one, one.lost(why))

    def _keep(self, one: Open, record: TrialRecord) -> None:
        del self._open[one.trial.number]
        if not any(o.worker == one.worker and o.measured is None for o in self._open.values()):
            self._freed[one.worker] = time.monotonic()
        one.curve.end(pruned=record.state == "pruned")
        record = refused_outputs(one.finished(record), self.search.outputs())
        self.search.keep(one.trial, record)


def _same(value: Any) -> Any:
    """A task whose result a scheduler can have made anew, where its worker is lost."""
    return value


def _ended(study: str) -> None:
    from edgeopt.tuning import station

    station.end(study)
