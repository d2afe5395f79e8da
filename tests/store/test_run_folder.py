import hashlib
import json

import msgspec
import pytest

from edgeopt.domain.artifact import Artifact
from edgeopt.domain.errors import BadInput, NotInstalled
from edgeopt.domain.layers import LayerSensitivity
from edgeopt.domain.recipe import Recipe
from edgeopt.domain.record import Record
from edgeopt.domain.run import RUN_VERSION, Constraints, DataFacts, Request, Run, SourceFacts
from edgeopt.domain.tensor import TensorSpec
from edgeopt.report import untimed_words
from edgeopt.store import limits, run_folder
from edgeopt.store.run_folder import RunFolder, check_writable, create, read

FP32 = Recipe(runtime="onnxruntime", precision="fp32", threads=2)


def request(source="m.onnx", **changes):
    fields = {
        "source": source,
        "source_sha256": "a" * 64,
        "targets": ("this-machine",),
        "data": "eval.npz",
        "data_sha256": "b" * 64,
        "metric": "accuracy",
        "constraints": Constraints(max_drop=0.01),
    }
    return Request(**{**fields, **changes})


def run(asked, state="running", **changes):
    spec = TensorSpec(name="x", dtype="float32", shape=(1, 4))
    return Run(
        state=state,
        request=asked,
        source=SourceFacts(
            path="m.onnx",
            format="onnx",
            sha256="a" * 64,
            size_bytes=10,
            inputs=(spec,),
            outputs=(spec,),
            operators={"Relu": 1},
        ),
        data=DataFacts(
            calibrate=1,
            choose=2,
            confirm=3,
            labels=True,
            groups=False,
            metric="accuracy",
            metric_about="",
            output="y",
        ),
        choices=(),
        environment={"python": "3.11"},
        started="2026-01-01T00:00:00+00:00",
        seconds=1.0,
        **changes,
    )


def record():
    return Record(
        target="this-machine",
        device="local",
        runtime="onnxruntime",
        precision="fp32",
        recipe_id=FP32.id,
        recipe=FP32,
        status="ok",
        step=None,
    )


def contents(path):
    return sorted(str(p.relative_to(path)) for p in path.rglob("*")) if path.is_dir() else None


def refusal(call, path, *arguments):
    """What is said of a folder that is refused; it stays as it was."""
    before = contents(path)
    with pytest.raises(BadInput) as caught:
        call(path, *arguments)
    assert contents(path) == before
    return caught.value.args[0].replace(str(path), "OUT"), caught.value.hint


@pytest.mark.parametrize("there", [False, True])
def test_a_new_or_an_empty_folder(tmp_path, there):
    out = tmp_path / "runs" / "a"
    if there:
        out.mkdir(parents=True)
    folder, earlier = create(out, request())
    assert earlier is None
    assert contents(out) == [".begun", "artifacts", "logs"]
    folder.write_run(run(request()))
    assert contents(out) == ["artifacts", "logs", "run.json"]


def test_the_same_request_goes_on(tmp_path):
    folder, _ = create(tmp_path / "a", request())
    folder.write_run(run(request()))
    folder.journal.append(record())
    before = contents(tmp_path / "a")
    again, earlier = create(tmp_path / "a", request())
    assert earlier == run(request())
    assert again.journal.records() == [record()]
    assert contents(tmp_path / "a") == before


def test_a_start_that_was_interrupted_goes_on(tmp_path):
    """Killed while the source was asked, before run.json: the same call again must work."""
    folder, _ = create(tmp_path / "a", request())
    folder.log("source").write_text("half a line")
    folder.work.mkdir()
    _, earlier = create(tmp_path / "a", request("another.onnx"))
    assert earlier is None


