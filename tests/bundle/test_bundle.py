"""What is shipped: it runs with numpy and its runtime alone, and answers as the source does."""

import ast
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import msgspec
import numpy as np
import pytest

from benchmarks.integers import usual_here
from edgeopt import convert, runtimes
from edgeopt.bundle import native
from edgeopt.bundle.write import MANIFEST_VERSION, run_py, write
from edgeopt.convert.job import Converted, Job
from edgeopt.domain.artifact import Artifact
from edgeopt.domain.latency import Latency
from edgeopt.domain.open_axis import OpenAxis
from edgeopt.domain.recipe import Recipe
from edgeopt.domain.record import Record
from edgeopt.domain.run import SourceFacts
from edgeopt.domain.score import Drop, Score
from edgeopt.domain.tensor import Binding, TensorSpec
from edgeopt.jobs import child
from edgeopt.runner.affinity import fastest
from edgeopt.runner.root import Root
from edgeopt.sources import onnx as source_file
from edgeopt.sources.request import InspectRequest, PrepareRequest
from edgeopt.sources.source import sha256_file
from tests.bundle import bundle_net

ONLY = Path(__file__).with_name("only.py")
COUNT = 5
#: In every bundle beside the model.
BESIDE = (
    "README.md", "alone.py", "benchmark.py", "fitting.py", "manifest.json", "read_npz.py",
    "requirements.txt", "run.py", "setup.sh",
)  # fmt: skip
OPEN = OpenAxis(input="image", axis=2, name="height", size=8, basis="data")
BATCH = OpenAxis(input="image", axis=0, name="batch", size=1, basis="batch")


@pytest.fixture(scope="session")
def source(tmp_path_factory):
    folder = tmp_path_factory.mktemp("source")
    path = str(bundle_net.write(folder / "m.onnx"))
    inputs = source_file.inspect(InspectRequest(path=path)).inputs
    shapes = {spec.name: spec.shape for spec in inputs}
    return source_file.prepare(PrepareRequest(path=path, shapes=shapes, folder=str(folder)))


@pytest.fixture(scope="session")
def make(source, tmp_path_factory):
    """Converts the source: (artifact, its folder), each once."""
    calibration = {}
    for name, array in bundle_net.samples(32, seed=0).items():
        calibration[name] = str(tmp_path_factory.getbasetemp() / f"{name}.npy")
        np.save(calibration[name], array)
    done = {}

    def call(runtime, precision):
        if (runtime, precision) in done:
            return done[runtime, precision]
        converter = convert.load(runtime)
        base = converter.base(precision)
        if base is not None:
            artifact, folder = call(runtime, base)
            base = str(folder / Path(artifact.path).name)
        folder = tmp_path_factory.mktemp(f"{runtime}-{precision}")
        how = usual_here(runtime, precision)
        recipe = Recipe(runtime=runtime, precision=precision, quantization=how)
        job = Job(
            recipe=recipe, source=source, calibration=calibration, base=base, folder=str(folder)
        )
        log = folder.with_suffix(".log")
        reply = child.run("edgeopt.convert.worker:make", msgspec.to_builtins(job), log, 240)
        done[runtime, precision] = (described(recipe, reply, folder), folder)
        return done[runtime, precision]

    return call


def described(recipe, reply, folder):
    made = msgspec.convert(reply, Converted)
    files = {path.name: sha256_file(path) for path in sorted(folder.iterdir())}
    return Artifact(
        recipe=recipe,
        path=f"artifacts/{recipe.conversion_id}/{made.main}",
        files=files,
        sha256="f" * 64,
        size_bytes=sum(path.stat().st_size for path in folder.iterdir()),
        inputs=made.inputs,
        outputs=made.outputs,
        source_sha256="a" * 64,
        tools=made.tools,
        convert_s=1.0,
        notes=made.notes,
    )


def record(recipe, **changes):
    fields = {
        "target": "this-machine",
        "device": "local",
        "runtime": recipe.runtime,
        "precision": recipe.precision,
        "recipe_id": recipe.id,
        "recipe": recipe,
        "status": "ok",
        "step": None,
    }
    return Record(**{**fields, **changes})


def bundled(make, source, folder, runtime, precision, options):
    artifact, made = make(runtime, precision)
    recipe = msgspec.structs.replace(artifact.recipe, options=options, threads=2)
    write(folder, record(recipe), artifact, made, source.facts(), {})
    return artifact


