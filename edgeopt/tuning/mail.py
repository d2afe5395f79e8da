"""Messages between a call and its trials: through Dask's queues, and without waiting for receipts.

Dask's own `Queue` waits for the scheduler at each `put`; so the call would stand still for every
answer, and a trial for everything that it only tells.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

LISTEN_S = 30.0


def said_queue(kit: str) -> str:
    """The name of the queue that the call reads."""
    return f"edgeopt-said-{kit}"


def answer_queue(attempt: str) -> str:
    """The name of the queue that one attempt reads; it makes it before it says anything."""
    return f"edgeopt-answer-{attempt}"


def begun(client: Any, work: Coroutine[Any, Any, Any]) -> concurrent.futures.Future[Any]:
    """Something that Dask's own loop does meanwhile.

    Raises:
        OSError: the connection is closed.
    """
    try:
        return asyncio.run_coroutine_threadsafe(work, client.loop.asyncio_loop)
    except RuntimeError as error:
        work.close()
        raise ConnectionError(str(error)) from error


async def put(client: Any, queue: str, message: dict[str, Any]) -> None:
    """Put a message into a queue that is there."""
    await client.scheduler.queue_put(name=queue, data=message, timeout=None)


async def got(client: Any, queue: str, timeout_s: float) -> dict[str, Any]:
    """The next message. Raises TimeoutError: there is none by then."""
    reply = await client.scheduler.queue_get(name=queue, timeout=timeout_s, batch=False)
    found: dict[str, Any] = reply["value"]
    return found


async def listen(client: Any, queue: str, hand_on: Callable[[Any], None]) -> None:
    """Hand on what trials say, as ("said", message, None), until the connection ends."""
    while True:
        try:
            hand_on(("said", await got(client, queue, LISTEN_S), None))
        except TimeoutError:
            continue


@dataclass(frozen=True)
class Answers:
    """The call's way to one attempt. What cannot be delivered is of an attempt that has ended."""

    client: Any
    attempt: str

    def put(self, message: dict[str, Any]) -> None:
        """Send a message, and go on."""
        begun(self.client, put(self.client, answer_queue(self.attempt), message))