@pytest.mark.parametrize(
    "changes",
    [
        {"source": "other.onnx"},
        {"source_sha256": "c" * 64},
        {"seed": 1},
        {"targets": ("intel-cpu",)},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_another_request_is_refused(tmp_path, changes):
    folder, _ = create(tmp_path / "a", request())
    folder.write_run(run(request()))
    said, hint = refusal(create, tmp_path / "a", request(**changes))
    assert said == "OUT holds another run (of m.onnx)."
    assert hint == "Give another folder with --out, or remove that one."


def test_another_limit_keeps_artifacts_and_what_was_scored(tmp_path):
    """Artifacts, scores and what ranks layers depend on the data, not on what is allowed."""
    folder, _ = create(tmp_path / "a", request())
    folder.write_run(run(request(), state="finished"))
    scored = msgspec.structs.replace(record(), latency_reason="not measured yet")
    folder.journal.append(scored)
    folder.journal.append(msgspec.structs.replace(scored, latency_reason="", reason="confirmed"))
    kept = folder.artifacts / "a" / "model.onnx"
    ranked = folder.calibrated / "layers-a.json"
    bundle = folder.path / "this-machine" / "manifest.json"
    for path in (kept, ranked, bundle, folder.path / "report.html"):
        path.parent.mkdir(exist_ok=True)
        path.write_text("x")
    changed = request(constraints=Constraints(max_drop=0.02))
    again, earlier = create(tmp_path / "a", changed, say=untimed_words.sentence)
    assert earlier == run(changed)
    assert again.journal.records() == [
        msgspec.structs.replace(
            scored,
            untimed=limits.NOT_AGAIN,
            latency_reason="not timed: with these limits it was not needed",
        )
    ]
    assert kept.exists()
    assert ranked.exists()
    assert not bundle.exists()
    assert not (folder.path / "report.html").exists()
    assert create(tmp_path / "a", changed)[1] == run(changed)


@pytest.mark.parametrize(
    ("now", "kept"),
    [
        ({"python": "3.11"}, True),
        ({"python": "3.12"}, False),
        ({"python": "3.11", "packages": {"onnxruntime": "2"}}, False),
        ({"python": "3.11", "machine": {"id": "b"}}, False),
    ],
)
def test_scores_of_other_tools_are_not_taken_for_other_limits(tmp_path, now, kept):
    folder, _ = create(tmp_path / "a", request())
    folder.write_run(run(request(), state="finished"))
    folder.journal.append(record())
    again, _ = create(tmp_path / "a", request(constraints=Constraints(max_drop=0.02)), now)
    assert bool(again.journal.records()) == kept


@pytest.mark.parametrize("name", ["photo.jpg", "work/mine.txt", "logs/mine.log", "artifacts/a"])
def test_a_folder_with_other_things_is_refused(tmp_path, name):
    path = tmp_path / "a" / name
    path.parent.mkdir(parents=True)
    path.write_text("mine")
    said, hint = refusal(create, tmp_path / "a", request())
    assert said == "OUT is not empty and holds no run."
    assert hint == "Give a new or an empty folder with --out."


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "a").write_text("mine")
    said, hint = refusal(create, tmp_path / "a", request())
    assert said == "OUT is a file, not a folder."
    assert hint == "Give a folder with --out."


def test_a_path_below_a_file_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("mine")
    said, hint = refusal(create, tmp_path / "file" / "a", request())
    assert said == "OUT cannot be written: Not a directory."
    assert hint == "Give another folder with --out."


@pytest.mark.parametrize("out", ["file", "file/a/b"])
def test_early_refusal(tmp_path, out):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(BadInput) as caught:
        check_writable(tmp_path / out)
    assert caught.value.args[0] == (
        f"{tmp_path / out} cannot be written: {tmp_path / 'file'} is not a writable folder."
    )
    hint = caught.value.hint
    assert hint == "Give another folder with --out."


def test_early_approval_creates_nothing(tmp_path):
    check_writable(tmp_path / "a" / "b")
    check_writable(tmp_path)
    assert list(tmp_path.iterdir()) == []


def stored(folder, **changes):
    content = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps({**content, **changes}))


@pytest.mark.parametrize("call", [read, lambda path: create(path, request())])
@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"v": RUN_VERSION + 1}, f"its format {RUN_VERSION + 1} is newer than {RUN_VERSION}"),
        ({"colour": "red"}, "Object contains unknown field `colour`"),
        ({"state": "fine"}, "Invalid enum value 'fine'"),
    ],
    ids=["version", "field", "value"],
)
def test_a_run_that_is_not_understood(tmp_path, call, changes, expected):
    folder, _ = create(tmp_path / "a", request())
    folder.write_run(run(request()))
    stored(folder.path, **changes)
    said, hint = refusal(call, tmp_path / "a")
    assert said.startswith(
        f"OUT/run.json is not a run that this version of edgeopt reads: {expected}"
    )
    assert hint == "It may be of another version; give another folder with --out."


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe"])
def test_a_broken_run(tmp_path, content):
    create(tmp_path / "a", request())
    (tmp_path / "a" / "run.json").write_bytes(content)
    said, _ = refusal(read, tmp_path / "a")
    assert said.startswith("OUT/run.json is not a run that this version of edgeopt reads: ")