def python(*arguments, cwd):
    return subprocess.run(
        [sys.executable, "-I", *map(str, arguments)], cwd=cwd, capture_output=True, text=True
    )


def expected(source, inputs):
    import onnxruntime as ort

    session = ort.InferenceSession(source.reference_path, providers=["CPUExecutionProvider"])
    rows = [
        session.run(None, {name: np.asarray(array[i]) for name, array in inputs.items()})
        for i in range(COUNT)
    ]
    return {"mask": np.stack([r[0] for r in rows]), "total": np.stack([r[1] for r in rows])}


SLOW = pytest.mark.slow
CASES = [
    pytest.param("onnxruntime", "fp32", {}, 1e-5),
    pytest.param("onnxruntime", "int8-static", {"graph_optimization": "basic"}, 0.03, marks=SLOW),
    pytest.param("onnxruntime", "fp32", {"spinning": "during-run"}, 1e-5),
    pytest.param("litert", "fp32", {"xnnpack": "latest"}, 1e-5, marks=SLOW),
    pytest.param("litert", "fp32", {"xnnpack": "off"}, 1e-5, marks=SLOW),
    pytest.param("openvino", "fp32", {"INFERENCE_PRECISION_HINT": "f32"}, 1e-4, marks=SLOW),
    pytest.param("litert", "fp32", {}, 1e-5, marks=SLOW),
    pytest.param("litert", "int8-static", {}, 0.03, marks=SLOW),
    pytest.param("ncnn", "fp32", {"use_fp16_storage": 0}, 1e-5, marks=SLOW),
    pytest.param("ncnn", "fp16", {}, 1e-3, marks=SLOW),
    pytest.param("mnn", "fp32", {"precision": "high"}, 1e-5, marks=SLOW),
]


