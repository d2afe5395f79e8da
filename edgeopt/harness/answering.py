"""Answers of one artifact on many samples, by the runner that will also time it.

Of a model with a memory a sample is a sequence, which the runner rolls step by step.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
import numpy as np

from edgeopt.devices.device import Device
from edgeopt.domain.progress import Listener, silent
from edgeopt.domain.session_facts import SessionFacts
from edgeopt.harness import in_sizes, kept
from edgeopt.harness.asking import Asking
from edgeopt.harness.client import Client
from edgeopt.harness.feed import Feed
from edgeopt.harness.in_sizes import Sizes
from edgeopt.harness.replies import Opened
from edgeopt.harness.subject import Subject

CHUNK = 64  # samples a request: bounds the time a dead runner goes unnoticed
MANY = 2  # forms of a runtime are asked one after the other


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
    enough: Callable[[Mapping[str, np.ndarray]], bool] | None = None,
) -> tuple[dict[str, np.ndarray], SessionFacts]:
    """Run every sample of `feed` once.

    Args:
        shapes: shape of each of the source's outputs that is an answer.
        among: these samples only, without gaps; None: all.
        timeout_s: for opening, and for each chunk of samples.
        progress: told how many samples are done, of how many.
        patience_s: after this the samples done so far are enough; never fewer than `chunk`. Not
            so where an axis is open: sizes are asked one after the other.
        chunk: samples a request.
        enough: asked after each chunk about all answers so far: whether they are enough.

    Returns:
        ({source output: [samples done, *shape]}, of sequences [sequences done, steps, *shape]; what
        the runtime says of the session).

    Raises:
        RunnerFailed: the runner died, refused or took too long.
    """
    with kept.client(device, log, subject.runtime, MANY) as client:
        opened = open_session(client, device, subject, timeout_s)
        samples = range(len(feed)) if among is None else among
        run = _Run(device, client, subject, timeout_s, progress, patience_s, chunk, enough)
        if feed.sizes is None:
            outputs = run.answers(feed, shapes, samples)
        else:
            outputs = run.at_sizes(feed, feed.sizes, shapes, samples)
        facts = client.request("facts", timeout_s).facts
    return outputs, msgspec.structs.replace(facts, version=opened.version)


@dataclass(frozen=True)
class _Run:
    """An open session, and how it is asked: see `answer`."""

    device: Device
    client: Client
    subject: Subject
    timeout_s: float
    progress: Listener
    patience_s: float
    chunk: int
    enough: Callable[[Mapping[str, np.ndarray]], bool] | None = None

    def answers(
        self, feed: Feed, shapes: dict[str, tuple[int, ...]], samples: range
    ) -> dict[str, np.ndarray]:
        """{output: [samples done, *shape]}."""
        files = [self.device.put(path) for path in feed.files(self.subject.inputs)]
        found: dict[str, np.ndarray] = {}
        done, began = 0, time.monotonic()
        asking = Asking(self.device, self.client, self.subject, feed, files, self.timeout_s)
        chunk, what = asking.at_once(self.chunk), f"answers of {self.subject.title}"
        for first in samples[::chunk]:
            count = min(chunk, samples.stop - first)
            part = asking.answers(first, count, shapes)
            for name in shapes:  # into one place: joining them anew for `enough` would copy all
                if name not in found:
                    found[name] = np.empty((len(samples), *part[name].shape[1:]), part[name].dtype)
                found[name][done : done + count] = part[name]
            done += count
            self.progress(what, done, len(samples))
            if time.monotonic() - began > self.patience_s:
                break
            if self.enough is not None and self.enough(_first(found, done)):
                break
        return _first(found, done)

    def at_sizes(
        self, feed: Feed, sizes: Sizes, shapes: dict[str, tuple[int, ...]], samples: range
    ) -> dict[str, np.ndarray]:
        """The same where an axis is open, size by size; all samples are answered."""
        patient, parts = replace(self, patience_s=math.inf, enough=None), []
        for size in sizes.kept.sizes:
            rows = sizes.rows(size)
            first, end = np.searchsorted(rows, (samples.start, samples.stop))
            if first < end:
                at_size = sizes.kept.shapes_at(size)
                own = {name: at_size[name] for name in shapes}
                found = patient.answers(feed.cut_to(size), own, range(first, end))
                parts.append((rows[first:end] - samples.start, found))
        return in_sizes.joined(shapes, len(samples), parts)


def _first(found: Mapping[str, np.ndarray], count: int) -> dict[str, np.ndarray]:
    return {name: array[:count] for name, array in found.items()}


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

    if len(parts) == 1:  # by this thread, whose runners may be kept
        return work(parts[0])
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
