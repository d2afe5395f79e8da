import importlib

import msgspec
import numpy as np
import pytest

from benchmarks.integers import usual_here
from edgeopt import convert, runtimes
from edgeopt.convert import worker
from edgeopt.convert.job import Converted, Job
from edgeopt.domain.recipe import Recipe
from edgeopt.jobs import child
from edgeopt.runtimes.binding import from_artifact, to_artifact
from edgeopt.sources.formats import FORMATS, recognise
from edgeopt.sources.request import InspectRequest, PrepareRequest
from tests.convert import odd_nets, tiny_nets

LIMIT_S = 240
SAMPLES = 8


class Bench:
    """Sources, and what is made of them: each once.

    In this process: to load a library takes longer than a conversion. By a child as in a run goes
    `apart`, and tests/conformance for every runtime.
    """

    def __init__(self, folder):
        self.folder = folder
        self._sources, self._made = {}, {}

    def source(self, name):
        """A net of `tiny_nets` or `odd_nets` by its function's name; PyTorch's is "awkward"."""
        if name not in self._sources:
            place = self.folder / name
            (place / "work").mkdir(parents=True)
            if name == "awkward":
                from tests.convert import tiny_torch_nets

                path = tiny_torch_nets.awkward(place / "m.pt2")
            else:
                nets = odd_nets if name in odd_nets.NETS else tiny_nets
                path = getattr(nets, name)(place / "m.onnx")
            # Here and not in children: what they would load, others have loaded already.
            module = importlib.import_module(FORMATS[recognise(path)].module)
            inputs = module.inspect(InspectRequest(path=str(path))).inputs
            request = PrepareRequest(
                path=str(path),
                inputs=inputs,
                shapes={spec.name: spec.shape for spec in inputs},
                folder=str(place / "work"),
            )
            self._sources[name] = module.prepare(request)
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
        """(what was converted, its folder). Options change a session, not an artifact."""
        key = (name, runtime, precision, *options)
        if key not in self._made:
            self._made[key] = self._make(key, options)
        return self._made[key]

    def _make(self, key, options):
        name, runtime, precision, *_ = key
        converter = convert.load(runtime)
        base = converter.base(precision)
        if base is not None:
            made, place = self.make(name, runtime, base)
            base = str(place / made.main)
        place = self.folder / "-".join(key)
        place.mkdir()
        job = Job(
            recipe=Recipe(
                runtime=runtime,
                precision=precision,
                quantization=usual_here(runtime, precision),
                options=options,
            ),
            source=self.source(name),
            calibration=self._calibration(name),
            base=base,
            folder=str(place),
        )
        return msgspec.convert(self._convert(msgspec.to_builtins(job)), Converted), place

    def _convert(self, job):
        return worker.make(job)

    def _calibration(self, name):
        files = {}
        for i, (tensor, array) in enumerate(self.samples(name, seed=0).items()):
            files[tensor] = str(self.folder / f"{name}-{i}.npy")
            np.save(files[tensor], array)
        return files

    def facts(self, name, runtime, precision, /, **options):
        """What a session of an artifact says of itself."""
        made, place = self.make(name, runtime, precision)
        if runtimes.spec(runtime).elsewhere:
            return {}
        return runtimes.load(runtime).open_session(str(place / made.main), 1, options).facts()

    def answers(self, name, runtime, precision, /, **options):
        """What an artifact answers with one thread, as the source would: {output: [n, *shape]}."""
        made, place = self.make(name, runtime, precision)
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
        place = self.make(*made)[1]
        return sum(path.stat().st_size for path in place.iterdir())


class Apart(Bench):
    """The same by children, as a run does it: a failure is told as a child tells it."""

    def _convert(self, job):
        log = self.folder / "children.log"
        return child.run("edgeopt.convert.worker:make", job, log, LIMIT_S)


@pytest.fixture(scope="session")
def bench(tmp_path_factory):
    return Bench(tmp_path_factory.mktemp("convert"))


@pytest.fixture(scope="session")
def apart(tmp_path_factory):
    return Apart(tmp_path_factory.mktemp("apart"))


@pytest.fixture
def sqnr_db(bench):
    """Signal to noise over all outputs of an artifact, dB; the worst of them."""

    def call(name, *made, **options):
        answers, expected = bench.answers(name, *made, **options), bench.expected(name)
        assert answers.keys() == expected.keys()
        noise = [np.mean((answers[key] - want) ** 2) for key, want in expected.items()]
        power = [np.mean(want**2) for want in expected.values()]
        return min(10 * np.log10(p / max(n, p * 1e-12)) for p, n in zip(power, noise, strict=True))

    return call