@pytest.mark.slow
@pytest.mark.parametrize(("runtime", "precision", "options", "near"), CASES)
def test_a_bundle_runs_alone(tmp_path, make, source, runtime, precision, options, near):
    folder = tmp_path / "run" / "this-machine"
    artifact = bundled(make, source, folder, runtime, precision, options)
    in_other_languages = ["native"] if runtime in native.LANGUAGES else []
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        [*artifact.files, *BESIDE, *in_other_languages]
    )
    inputs = bundle_net.samples(COUNT, seed=1)
    # An input that is not asked for, the others in another order, samples without a batch axis.
    given = {"extra": np.zeros(3), "rate": inputs["rate"], "image": inputs["image"][:, 0]}
    np.savez(tmp_path / "in.npz", **given)
    packages = ",".join(("numpy", *runtimes.spec(runtime).imports))
    done = python(ONLY, packages, folder / "run.py", "in.npz", "out.npz", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    with np.load(tmp_path / "out.npz") as answers:
        want = expected(source, inputs)
        want["mask"] = want["mask"][:, 0]  # images were given without their batch axis of 1
        assert sorted(answers.files) == sorted(want)
        for name, array in want.items():
            assert answers[name].shape == array.shape
            np.testing.assert_allclose(answers[name], array, atol=near)


def test_a_bundle_keeps_to_the_cores_it_was_measured_on(tmp_path, make, source):
    artifact, made = make("onnxruntime", "fp32")
    recipe = msgspec.structs.replace(artifact.recipe, affinity="fastest")  # one thread
    write(tmp_path / "b", record(recipe), artifact, made, source.facts(), {})
    (tmp_path / "use.py").write_text(
        "import os, sys; sys.path.insert(0, 'b')\n"
        "import run\n"
        "print(sorted(os.sched_getaffinity(0)))\n"
    )
    done = python("use.py", cwd=tmp_path)
    allowed = sorted(os.sched_getaffinity(0))
    assert done.stdout.strip() == str(fastest(allowed, 1, Root())), done.stderr


@pytest.mark.slow
def test_the_cases_are_awkward(make):
    """The integers of LiteRT go in and out quantized and channels last."""
    artifact, _ = make("litert", "int8-static")
    image, rate = artifact.inputs
    mask, total = artifact.outputs
    assert image.permute == mask.permute == (0, 2, 3, 1)
    assert {b.dtype for b in (image, rate, mask, total)} == {"int8"}
    assert all(b.scale for b in (image, rate, mask, total))
    assert total.shape == (1,)


def test_the_guard_guards(tmp_path):
    (tmp_path / "script.py").write_text("import json, numpy, msgspec")
    done = python(ONLY, "numpy", "script.py", cwd=tmp_path)
    assert "ModuleNotFoundError: msgspec may not be imported here" in done.stderr


@pytest.mark.slow
def test_without_arguments_it_tells_its_use(tmp_path, make, source):
    bundled(make, source, tmp_path / "b", "onnxruntime", "fp32", {})
    done = python(tmp_path / "b" / "run.py", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("Runs model.onnx with onnxruntime and numpy alone.")
    assert "python run.py inputs.npz outputs.npz" in done.stderr


@pytest.mark.slow
def test_from_python(tmp_path, make, source):
    bundled(make, source, tmp_path / "b", "onnxruntime", "fp32", {})
    inputs = bundle_net.samples(COUNT, seed=1)
    np.savez(tmp_path / "in.npz", **inputs)
    (tmp_path / "use.py").write_text(
        "import sys; sys.path.insert(0, 'b')\n"
        "import numpy as np\n"
        "from run import Model\n"
        "answers = Model()(dict(np.load('in.npz')))\n"
        "np.savez('out.npz', **answers)\n"
    )
    done = python("use.py", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    with np.load(tmp_path / "out.npz") as answers:
        np.testing.assert_allclose(answers["mask"], expected(source, inputs)["mask"], atol=1e-5)


def by_hand(folder, runtime="litert", name="model.tflite"):
    """An artifact that nothing would open, and its folder."""
    folder.mkdir()
    (folder / name).write_bytes(b"weights")
    tensor = Binding(source="x", name="x", index=0, dtype="int8", shape=(4,), scale=0.5,
                     zero_point=3)  # fmt: skip
    digest = hashlib.sha256(b"weights").hexdigest()
    return Artifact(
        recipe=Recipe(runtime=runtime, precision="int8-static", threads=3),
        path=f"artifacts/abc/{name}",
        files={name: digest},
        sha256=digest,
        size_bytes=7,
        inputs=(tensor,),
        outputs=(msgspec.structs.replace(tensor, source="y", name="y"),),
        source_sha256="a" * 64,
        tools={"onnx2tf": "2.6.9"},
        convert_s=1.0,
        notes=("it says so",),
    )


FACTS = SourceFacts(
    path="m.onnx",
    format="onnx",
    sha256="a" * 64,
    size_bytes=10,
    inputs=(TensorSpec(name="x", dtype="float32", shape=(None, 4)),),
    outputs=(TensorSpec(name="y", dtype="float32", shape=(1, 4)),),
    operators={"Relu": 1},
)


def score(part):
    return Score(metric="accuracy", value=0.9, low=0.8, high=1.0, interval="wilson", n=9, part=part)


def drop(value):
    return Drop(value=value, low=value, high=value, interval="exact", n=9, resolved=True)


LATENCY = Latency(p50=1.5, p50_low=1.4, p50_high=1.6, p90=None, n=99, launches=3, stage="final")


def manifest(folder, chosen, artifact):
    write(folder / "this-machine", chosen, artifact, folder / "made", FACTS, {"python": "3.11"})
    return json.loads((folder / "this-machine" / "manifest.json").read_text())


def test_manifest(tmp_path):
    artifact = by_hand(tmp_path / "made")
    chosen = record(
        artifact.recipe,
        kind="measured",
        latency_ms=LATENCY,
        score=score("choose"),
        drop=drop(0.01),
        confirm_score=score("confirm"),
        confirm_drop=drop(0.02),
    )
    found = manifest(tmp_path, chosen, artifact)
    assert list(found) == [
        *("v", "target", "artifact", "files", "sha256", "size_bytes", "runtime", "recipe"),
        *("recipe_id", "tools", "source", "inputs", "outputs", "measured", "score", "drop"),
        *("notes", "environment", "task", "random_inputs"),
    ]
    assert (found["v"], found["target"]) == (MANIFEST_VERSION, "this-machine")
    assert found["artifact"] == "model.tflite"
    weights = (tmp_path / "this-machine" / "model.tflite").read_bytes()
    assert found["files"] == {"model.tflite": hashlib.sha256(weights).hexdigest()}
    assert (found["sha256"], found["size_bytes"]) == (artifact.sha256, len(weights))
    assert msgspec.convert(found["recipe"], Recipe) == artifact.recipe
    assert found["recipe_id"] == artifact.recipe.id
    assert (found["runtime"], found["tools"]) == ("litert", {"onnx2tf": "2.6.9"})
    assert msgspec.convert(found["source"], SourceFacts) == FACTS
    assert msgspec.convert(found["inputs"], tuple[Binding, ...]) == artifact.inputs
    assert msgspec.convert(found["outputs"], tuple[Binding, ...]) == artifact.outputs
    measured = found["measured"]
    assert (measured["device"], measured["kind"]) == ("local", "measured")
    assert msgspec.convert(measured["latency_ms"], Latency) == LATENCY
    assert "pre- and post-processing outside" in measured["boundary"]
    assert (found["score"]["part"], found["drop"]["value"]) == ("confirm", 0.02)
    assert (found["notes"], found["environment"]) == (["it says so"], {"python": "3.11"})


def test_a_manifest_without_a_measurement_says_why(tmp_path):
    artifact = by_hand(tmp_path / "made")
    chosen = record(
        artifact.recipe, latency_reason="this machine is no pixel-8", score=score("choose")
    )
    found = manifest(tmp_path, chosen, artifact)
    assert found["measured"]["latency_ms"] is None
    assert found["measured"]["latency_reason"] == "this machine is no pixel-8"
    assert (found["score"]["part"], found["drop"]) == ("choose", None)


def test_a_bundle_replaces_the_one_before(tmp_path):
    artifact = by_hand(tmp_path / "made")
    (tmp_path / "this-machine").mkdir()
    (tmp_path / "this-machine" / "old.bin").touch()
    (tmp_path / ".this-machine.part").mkdir()
    (tmp_path / ".this-machine.part" / "torn.bin").touch()
    manifest(tmp_path, record(artifact.recipe), artifact)
    assert sorted(path.name for path in (tmp_path / "this-machine").iterdir()) == sorted(
        [*BESIDE, "model.tflite", "native"]
    )
    assert not (tmp_path / ".this-machine.part").exists()


def test_a_bundle_that_fails_leaves_the_one_before(tmp_path):
    artifact = by_hand(tmp_path / "made")
    (tmp_path / "this-machine").mkdir()
    (tmp_path / "this-machine" / "old.bin").touch()
    (tmp_path / "made" / "model.tflite").unlink()
    with pytest.raises(FileNotFoundError):
        manifest(tmp_path, record(artifact.recipe), artifact)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["made", "this-machine"]
    assert [path.name for path in (tmp_path / "this-machine").iterdir()] == ["old.bin"]


@pytest.mark.parametrize("runtime", convert.CONVERTERS)
def test_the_page_is_plain_python(tmp_path, runtime):
    """Boards have Python 3.9; a name with a quote in it stays a name; a page is a page."""
    artifact = by_hand(tmp_path / "made", runtime, 'it\'s "a" model.bin')
    page = run_py(record(artifact.recipe), artifact, FACTS)
    tree = ast.parse(page, feature_version=(3, 9))
    texts = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    assert 'it\'s "a" model.bin' in texts
    assert "THREADS = 3\n" in page
    assert "'original_shape': [1, 4]" in page
    assert len(page.splitlines()) < 128
    assert max(map(len, page.splitlines())) < 200


@pytest.mark.slow
@pytest.mark.parametrize(
    ("axes", "shape", "words"),
    [
        ((OPEN,), (1, 6, 9), ["axis 2 (height)", "made for", "--shape image="]),
        ((), (1, 6, 9), ["wanted: image: float32 [n, "]),
        ((BATCH,), (2, 1, 6, 9), ["wanted: image: float32 [n, "]),
    ],
)
def test_a_bundle_refuses_another_size_and_says_what_was_open(
    tmp_path, make, source, axes, shape, words
):
    opened = msgspec.structs.replace(source, open_axes=axes)
    artifact, made = make("onnxruntime", "fp32")
    write(tmp_path / "b", record(artifact.recipe), artifact, made, opened.facts(), {})
    manifest = json.loads((tmp_path / "b" / "manifest.json").read_text())
    assert [axis["name"] for axis in manifest["source"]["open_axes"]] == [a.name for a in axes]
    inputs = bundle_net.samples(2, seed=1)
    np.savez(tmp_path / "in.npz", rate=inputs["rate"], image=np.zeros((2, *shape), np.float32))
    done = python(tmp_path / "b" / "run.py", "in.npz", "out.npz", cwd=tmp_path)
    assert done.returncode == 1
    for word in [f"'image' has shape {[2, *shape]}", *words]:
        assert word in done.stderr
    assert ("original takes" in done.stderr) == (axes == (OPEN,))
