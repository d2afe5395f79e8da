"""The bundle of another row of a finished run."""

import json

import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from edgeopt.cli import cli
from edgeopt.domain.artifact import Artifact
from edgeopt.domain.errors import BadInput
from edgeopt.domain.run import Choice
from edgeopt.domain.score import Drop
from edgeopt.domain.tensor import Binding
from edgeopt.pipeline.shipping import ship
from edgeopt.report.table import rows
from edgeopt.sources.source import combined_sha256, sha256_file
from edgeopt.store import run_folder
from edgeopt.store.run_folder import RunFolder
from tests.search.test_choose import record
from tests.store.test_run_folder import FP32, request, run

INT8 = replace(FP32, precision="int8-weights")
TENSOR = Binding(name="x", source="x", index=0, dtype="float32", shape=(1, 4))
HELD = Drop(value=0.0, low=0.0, high=0.0, interval="exact", n=9, resolved=True)


def kept(folder, recipe, content, **changes):
    """An artifact of a recipe in a run's folder, and its record."""
    made = folder.path / "making"
    made.mkdir()
    (made / "model.onnx").write_bytes(content)
    files = {"model.onnx": sha256_file(made / "model.onnx")}
    sha256 = combined_sha256(sorted(files.items()))
    place = f"artifacts/{recipe.conversion_id}"
    artifact = Artifact(
        recipe=recipe, path=f"{place}/model.onnx", files=files, sha256=sha256,
        size_bytes=len(content), inputs=(TENSOR,), outputs=(TENSOR,),
        source_sha256="a" * 64, tools={}, convert_s=0.1,
    )  # fmt: skip
    folder.keep_artifact(artifact, made)
    fields = {
        "target": "this-machine", "recipe": recipe, "precision": recipe.precision,
        "sha256": sha256, "artifact": artifact.path, "size_bytes": len(content),
        "p50": 9.0 if recipe is FP32 else 1.0, "lost": 0.0 if recipe is FP32 else 0.4,
        "confirm_drop": HELD if recipe is FP32 else None,
    }  # fmt: skip
    return record(recipe.id, **{**fields, **changes})


@pytest.fixture
def finished(tmp_path):
    """A run whose first row keeps the limits, and whose second loses too much."""
    folder, _ = run_folder.create(tmp_path / "run", request())
    records = [kept(folder, FP32, b"float"), kept(folder, INT8, b"integers")]
    for one in records:
        folder.journal.append(one)
    choice = Choice(
        target="this-machine", recipe_id=FP32.id, basis="measured", why="x", baseline_id=None,
        front=(),
    )  # fmt: skip
    folder.write_run(replace(run(request(), state="finished"), choices=(choice,)))
    return folder.path


@pytest.mark.parametrize("row", ["2", "onnxruntime int8-weights", INT8.id[:6]])
def test_a_row_by_its_number_its_title_or_its_id(finished, row):
    table = rows(run_folder.read(finished), "this-machine")
    assert [one.number for one in table] == [1, 2]
    found = ship(finished, row)
    assert found.record.recipe_id == INT8.id
    assert (found.folder / "model.onnx").read_bytes() == b"integers"
    assert json.loads((found.folder / "manifest.json").read_text())["recipe_id"] == INT8.id
    assert (found.folder / "run.py").exists()


def test_it_says_that_the_row_misses_the_limits(finished):
    assert ship(finished, "1").misses == ()
    lossy, unconfirmed = ship(finished, "2").misses
    assert lossy.startswith("it loses 40.0 points on the 500 choosing samples")
    assert unconfirmed == "it was not scored on the held-out samples"


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("3", "there is no row 3: the table of this-machine has rows 1 to 2."),
        ("0", "there is no row 0"),
        ("onnxruntim int8-weight", "The nearest is row 2, onnxruntime int8-weights"),
        ("", "no candidate is called ''"),
    ],
)
def test_a_row_that_is_not_there_is_refused_with_the_nearest(finished, row, words):
    with pytest.raises(BadInput) as caught:
        ship(finished, row)
    told = f"{caught.value.args[0]} {caught.value.hint}"
    assert words in told
    assert not list(finished.glob("this-machine-*"))


def test_what_lies_elsewhere_is_not_written_over(finished, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("x")
    with pytest.raises(BadInput, match="holds something else"):
        ship(finished, "1", out=tmp_path / "mine")
    with pytest.raises(BadInput, match="holds something else"):
        ship(finished, "1", out=finished)
    place = tmp_path / "board"
    ship(finished, "1", out=place)
    assert (ship(finished, "2", out=place).folder / "model.onnx").read_bytes() == b"integers"


def test_a_changed_artifact_is_not_shipped(finished):
    folder = RunFolder(finished)
    (folder.artifact_folder(INT8.conversion_id) / "model.onnx").write_bytes(b"others")
    with pytest.raises(BadInput, match="is gone from"):
        ship(finished, "2")


def test_a_run_that_goes_on_ships_nothing(finished):
    RunFolder(finished).write_run(replace(run_folder.read(finished), state="running"))
    with pytest.raises(BadInput, match="is not finished"):
        ship(finished, "1")


@pytest.mark.parametrize(
    ("target", "words"),
    [(None, "this run has several targets"), ("pi", "this run has no target 'pi'")],
)
def test_the_target_is_one_of_the_runs(finished, target, words):
    two = replace(request(), targets=("this-machine", "pixel-8"))
    RunFolder(finished).write_run(replace(run_folder.read(finished), request=two))
    with pytest.raises(BadInput, match=words) as caught:
        ship(finished, "1", target)
    assert "this-machine, pixel-8" in caught.value.hint


def test_the_command_says_what_it_wrote_and_what_is_missed(finished):
    done = CliRunner().invoke(cli, ["ship", str(finished), "2"])
    assert done.exit_code == 0
    assert f"threads=2: {finished.resolve()}/this-machine-{INT8.id}" in done.output
    assert "! it loses 40.0 points" in done.output
