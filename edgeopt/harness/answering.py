"""Answers of one artifact on many samples, by the runner that will also time it.

Of a model with a memory a sample is a sequence, which the runner rolls step by step.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import numpy as np

from edgeopt.devices.device import Device
from edgeopt.domain.progress import Listener, silent
from edgeopt.domain.session_facts import SessionFacts
from edgeopt.harness.asking import Asking
from edgeopt.harness.client import Client
from edgeopt.harness.feed import Feed
from edgeopt.harness.replies import Opened
from edgeopt.harness.subject import Subject

CHUNK = 64  # samples a request: bounds the time a dead runner goes unnoticed


def answer(
    device: Device,
    subject: Subject,
    feed: Feed,
    shapes: dict[str, tuple[int, ...]],
    log: Path,
    timeout_s: float,
    progress: Listener = silent,
    patience_s: float = math.inf,
    among: range | None = None,
    chunk: int = CHUNK,
) -> tuple[dict[str, np.ndarray], SessionFacts]:
    """Run every sample of `feed` once.

    Args:
        shapes: shape of each of the source's outputs that is an answer.
        among: these samples only, without gaps; None: all.
        timeout_s: for opening, and for each chunk of samples.
        progress: told how many samples are done, of how many.
        patience_s: after this the samples done so far are enough; never fewer than `chunk`.
        chunk: samples a request.

    Returns:
        ({source output: [samples done, *shape]}, of sequences [sequences done, steps, *shape]; what
        the runtime says of the session).

    Raises:
        RunnerFailed: the runner died, refused or took too long.
    """
    with Client(device, log) as client:
        opened = open_session(client, device, subject, timeout_s)
        files = [device.put(path) for path in feed.files(subject.inputs)]
        parts, began = [], time.monotonic()
        samples = range(len(feed)) if among is None else among
        asking = Asking(device, client, subject, feed, files, timeout_s)
        chunk = asking.at_once(chunk)
        for first in samples[::chunk]:
            count = min(chunk, samples.stop - first)
            parts.append(asking.answers(first, count, shapes))
            progress(f"answers of {subject.title}", first - samples.start + count, len(samples))
            if time.monotonic() - began > patience_s:
                break
        facts = client.request("facts", timeout_s).facts
    outputs = {name: np.concatenate([part[name] for part in parts]) for name in shapes}
    return outputs, msgspec.structs.replace(facts, version=opened.version)


def answer_in_parts(
    device: Device,
    subject: Subject,
    feed: Feed,
    shapes: dict[str, tuple[int, ...]],
    log: Path,
    timeout_s: float,
    runners: int,
    progress: Listener = silent,
) -> dict[str, np.ndarray]:
    """The answers of `answer`, by several runners side by side.

    For what gains nothing from a second thread. Nothing may be timed meanwhile.

    Raises:
        RunnerFailed: one of the runners died, refused or took too long.
    """
    size = max(1 if feed.states else CHUNK, math.ceil(len(feed) / runners))
    parts = [range(i, min(i + size, len(feed))) for i in range(0, len(feed), size)]
    counts = dict.fromkeys(parts, 0)

    def work(part: range) -> dict[str, np.ndarray]:
        def add(what: str, done: int = 0, total: int = 0) -> None:
            counts[part] = done
            progress(what, sum(counts.values()), len(feed))

        return answer(device, subject, feed, shapes, log, timeout_s, add, among=part)[0]

    with ThreadPoolExecutor(len(parts)) as pool:
        answers = list(pool.map(work, parts))
    return {name: np.concatenate([part[name] for part in answers]) for name in shapes}


def states_at(
    device: Device,
    subject: Subject,
    feed: Feed,
    kept: Sequence[Sequence[int]],
    log: Path,
    timeout_s: float,
    progress: Listener = silent,
) -> dict[str, np.ndarray]:
    """The states that a model has within sequences that it is rolled over.

    Args:
        feed: sequences. kept: for each of the first of them as many steps, in ascending order.

    Returns:
        {input: [len(kept), steps kept, *shape]}: what goes into those steps.

    Raises:
        RunnerFailed: the runner died, refused or took too long.
    """
    with Client(device, log) as client:
        open_session(client, device, subject, timeout_s)
        files = [device.put(path) for path in feed.files(subject.inputs)]
        asking, parts = Asking(device, client, subject, feed, files, timeout_s), []
        chunk = asking.at_once(CHUNK)
        for first in range(0, len(kept), chunk):
            some = kept[first : first + chunk]
            parts.append(asking.states(first, 1 + max(max(each) for each in some), some))
            progress(f"states of {subject.title}", first + len(some), len(kept))
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def open_session(client: Client, device: Device, subject: Subject, timeout_s: float) -> Opened:
    """Open a subject in a runner.

    Raises:
        RunnerFailed: the runtime refuses it, or is not there.
    """
    # A model may be several files: its folder travels, the session opens one of them.
    remote = f"{device.put(subject.home)}/{subject.path.name}"
    served = {} if subject.served is None else {"served": subject.served}
    return client.request(
        "open",
        timeout_s,
        runtime=subject.runtime,
        path=remote,
        threads=subject.threads,
        options=subject.options,
        affinity=subject.affinity,
        **served,
    )
