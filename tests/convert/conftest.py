from pathlib import Path

import msgspec
import numpy as np
import pytest
import tiny_nets

from edgeopt import convert, runtimes
from edgeopt.convert.job import Converted, Job
from edgeopt.domain.recipe import Recipe
from edgeopt.jobs import child
from edgeopt.runtimes.binding import from_artifact, to_artifact
from edgeopt.sources import load

LIMIT_S = 240
SAMPLES = 8


class Bench:
    """Sources and what is made of them, each once; all work is done in children."""

    def __init__(self, folder):
        self.folder = folder
        self._sources, self._made = {}, {}

    def source(self, name):
        """A net of `tiny_nets` by the name of its function; "torch NAME" is one of PyTorch."""
        if name not in self._sources:
            place = self.folder / name.replace(" ", "-")
            (place / "work").mkdir(parents=True)
            if name.startswith("torch "):
                import tiny_torch_nets

                path = tiny_torch_nets.export(name.removeprefix("torch "), place / "m.pt2")
            else:
                path = getattr(tiny_nets, name)(place / "m.onnx")
            found = load.inspect(path, False, place / "log", LIMIT_S)
            fixed = {spec.name: spec.shape for spec in found.inputs}
            self._sources[name] = load.prepare(
                found, fixed, None, place / "work", place / "log", LIMIT_S
            )
        return self._sources[name]

    def samples(self, name, seed=1):
        """Random samples of every input: {input: [n, *shape]}."""
        rng = np.random.default_rng(seed)
        return {
            spec.name: rng.integers(0, 11, (SAMPLES, *spec.shape)).astype(spec.dtype)
            if spec.dtype.startswith("int")
            else rng.normal(size=(SAMPLES, *spec.shape)).astype(spec.dtype)
            for spec in self.source(name).inputs
        }

    def make(self, name, runtime, precision, **options):
        """(what was converted, its folder)."""
        key = (name, runtime, precision, *options.items())
        if key not in self._made:
            self._made[key] = self._make(name, runtime, precision, options)
        return self._made[key]

    def _make(self, name, runtime, precision, options):
        converter = convert.load(runtime)
        base = converter.base(precision)
        if base is not None:
            made, place = self.make(name, runtime, base)
            base = str(place / made.main)
        place = self.folder / "-".join([name.replace(" ", "-"), runtime, precision, *options])
        place.mkdir()
        calibration = {}
        for i, (tensor, array) in enumerate(self.samples(name, seed=0).items()):
            np.save(self.folder / f"{name}-{i}.npy", array)
            calibration[tensor] = str(self.folder / f"{name}-{i}.npy")
        recipe = Recipe(
            runtime=runtime,
            precision=precision,
            quantization=converter.recipe(precision),
            options=options,
        )
        job = Job(
            recipe=recipe,
            source=self.source(name),
            calibration=calibration,
            base=base,
            folder=str(place),
        )
        log = self.folder / f"{place.name}.log"
        reply = child.run("edgeopt.convert.worker:make", msgspec.to_builtins(job), log, LIMIT_S)
        return msgspec.convert(reply, Converted), place

    def answers(self, name, runtime, precision, **options):
        """What an artifact answers, as the source would have: {output: [n, *shape]}."""
        made, place = self.make(name, runtime, precision, **options)
        session = runtimes.load(runtime).open_session(str(place / made.main), 1, options)
        inputs = self.samples(name)
        ins, outs = (msgspec.to_builtins(bindings) for bindings in (made.inputs, made.outputs))
        fed = {b["index"]: to_artifact(inputs[b["source"]], b) for b in ins}
        rows = [session.run([np.asarray(fed[k][i]) for k in sorted(fed)]) for i in range(SAMPLES)]
        shapes = {spec.name: spec.shape for spec in self.source(name).outputs}
        return {
            b["source"]: from_artifact(np.stack([row[b["index"]] for row in rows]), b).reshape(
                SAMPLES, *shapes[b["source"]]
            )
            for b in outs
        }

    def expected(self, name):
        """What the source answers."""
        source = self.source(name)
        session = runtimes.load(source.reference_runtime).open_session(
            source.reference_path, 1, source.reference_options
        )
        inputs = self.samples(name)
        rows = [
            session.run([np.asarray(inputs[spec.name][i]) for spec in source.inputs])
            for i in range(SAMPLES)
        ]
        return {
            spec.name: np.stack([row[k] for row in rows]) for k, spec in enumerate(source.outputs)
        }

    def size_bytes(self, *made):
        place: Path = self.make(*made)[1]
        return sum(path.stat().st_size for path in place.iterdir())


@pytest.fixture(scope="session")
def bench(tmp_path_factory):
    return Bench(tmp_path_factory.mktemp("convert"))


@pytest.fixture
def sqnr_db(bench):
    """Signal to noise over all outputs of an artifact, dB; the worst of them."""

    def call(name, *made, **options):
        answers, expected = bench.answers(name, *made, **options), bench.expected(name)
        assert answers.keys() == expected.keys()
        noise = [np.mean((answers[key] - want) ** 2) for key, want in expected.items()]
        power = [np.mean(want**2) for want in expected.values()]
        return min(
            10 * np.log10(p / max(n, p * 1e-12)) for p, n in zip(power, noise, strict=True)
        )

    return call
