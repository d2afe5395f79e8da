"""Answers of one artifact on many samples, by the runner that will also time it."""

from __future__ import annotations

import math
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from edgeopt.devices.answers import untrusted
from edgeopt.devices.device import Device
from edgeopt.domain.progress import Listener, silent
from edgeopt.domain.session_facts import SessionFacts
from edgeopt.domain.tensor import Binding
from edgeopt.harness import npy
from edgeopt.harness.client import Client, RunnerFailed
from edgeopt.harness.feed import Feed, as_source
from edgeopt.harness.replies import Opened, Written
from edgeopt.harness.subject import Subject
from edgeopt.jobs import scratch

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
        shapes: shape of each of the source's outputs.
        among: these samples only, without gaps; None: all.
        timeout_s: for opening, and for each chunk of samples.
        progress: told how many samples are done, of how many.
        patience_s: after this the samples done so far are enough; never fewer than `chunk`.
        chunk: samples a request.

    Returns:
        ({source output: [samples done, *shape]}, what the runtime says of the session).

    Raises:
        RunnerFailed: the runner died, refused or took too long.
    """
    with Client(device, log) as client:
        opened = open_session(client, device, subject, timeout_s)
        files = [device.put(path) for path in feed.files(subject.inputs)]
        parts, began = [], time.monotonic()
        samples = range(len(feed)) if among is None else among
        for first in samples[::chunk]:
            count = min(chunk, samples.stop - first)
            parts.append(_chunk(device, client, subject, files, first, count, shapes, timeout_s))
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
    size = max(CHUNK, math.ceil(len(feed) / runners))
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


def _chunk(
    device: Device,
    client: Client,
    subject: Subject,
    files: list[str],
    first: int,
    count: int,
    shapes: dict[str, tuple[int, ...]],
    timeout_s: float,
) -> dict[str, np.ndarray]:
    size = max(binding.index for binding in subject.outputs) + 1
    stem = uuid.uuid4().hex
    remote = [f"{device.folder()}/{stem}-{i}.npy" for i in range(size)]
    reply = client.request(
        "infer", timeout_s, inputs=files, outputs=remote, first=first, count=count
    )
    outputs = {}
    with scratch.folder("edgeopt-answers-") as folder:
        for binding in subject.outputs:
            written = reply.outputs[binding.index]
            dtype = _kind(binding, written, shapes[binding.source])
            shape = (count, *written.shape)
            here = Path(folder) / f"{binding.index}.npy"
            device.get(remote[binding.index], here, npy.most_bytes(dtype, shape))
            try:
                array = npy.read(here, dtype, shape)
            except npy.NotAnnounced as error:
                what = f"{device.name} sent another answer for {binding.source!r} than it announced"
                raise untrusted(device, f"{what}: {error}.") from None
            outputs[binding.source] = as_source(array, binding, shapes[binding.source])
        device.remove(remote)
    return outputs


def _kind(binding: Binding, written: Written, shape: tuple[int, ...]) -> np.dtype[Any]:
    """The element type of an output, as a runner says that it wrote it.

    Raises:
        RunnerFailed: it is no number, or a sample has another size than the source's.
    """
    name, sample = f"output {binding.source!r}", written.shape
    dtype = npy.element(written.dtype)
    if dtype is None:
        raise RunnerFailed(f"{name} is of type {written.dtype!r}: no number")
    if math.prod(sample) != math.prod(shape):
        raise RunnerFailed(f"{name} has shape {sample} for a sample, and the model's {list(shape)}")
    return dtype
