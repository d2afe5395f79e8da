"""`edgeopt try` and `--data random`: what is fed, what is timed, and what is never shipped."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from edgeopt.cli import cli
from edgeopt.domain.errors import BadInput
from edgeopt.pipeline import optimize, trying, without_data
from edgeopt.pipeline.call import Call
from edgeopt.pipeline.steps.final import Final
from edgeopt.pipeline.steps.make_and_score import MakeAndScore
from edgeopt.pipeline.steps.screen import Screen
from edgeopt.pipeline.steps.take_unconfirmed import TakeUnconfirmed
from edgeopt.sources.source import Inspected, OpenSpec
from edgeopt.store import run_folder
from tests.sources.tiny_onnx import mlp, save, tokens

HERE = Path(__file__).parent
ONE = HERE / "one-runtime.toml"


def call(*words):
    return CliRunner().invoke(cli, list(words))


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with a model of token ids, and with a profile that no machine is of."""
    folder = tmp_path_factory.mktemp("no-data")
    save(tokens(), folder / "ids.onnx")
    save(mlp(), folder / "mlp.onnx")
    text = ONE.read_text("utf-8")
    for here, there in (("one-runtime", "nowhere"), ("x86_64", "aarch64"), ("avx2", "asimd")):
        text = text.replace(f'"{here}"', f'"{there}"')
    (folder / "nowhere.toml").write_text(text, "utf-8")
    return folder