def test_a_run_is_read_with_its_records(tmp_path):
    folder, _ = create(tmp_path / "a", request())
    folder.journal.append(record())
    written = run(request(), state="finished", records=(record(),), folder="/elsewhere")
    folder.write_run(written)
    assert "records" not in (folder.path / "run.json").read_text().split('"choices"')[0]
    (tmp_path / "a").rename(tmp_path / "moved")
    assert read(tmp_path / "moved") == msgspec.structs.replace(
        written, folder=str(tmp_path / "moved")
    )


def test_no_run_to_read(tmp_path):
    out = tmp_path / "a"
    out.mkdir()
    said, hint = refusal(read, out)
    assert said == "OUT holds no run: there is no run.json."
    assert hint == "Give the --out of a run."


def test_no_folder_to_read(tmp_path):
    said, hint = refusal(read, tmp_path / "digist")
    assert said == "OUT holds no run: there is no such folder."
    assert hint == "Give the --out of a run."


def artifact(content=b"model"):
    return Artifact(
        recipe=FP32,
        path=f"artifacts/{FP32.conversion_id}/model.onnx",
        files={"model.onnx": hashlib.sha256(content).hexdigest()},
        sha256=hashlib.sha256(content).hexdigest(),
        size_bytes=len(content),
        inputs=(),
        outputs=(),
        source_sha256="a" * 64,
        tools={"onnx": "1"},
        convert_s=0.5,
    )


def made(folder, content=b"model"):
    place = folder.work / "convert"
    place.mkdir(parents=True)
    (place / "model.onnx").write_bytes(content)
    return place


def test_an_artifact_is_kept_and_found(tmp_path):
    folder, _ = create(tmp_path / "a", request())
    assert folder.artifact(FP32.conversion_id) is None
    place = made(folder)
    folder.keep_artifact(artifact(), place)
    assert not place.exists()
    assert folder.artifact(FP32.conversion_id) == artifact()
    assert (folder.path / artifact().path).read_bytes() == b"model"
    folder.clear_work()
    assert not folder.work.exists()
    folder.clear_work()


def test_an_artifact_replaces_what_lay_there(tmp_path):
    folder, _ = create(tmp_path / "a", request())
    folder.keep_artifact(artifact(), made(folder))
    folder.keep_artifact(artifact(b"newer"), made(folder, b"newer"))
    assert (folder.path / artifact().path).read_bytes() == b"newer"


@pytest.mark.parametrize("damage", ["model.onnx gone", "artifact.json gone", "artifact.json torn"])
def test_a_damaged_artifact_is_none(tmp_path, damage):
    folder, _ = create(tmp_path / "a", request())
    folder.keep_artifact(artifact(), made(folder))
    name, what = damage.split()
    path = folder.artifact_folder(FP32.conversion_id) / name
    if what == "gone":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:20])
    assert folder.artifact(FP32.conversion_id) is None


@pytest.mark.parametrize("error", [BadInput("bad"), NotInstalled("gone")])
def test_a_refusal_after_the_start_leaves_nothing(tmp_path, error):
    folder, _ = create(tmp_path / "a", request())
    with pytest.raises(type(error)), folder.discarded_if_refused():
        raise error
    assert not (tmp_path / "a").exists()


@pytest.mark.parametrize("error", [BadInput("bad"), KeyboardInterrupt()])
def test_what_has_begun_is_never_discarded(tmp_path, error):
    folder, _ = create(tmp_path / "a", request())
    if isinstance(error, BadInput):
        folder.write_run(run(request()))
    with pytest.raises(type(error)), folder.discarded_if_refused():
        raise error
    assert (tmp_path / "a" / "artifacts").is_dir()


def test_places():
    folder = RunFolder(run_folder.Path("/runs/a"))
    assert folder.log("source") == folder.path / "logs" / "source.log"
    assert folder.artifact_folder("abc") == folder.path / "artifacts" / "abc"


def test_the_noise_of_layers_is_kept_where_nothing_was_converted(tmp_path):
    folder = RunFolder(tmp_path)  # all forms come from earlier runs
    table = LayerSensitivity(plain=0.1, groups=(), samples=8, seconds=1.0)
    folder.keep_layer_sensitivity("abc", table)
    assert folder.layer_sensitivity("abc") == table
