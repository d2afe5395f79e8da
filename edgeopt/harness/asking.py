"""An open session, asked about samples: what goes there, and what comes back, as files."""

from __future__ import annotations

import math
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import msgspec
import numpy as np

from edgeopt.devices.answers import untrusted
from edgeopt.devices.device import Device
from edgeopt.domain.tensor import Binding
from edgeopt.harness import npy, rolled
from edgeopt.harness.client import Client, RunnerFailed
from edgeopt.harness.feed import Feed, as_source
from edgeopt.harness.replies import Inferred, Written
from edgeopt.harness.rolled import Rolling
from edgeopt.harness.subject import Subject
from edgeopt.jobs import scratch

Shape: TypeAlias = tuple[int, ...]


@dataclass(frozen=True)
class Asking:
    """An open session, and the files that it is fed with."""

    device: Device
    client: Client
    subject: Subject
    feed: Feed
    files: list[str]
    timeout_s: float

    def at_once(self, chunk: int) -> int:
        """Samples a request: of sequences fewer."""
        return rolled.sequences_a_request(chunk, self.feed.steps) if self.feed.states else chunk

    def answers(self, first: int, count: int, shapes: Mapping[str, Shape]) -> dict[str, np.ndarray]:
        """{source output: [count, *shape]}, of sequences [count, steps, *shape].

        Raises:
            RunnerFailed: as `answer`.
        """
        if self.feed.states:
            return self._rolled(first, count, shapes)
        paths = self._paths(max(binding.index for binding in self.subject.outputs) + 1)
        reply = self.client.request(
            "infer", self.timeout_s, inputs=self.files, outputs=paths, first=first, count=count
        )
        found = {}
        for binding in self.subject.outputs:
            path, written = paths[binding.index], reply.outputs[binding.index]
            shape = shapes[binding.source]
            found[binding.source] = self._read(path, written, binding, (count,), shape)
        self.device.remove(paths)
        return found

    def _rolled(self, first: int, count: int, shapes: Mapping[str, Shape]) -> dict[str, np.ndarray]:
        wanted = [binding for binding in self.subject.outputs if binding.source in shapes]
        paths, lead = self._paths(len(wanted)), (count, self.feed.steps)
        positions = tuple(binding.index for binding in wanted)
        states = rolled.states(self.subject, self.feed)
        reply = self._roll(paths, first, count, Rolling(positions, states, self.feed.steps))
        found = {}
        for path, written, binding in zip(paths, reply.outputs, wanted, strict=True):
            name = binding.source
            found[name] = self._read(path, written, binding, lead, shapes[name])
        self.device.remove(paths)
        return found

    def states(
        self, first: int, steps: int, kept: Sequence[Sequence[int]]
    ) -> dict[str, np.ndarray]:
        """{input: [sequences, kept, *shape]}: the states before these steps of sequences.

        Args:
            first: the first sequence. steps: of each that are answered. kept: for each sequence.

        Raises:
            RunnerFailed: as `answer`.
        """
        states, found = rolled.states(self.subject, self.feed), {}
        paths, lead = self._paths(len(states)), (len(kept), len(kept[0]))
        places = tuple(tuple(each) for each in kept)
        reply = self._roll(paths, first, len(kept), Rolling((), states, steps, places))
        for path, written, state in zip(paths, reply.outputs, states, strict=True):
            name = state.into.source
            found[name] = self._read(path, written, state.into, lead, state.shape)
        self.device.remove(paths)
        return found

    def _paths(self, count: int) -> list[str]:
        stem = uuid.uuid4().hex
        return [f"{self.device.folder()}/{stem}-{i}.npy" for i in range(count)]

    def _roll(self, paths: list[str], first: int, count: int, rolling: Rolling) -> Inferred:
        asked = msgspec.to_builtins(rolling)
        files, timeout_s = {"inputs": self.files, "outputs": paths}, self.timeout_s
        return self.client.request("roll", timeout_s, first=first, count=count, **files, **asked)

    def _read(
        self, remote: str, written: Written, binding: Binding, lead: Shape, shape: Shape
    ) -> np.ndarray:
        """A file of the artifact's as the source would have given it: [*lead, *shape]."""
        dtype = _kind(binding, written, (*lead[1:], *shape))
        own = (lead[0], *written.shape)
        with scratch.folder("edgeopt-answers-") as folder:
            here = Path(folder) / "answer.npy"
            self.device.get(remote, here, npy.most_bytes(dtype, own))
            try:
                array = npy.read(here, dtype, own)
            except npy.NotAnnounced as error:
                name = self.device.name
                what = f"{name} sent another answer for {binding.source!r} than it announced"
                raise untrusted(self.device, f"{what}: {error}.") from None
        flat = array.reshape(-1, *own[len(lead) :])
        return as_source(flat, binding, shape).reshape(*lead, *shape)


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
