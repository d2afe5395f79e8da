"""ON THE DEVICE AND HOST. From an image or a sound to an answer, and where the time went."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgeopt.decoding import answering, nms, preparation, rolling, size_inputs, wave_file


class NoSuchInput(ValueError):
    """A model that takes no image, or no sound, as far as its record and its inputs say."""


@dataclass(frozen=True)
class Served:
    """An answer, and the seconds that its parts took.

    Attributes:
        prepare_s: from pixels or samples to the model's input. infer_s: the model itself, all steps
            of it. decode_s: from its outputs to the answer. suppress_s: of that, suppression (NMS).
        start_s: where the piece of a sound begins.
    """

    answer: Any
    prepare_s: float
    infer_s: float
    decode_s: float
    suppress_s: float = 0.0
    start_s: float = 0.0


@dataclass(frozen=True)
class Server:
    """A model that answers a recorded task.

    Attributes:
        task: as a manifest keeps it. head: the module of its head, None where it has none.
        inputs: {name: (dtype, shape)}, in the original's words. run: {input: array} -> {output:
            array}, one sample, its arrays of `inputs`' shapes.
        least: detections below it are left out.
    """

    task: Any
    head: Any
    inputs: Any
    run: Any
    least: float = 0.0

    def image(self, image):
        """`Served` of an RGB image of Pillow.

        Raises:
            NoSuchInput, NoPlacement, NoAnswer, WrongHead: see there.
        """
        start = time.perf_counter()
        if not answering.has_image(self.task):
            raise NoSuchInput("how an image becomes this model's input is not recorded: give .npz")
        name = self._fed()
        dtype, shape = self.inputs[name]
        prepared = preparation.of_record(self.task["preparation"])
        values, place = prepared.apply(image)
        shape = prepared.shaped(shape, place)
        if values.size != np.prod(shape):
            raise NoSuchInput(f"{name} takes {list(shape)}, and images become {list(values.shape)}")
        given = {name: values.reshape(shape).astype(dtype, copy=False)}
        for other, (kind, its) in self.inputs.items():
            if size_inputs.known(other, its):
                given[other] = size_inputs.value(other, place.size, kind).reshape(its)
        return self._timed(start, lambda: self.run(given), place)

    def sound(self, signal, rate):
        """[Served] of float32[n]: one where the model has a memory, rolled; else one of each piece.

        Raises:
            NoSuchInput, NoAnswer: as `image`. TooShort: it has not one step.
        """
        start = time.perf_counter()
        pairs = self.task.get("states", {})
        name = self._fed(beside="iu")
        dtype, shape = self.inputs[name]
        size = int(np.prod(shape))
        if dtype[:5] != "float" or sorted(shape)[:-1] != [1] * (len(shape) - 1) or size == 1:
            raise NoSuchInput(f"{name} takes {dtype} {list(shape)}, which is no sound: give .npz")
        same = {
            other: np.full(its, rate, kind)
            for other, (kind, its) in self.inputs.items()
            if other != name and other not in pairs.values()
        }
        if not pairs:
            pieces = [signal[i : i + size] for i in range(0, max(len(signal), 1), size)]
            return [
                self._piece(piece, i * size / rate, {name: (dtype, shape)}, same)
                for i, piece in enumerate(pieces)
            ]
        overlap = self.task.get("extra", {}).get("overlap", 0)
        steps = wave_file.steps(signal, size, overlap).astype(dtype, copy=False)
        sequence = [{name: one.reshape(shape), **same} for one in steps]
        states = {one: self.inputs[one] for one in pairs.values()}
        first = rolling.zeros(states)
        return [self._timed(start, lambda: rolling.roll(self.run, sequence, pairs, first)[0], None)]

    def arrays(self, given):
        """`Served` of one sample's inputs as they are; places are those of the input."""
        return self._timed(time.perf_counter(), lambda: self.run(given), None)

    def _piece(self, piece, at, wanted, same):
        start = time.perf_counter()
        [(name, (dtype, shape))] = wanted.items()
        values = wave_file.fitted(piece, int(np.prod(shape))).astype(dtype).reshape(shape)
        return self._timed(start, lambda: self.run({name: values, **same}), None, at)

    def _timed(self, start, infer, place, at=0.0):
        begun = time.perf_counter()
        outputs = infer()
        ran, before = time.perf_counter(), nms.CLOCK.seconds
        answer = answering.answered(self.task, outputs, place, self.head, self.least)
        ended = time.perf_counter()
        spent = nms.CLOCK.seconds - before
        return Served(answer, begun - start, ran - begun, ended - ran, spent, at)

    def _fed(self, beside=""):
        """The input that brings what is new: all others are states, or one number of a kind."""
        states = set(self.task.get("states", {}).values())
        fed = [
            name
            for name, (dtype, shape) in self.inputs.items()
            if name not in states
            and not size_inputs.known(name, shape)
            and not (np.dtype(dtype).kind in (beside or " ") and np.prod(shape) == 1)
        ]
        if len(fed) != 1:
            raise NoSuchInput("the model has the inputs {}: give .npz".format(", ".join(fed)))
        return fed[0]


@dataclass(frozen=True)
class Speed:
    """How fast samples were answered.

    Attributes:
        count: samples. a_second: of all parts. prepare_ms, infer_ms, decode_ms, suppress_ms: the
            mean of each; `suppress_ms` is inside `decode_ms`.
    """

    count: int
    a_second: float
    prepare_ms: float
    infer_ms: float
    decode_ms: float
    suppress_ms: float


def speed(served):
    """The Speed of some samples; the first warms up, and is left out where there are others."""
    rest = served[1:] or served
    names = ("prepare_s", "infer_s", "decode_s", "suppress_s")
    parts = [1000 * sum(getattr(one, name) for one in rest) / len(rest) for name in names]
    return Speed(len(served), 1000 / max(sum(parts[:3]), 1e-6), *parts)
