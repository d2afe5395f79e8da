"""A small net, converted for every runtime by the project's own converters, once a session."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
import pytest

from benchmarks.integers import usual_here
from edgeopt import convert, runtimes
from edgeopt.convert.bindings import bind
from edgeopt.convert.job import Converted, Job
from edgeopt.domain.recipe import Recipe
from edgeopt.domain.tensor import Binding
from edgeopt.harness.feed import fields
from edgeopt.jobs import child
from edgeopt.runtimes.binding import from_artifact, to_artifact
from edgeopt.sources import load
from edgeopt.sources.source import Source
from tests.conformance import conv_net
from tests.conformance.conv_net import SHAPES

Answers = dict[str, np.ndarray]


@dataclass(frozen=True)
class Model:
    """One artifact, and how the source's tensors become its own."""

    runtime: str
    path: Path
    inputs: tuple[Binding, ...]
    outputs: tuple[Binding, ...]

    def open(self, threads: int = 1, **options: str):
        return runtimes.load(self.runtime).open_session(str(self.path), threads, options)

    def feed(self, sample: Answers) -> list[np.ndarray]:
        """One sample in the order and form that `Session.run` takes."""
        ordered = sorted(self.inputs, key=lambda b: b.index)
        return [np.array(to_artifact(sample[b.source][None], fields(b))[0]) for b in ordered]

    def read(self, arrays: list[np.ndarray]) -> Answers:
        """What `Session.run` gave, as the source would have given it."""
        return {b.source: from_artifact(arrays[b.index][None], fields(b))[0] for b in self.outputs}

    def answers(self, session, samples: list[Answers]) -> list[Answers]:
        return [self.read(session.run(self.feed(sample))) for sample in samples]


@dataclass(frozen=True)
class Models:
    """All forms of the net. `answers`: PyTorch's own, for each of `samples`."""

    source: Source
    samples: list[Answers]
    answers: list[Answers]
    made: dict[tuple[str, str], Model]

    def __getitem__(self, which: str | tuple[str, str]) -> Model:
        """models["litert"] is fp32; models["litert", "int8-static"] is not."""
        return self.made[(which, "fp32") if isinstance(which, str) else which]


@pytest.fixture(scope="session")
def models(tmp_path_factory) -> Models:
    folder = tmp_path_factory.mktemp("conformance")
    log, net, own = folder / "log.txt", folder / "net.pt2", folder / "answers.npz"
    given = conv_net.samples()
    subprocess.run([sys.executable, conv_net.__file__, str(net), str(own)], check=True)
    source = _prepare(net, given, folder, log)
    made = {("torch", "fp32"): _reference(source)}
    for runtime in sorted(convert.CONVERTERS):
        spec = runtimes.spec(runtime)
        if spec.stand_in or spec.elsewhere:
            continue
        base = None
        for precision in ("fp32", "int8-static"):
            if precision not in spec.precisions:
                continue
            made[runtime, precision] = _convert(runtime, precision, source, base, folder, log)
            base = str(made[runtime, "fp32"].path)
    with np.load(own) as arrays:
        columns = {name: arrays[name] for name in conv_net.OUTPUTS}
    answers = [{name: columns[name][i] for name in columns} for i in range(len(given))]
    return Models(source, given, answers, made)


def _prepare(net: Path, given: list[Answers], folder: Path, log: Path) -> Source:
    sample = folder / "sample.npz"
    np.savez(sample, **given[0])
    for name in SHAPES:
        np.save(folder / f"{name}.npy", np.stack([one[name] for one in given]))
    prepared = folder / "source"
    prepared.mkdir()
    inspected = load.inspect(net, False, log, 200)
    return load.prepare(inspected, SHAPES, sample, prepared, log, 200)


def _reference(source: Source) -> Model:
    """The exported program itself, which gives the source's own answers."""
    session = runtimes.load("torch").open_session(source.reference_path, 1, {})
    inputs, outputs = (
        bind(source.inputs, session.inputs, {}),
        bind(source.outputs, session.outputs, {}),
    )
    return Model("torch", Path(source.reference_path), inputs, outputs)


def _convert(
    runtime: str, precision: str, source: Source, base: str | None, folder: Path, log: Path
) -> Model:
    converter = convert.load(runtime)
    place = folder / f"{runtime}-{precision}"
    place.mkdir()
    recipe = Recipe(
        runtime=runtime, precision=precision, quantization=usual_here(runtime, precision)
    )
    job = Job(
        recipe=recipe,
        source=source,
        calibration={name: str(folder / f"{name}.npy") for name in SHAPES},
        base=base if converter.base(precision) else None,
        folder=str(place),
    )
    reply = child.run("edgeopt.convert.worker:make", msgspec.to_builtins(job), log, 300)
    done = msgspec.convert(reply, Converted)
    return Model(runtime, place / done.main, done.inputs, done.outputs)
