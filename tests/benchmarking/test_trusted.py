"""A run's folder is data: what it names is opened as data, and only if it is what was made."""

from __future__ import annotations

import hashlib
import os
import zipfile

import joblib
import msgspec
import pytest

from edgeopt.benchmarking.explaining import Question, explain
from edgeopt.benchmarking.side_by_side import bench
from edgeopt.domain.artifact import Artifact
from edgeopt.domain.errors import BadInput
from edgeopt.domain.recipe import Recipe
from edgeopt.domain.record import Record
from edgeopt.domain.run import Choice, Constraints, DataFacts, Request, Run, SourceFacts
from edgeopt.domain.tensor import TensorSpec
from edgeopt.pipeline import folder_check
from edgeopt.store.run_folder import RunFolder

SPEC = TensorSpec(name="x", dtype="float32", shape=(1, 4))


class Touch:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.system, (f"touch {self.path}",)


def keep(store, recipe, name, data):
    """An artifact of one file, and its record."""
    made = store.path / "made"
    made.mkdir(parents=True)
    (made / name).write_bytes(data)
    digest = hashlib.sha256(data).hexdigest()
    place = f"artifacts/{recipe.conversion_id}/{name}"
    artifact = Artifact(
        recipe=recipe, path=place, files={name: digest}, sha256=digest, size_bytes=len(data),
        inputs=(), outputs=(), source_sha256="a" * 64, tools={}, convert_s=1.0,
    )  # fmt: skip
    store.keep_artifact(artifact, made)
    record = Record(
        target="this-machine", device="local", runtime=recipe.runtime, precision=recipe.precision,
        recipe_id=recipe.id, recipe=recipe, status="ok", step=None, sha256=digest, artifact=place,
    )  # fmt: skip
    store.journal.append(record)
    return record


@pytest.fixture
def somebodys(tmp_path):
    """A run's folder as it may be sent: records that name runtimes whose files are programs."""
    mark, store = tmp_path / "mark", RunFolder(tmp_path / "run")
    store.path.mkdir()
    joblib.dump(Touch(mark), tmp_path / "evil")
    data = (tmp_path / "evil").read_bytes()
    recipes = [
        Recipe(runtime="sklearn", precision="fp32", threads=1),
        Recipe(runtime="torch", precision="fp32", threads=1, options={"trust": "yes"}),
        Recipe(runtime="tensorflow", precision="fp32", threads=1),
        Recipe(runtime="onnxruntime", precision="fp32", threads=1),
        Recipe(runtime="os", precision="fp32", threads=1),
    ]
    names = ("model.joblib", "model.pt", "saved_model.pb", "model.onnx", "model.joblib")
    records = [keep(store, r, name, data) for r, name in zip(recipes, names, strict=True)]
    chosen = Choice(
        target="this-machine", recipe_id=records[3].recipe_id, baseline_id=records[3].recipe_id,
        basis="measured", why="", front=(),
    )  # fmt: skip
    run = Run(
        state="finished",
        request=Request(
            source="m.onnx", source_sha256="a" * 64, targets=("this-machine",), data="d.npz",
            data_sha256="b" * 64, metric="accuracy", constraints=Constraints(max_drop=0.01),
        ),
        source=SourceFacts(
            path="m.onnx", format="onnx", sha256="a" * 64, size_bytes=1, inputs=(SPEC,),
            outputs=(SPEC,), operators={},
        ),
        data=DataFacts(
            calibrate=1, choose=1, confirm=1, labels=True, groups=False, metric="accuracy",
            metric_about="", output="y",
        ),
        choices=(chosen,), environment={}, started="2026-01-01T00:00:00+00:00", seconds=1.0,
    )  # fmt: skip
    store.write_run(run)
    yield store, records
    assert not mark.exists()


@pytest.mark.parametrize(("number", "runtime"), [(0, "sklearn"), (1, "torch"), (2, "tensorflow")])
def test_explain_opens_no_program_of_a_run(somebodys, number, runtime):
    store, records = somebodys
    asked = Question(records[number].recipe_id, records[3].recipe_id)
    with pytest.raises(BadInput) as caught:
        explain(store.path, asked)
    assert f"is of {runtime}, whose files are programs" in caught.value.args[0]
    assert caught.value.hint.endswith("If you made it yourself, say --trust.")


def test_explain_knows_its_runtimes(somebodys):
    store, records = somebodys
    with pytest.raises(BadInput, match="the run names a runtime 'os', which there is not"):
        explain(store.path, Question(records[4].recipe_id, records[3].recipe_id))


def test_explain_opens_no_changed_artifact(somebodys):
    store, records = somebodys
    (store.path / records[3].artifact).write_bytes(b"another")
    with pytest.raises(BadInput) as caught:
        explain(store.path, Question(records[3].recipe_id, records[0].recipe_id))
    assert "model.onnx is not what the run made: it has another SHA-256." in caught.value.args[0]
    assert "makes it again" in caught.value.hint


def test_a_record_that_states_another_hash(somebodys):
    store, records = somebodys
    store.journal.append(msgspec.structs.replace(records[3], sha256="c" * 64))
    with pytest.raises(BadInput, match="it has another SHA-256 than its record says"):
        explain(store.path, Question(records[3].recipe_id, records[0].recipe_id))


def test_bench_opens_no_changed_file_of_a_run(somebodys):
    store, records = somebodys
    path = store.path / records[3].artifact
    path.write_bytes(b"another")
    with pytest.raises(BadInput) as caught:
        bench([path])
    said = f"{path} is not opened: model.onnx is not what the run made: it has another SHA-256."
    assert caught.value.args[0] == said
    assert "copy it out" in caught.value.hint


@pytest.mark.parametrize("name", ["../../run.json", "/etc/passwd", "a/b"])
def test_bench_reads_no_file_that_a_manifest_names_elsewhere(somebodys, name):
    store, records = somebodys
    path = store.path / records[3].artifact
    manifest = path.with_name("artifact.json")
    manifest.write_text(f'{{"files": {{"{path.name}": "{records[3].sha256}", "{name}": "a"}}}}')
    with pytest.raises(BadInput, match="is not opened"):
        bench([path])


def test_bench_opens_no_program(tmp_path):
    path = tmp_path / "m.pt2"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("m/models/model.json", b"{}")
        archive.writestr("m/data/constants/custom_obj_0", b"x")
    with pytest.raises(BadInput) as caught:
        bench([path])
    assert caught.value.args[0].startswith(f"{path} is more than data: it holds a pickled object")
    assert "--trust" in caught.value.hint


def test_a_report_warns_of_what_is_not_what_was_measured(somebodys):
    store, records = somebodys
    from edgeopt.store.run_folder import read

    assert folder_check.noticed(read(store.path)).warnings == ()
    (store.path / records[3].artifact).write_bytes(b"another")
    (warning,) = folder_check.noticed(read(store.path)).warnings
    assert "not the one that was measured: model.onnx is not what the run made" in warning