@pytest.fixture(scope="module")
def tried(place):
    """The model's path alone, on a profile of one runtime."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trying, "TARGET", str(ONE))
        patch.setattr(trying.onnx2tf, "is_ready", lambda: False)
        patch.setenv("COLUMNS", "80")
        patch.chdir(place)
        yield call("ids.onnx"), place / "runs" / "ids-try"


@pytest.mark.slow
def test_a_model_alone_is_tried_on_one_screen(tried):
    done, folder = tried
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    assert len(lines) <= 25
    told = [line for line in lines if not line.startswith(("Report:", "  edgeopt optimize"))]
    assert max(map(len, told)) <= 80
    assert "random inputs, so no scores" in lines[0]
    assert re.search(r"(Fastest|First) in floats: onnxruntime fp32", done.stdout)
    assert "latency only" in done.stdout
    assert f"  edgeopt optimize ids.onnx --target {ONE} --data DATA" in lines
    assert (folder / "report.html").is_file()


@pytest.mark.slow
def test_its_run_is_marked_everywhere(tried):
    run = run_folder.read(tried[1])
    assert (run.request.random_inputs, run.request.data) == (True, "random inputs")
    assert run.data.metric == "none"
    assert run.data.labels is False
    assert "ids: whole numbers from 0 to 10" in run.warnings[0]
    assert {axis.basis for axis in run.source.open_axes if axis.name == "length"} == {"guessed"}
    timed = {one.precision: one for one in run.records if one.measured}
    assert set(timed) == {"fp32", "int8-static"}
    assert all(one.random_inputs and one.score is None for one in timed.values())
    assert all(one.parity is not None for one in timed.values())
    assert [name for name, one in timed.items() if one.latency_only] == ["int8-static"]
    assert run.chosen.precision == "fp32"
    page = (tried[1] / "report.html").read_text("utf-8")
    assert "timed on random inputs: nothing is scored" in page
    assert "latency only" in page


@pytest.mark.slow
def test_a_first_look_makes_no_bundle(tried):
    run = run_folder.read(tried[1])
    assert run.choices[0].bundle is None
    assert not list(tried[1].glob("*/manifest.json"))


@pytest.mark.slow
def test_the_same_call_shows_it_and_another_tool_goes_on(tried, monkeypatch):
    _, folder = tried
    before = run_folder.read(folder)
    schedules = set((folder / "measurements").glob("*.json"))
    assert call("try", "ids.onnx").exit_code == 0
    assert run_folder.read(folder).started == before.started
    assert set((folder / "measurements").glob("*.json")) == schedules
    monkeypatch.setattr(trying.onnx2tf, "is_ready", lambda: True)
    made = {path: path.stat().st_mtime_ns for path in (folder / "artifacts").iterdir()}
    assert call("try", "ids.onnx").exit_code == 0
    after = run_folder.read(folder)
    assert (before.request.later, after.request.later) == (("litert",), ())
    assert after.started >= before.started
    assert set((folder / "measurements").glob("*.json")) > schedules, "it was timed again"
    assert {path: path.stat().st_mtime_ns for path in (folder / "artifacts").iterdir()} == made


@pytest.fixture(scope="module")
def optimized(place):
    """The same inside `optimize`, for a target that is timed and one that is not."""
    short = [MakeAndScore(), Screen("glance"), Final(), TakeUnconfirmed()]
    assert {type(step) for step in short} < {type(step) for step in optimize.TIMED_ALONE}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(optimize, "TIMED_ALONE", tuple(short))
        patch.chdir(place)
        patch.setenv("COLUMNS", "80")
        targets = ("--target", str(ONE), "--target", "nowhere.toml")
        yield call("optimize", "mlp.onnx", *targets, "--data", "random", "--quick", "--out", "run")


@pytest.mark.slow
def test_optimize_without_data_chooses_floats_and_bundles_nothing_else(optimized, place):
    assert optimized.exit_code == 0, optimized.output
    assert "No data: the inputs are random" in optimized.stdout
    run = run_folder.read(place / "run")
    assert [choice.basis for choice in run.choices] == ["measured", "suggested"]
    for choice in run.choices:
        assert run.record(choice.target, choice.recipe_id).precision == "fp32"
        assert "not scored, since the inputs are random" in choice.why
        manifest = json.loads((place / "run" / choice.bundle / "manifest.json").read_text())
        assert (manifest["random_inputs"], manifest["score"]) == (True, None)
    static = [one for one in run.records if one.precision == "int8-static"]
    assert len(static) == 2
    assert all(one.latency_only and one.status == "ok" for one in static)
    assert [one.latency_ms is not None for one in static] == [True, False]
    for target in ("one-runtime", "nowhere"):
        shipped = call("ship", str(place / "run"), static[0].recipe_id, "--target", target)
        assert shipped.exit_code == 2
        assert "made to be timed only" in shipped.stderr
    shown = call("report", str(place / "run"), "--all")
    assert shown.exit_code == 0
    assert "latency only" in shown.stdout


@pytest.mark.parametrize(
    "option",
    [
        ("--metric", "accuracy"),
        ("--task", "detection"),
        ("--calibration", "c.npz"),
        ("--slice-by", "camera"),
        ("--corruptions",),
        ("--max-slice-drop", "1%"),
        ("--prune",),
        ("--state", "a=b"),
    ],
    ids=lambda option: option[0],
)
def test_what_needs_data_is_refused(option, place):
    model = str(place / "mlp.onnx")
    done = call("optimize", model, "--target", str(ONE), "--data", "random", *option)
    assert done.exit_code == 2
    assert "needs data" in done.stderr
    assert not (place / "runs" / "mlp").exists()


def test_a_folder_called_random_is_data(place, monkeypatch):
    monkeypatch.chdir(place)
    (place / "random").mkdir(exist_ok=True)
    done = call("optimize", "mlp.onnx", "--target", str(ONE), "--data", "./random")
    assert done.exit_code == 2
    assert "random" in done.stderr
    asked = Call(model=Path("mlp.onnx"), targets=(), data="./random", out=Path("run"))
    assert not without_data.is_asked(asked)


def test_a_language_model_is_told_so_before_it_is_prepared(tmp_path):
    names = ("input_ids", "past_key_values.0.key")
    inputs = tuple(OpenSpec(name=name, dtype="int64", shape=(1, 4)) for name in names)
    asked = Call(model=Path("m.onnx"), targets=(), data="random", out=tmp_path / "run")
    with pytest.raises(BadInput, match=r"language model: .*llama\.cpp"):
        without_data.read(asked, Inspected(path="m.onnx", format="onnx", inputs=inputs))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("optmize", "m.onnx"), "Did you mean 'optimize'"),
        (("inspct",), "Did you mean 'inspect'"),
        (("tyr", "m.onnx"), "Did you mean 'try'"),
        (("nothing-there.onnx",), "there is no file nothing-there.onnx"),
        (("nothing-there.tflite", "--json"), "there is no file nothing-there.tflite"),
        (("MODEL.ONNX", "--no-such"), "No such option"),
    ],
)
def test_a_path_is_for_try_and_a_slip_is_still_a_slip(words, told, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = call(*words)
    assert done.exit_code == 2
    assert told in done.stderr
