"""A worker's way to the call: questions and answers through two of Dask's queues."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import threading
import uuid
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from typing import Any

from edgeopt.tuning import mail

LOOK_S = 5.0
"""So often one that waits for an answer looks whether its task is wanted still."""


class Left(Exception):
    """Nobody waits for this trial any more."""


@dataclass
class Link:
    """One attempt at one trial, talking. Used by one thread at a time.

    Attributes:
        client: Dask's, of this worker.
        place: this worker's places for work; one is left while the trial waits for a device.
        wanted: whether the task is still one. queued_s: until it had its place.
        used: of the answers that were sent with the trial; told with all that is said.
    """

    client: Any
    kit: str
    number: int
    place: threading.Semaphore
    wanted: Callable[[], bool]
    attempt: str = field(default_factory=lambda: uuid.uuid4().hex)
    over: bool = False
    queued_s: float = 0.0
    used: int = 0
    _last: concurrent.futures.Future[Any] | None = None
    _made: bool = False

    def __enter__(self) -> Link:
        return self

    def __exit__(self, *_: object) -> None:
        """What was said has arrived, or never will."""
        with contextlib.suppress(Exception):  # the scheduler may be gone
            if self._last is not None:
                self._last.result(LOOK_S)
            message = {"op": "queue_release", "name": mail.answer_queue(self.attempt)}
            self.client._send_to_scheduler(message)  # as Dask's `Queue.close` does

    def tell(self, say: str, **message: Any) -> None:
        """Say something that has no answer, and go on.

        Raises:
            Left: the trial is over, as far as the call knows.
        """
        self._begin(self._say(self._last, self._whole(say, message)))

    def ask(self, say: str, **message: Any) -> dict[str, Any]:
        """Say something, and wait for the answer.

        Raises:
            Left: the trial is over, as far as the call knows.
        """
        self._begin(self._say_and_hear(self._last, self._whole(say, message)))
        while True:
            assert self._last is not None
            try:
                reply: dict[str, Any] = self._last.result()
                break
            except TimeoutError:
                self._begin(self._hear())
            except (OSError, concurrent.futures.CancelledError) as error:
                raise Left from error  # Dask's, of a scheduler that is gone
        if reply.get("over"):
            raise Left
        return reply

    def _begin(self, work: Coroutine[Any, Any, Any]) -> None:
        if self.over or not self.wanted():
            work.close()
            raise Left
        try:
            self._last = mail.begun(self.client, work)
        except OSError as error:
            raise Left from error

    def _whole(self, say: str, message: dict[str, Any]) -> dict[str, Any]:
        """With who says it, and what is true while it is said: it is sent later."""
        about = {"number": self.number, "attempt": self.attempt, "used": self.used}
        return {"say": say, **about, **message}

    async def _say(
        self, before: concurrent.futures.Future[Any] | None, message: dict[str, Any]
    ) -> None:
        """Say something after what was said before: puts of one worker may overtake each other."""
        if before is not None:
            await asyncio.wrap_future(before)
        if not self._made:
            name = mail.answer_queue(self.attempt)
            await self.client.scheduler.queue_create(name=name, maxsize=0)
            self._made = True
        await mail.put(self.client, mail.said_queue(self.kit), message)

    async def _say_and_hear(
        self, before: concurrent.futures.Future[Any] | None, message: dict[str, Any]
    ) -> dict[str, Any]:
        await self._say(before, message)
        return await self._hear()

    async def _hear(self) -> dict[str, Any]:
        return await mail.got(self.client, mail.answer_queue(self.attempt), LOOK_S)

    @contextlib.contextmanager
    def waiting(self) -> Iterator[None]:
        """Another trial may have this one's place meanwhile."""
        self.place.release()
        try:
            yield
        finally:
            self.place.acquire()
