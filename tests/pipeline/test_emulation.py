"""A digits classifier on emulated Raspberry Pis: the answers of here, or an illegal instruction."""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec
import numpy as np
import pytest

import edgeopt as package
from benchmarks.integers import usual_here
from edgeopt import targets
from edgeopt.devices import qemu
from edgeopt.devices.emulated import Emulated
from edgeopt.domain.emulation import Emulation
from edgeopt.domain.errors import NotInstalled, StepFailed
from edgeopt.domain.progress import silent
from edgeopt.domain.recipe import Recipe
from edgeopt.domain.record import Record
from edgeopt.domain.run import Constraints
from edgeopt.pipeline import run_context
from edgeopt.pipeline.call import Call
from edgeopt.pipeline.emulated_answers import difference, emulate
from edgeopt.pipeline.intake import take_in
from edgeopt.pipeline.placement import Placement
from edgeopt.pipeline.target_run import at_work
from edgeopt.search.space import Space
from edgeopt.store import run_folder

BOARDS = {
    "raspberry-pi-3b-plus": "cortex-a53",
    "raspberry-pi-4": "cortex-a72",
    "raspberry-pi-5": "cortex-a76",
}
RECIPES = [
    Recipe(runtime=runtime, precision=p, quantization=usual_here(runtime, p))
    for runtime in ("litert", "onnxruntime")
    for p in ("fp32", "int8-static")
]
OPENVINO = Recipe(runtime="openvino", precision="fp32", options={"INFERENCE_PRECISION_HINT": "f32"})
MORE = {"raspberry-pi-4": [OPENVINO]}  # slower to start: on one board
emulated = pytest.mark.skipif(
    not any(shutil.which(name) for name in qemu.PROGRAMS),
    reason="needs QEMU's user mode: apt-get install qemu-user-static",
)


@pytest.fixture(scope="module")
def context(digits, tmp_path_factory):
    """A run at work, with the digits' artifacts made, scored and ready."""
    folder = tmp_path_factory.mktemp("emulation")
    with np.load(digits / "digits.npz") as arrays:
        data = {"input": arrays["image"], "labels": arrays["labels"]}
    call = Call(
        model=digits / "digits.pt2", targets=tuple(BOARDS), data=data, out=folder / "run",
        metric="accuracy", constraints=Constraints(max_drop=0.03),
    )  # fmt: skip
    intake = take_in(call, folder, silent)
    made, _ = run_folder.create(call.out, intake.request)
    with run_context.opened(call, intake, made, silent) as context:
        yield context


def scored(context, target, recipes):
    """Records of a target without a device: converted and scored here."""
    return at(context, target, recipes).evaluated(recipes)


def at(context, target, recipes=()):
    """A target without a device at work: this machine answers for it."""
    placement = Placement(targets.load(target))
    return at_work(context, placement, Space(tuple(recipes), ()))


@pytest.fixture(scope="module")
def on(context):
    """on(board, core, recipes): their records there. The tree is made once, in the cache."""

    def on(name: str, core: str | None = None, recipes=RECIPES) -> list[Record]:
        records = scored(context, name, recipes)
        assert [r.status for r in records] == ["ok"] * len(recipes)
        device = Emulated(targets.load(name), core=core)
        folder = Path(device.folder())
        try:
            return emulate(at(context, name).evaluator, device, records)
        except NotInstalled as error:
            pytest.skip(str(error))
        finally:
            device.close()
            assert not folder.exists()

    return on


@emulated
@pytest.mark.slow
@pytest.mark.parametrize("name", BOARDS)
def test_each_board_answers_as_this_machine_does(on, name):
    recipes = RECIPES + MORE.get(name, [])
    records = on(name, recipes=recipes)
    assert len(records) == len(recipes)
    for record in records:
        found = record.emulation
        assert (record.status, record.reason) == ("ok", "")
        assert (found.core, found.note) == (BOARDS[name], "")
        assert found.n == found.score.n == found.drop.n == 128
        # The same artifact on the same samples: what differs is inside the score's interval.
        assert found.drop.low <= 0 <= found.drop.high
        assert abs(found.drop.value) <= 1 / 128
        (output,) = found.outputs
        assert output.sqnr_db is None or output.sqnr_db > 100
        assert (output.equal == 1.0) == (output.max_abs == 0.0)
        assert record.precision in ("fp32", f"{found.precision}-static")
        # Times there are no latencies; the emulator's own memory (100 MB) is not the artifact's.
        assert (record.kind, record.device) == ("emulated", f"emulated://{name}")
        assert record.latency_ms is None
        assert record.latency_reason.endswith(f"{found.core}, whose times are no latencies")
        assert 40e6 < found.rss_bytes < (150e6 if record.runtime == "openvino" else 110e6)
        assert msgspec.json.decode(msgspec.json.encode(record), type=Record) == record


@emulated
@pytest.mark.slow
def test_an_instruction_that_the_core_lacks_ends_the_candidate_and_is_named(on):
    """A Raspberry Pi 5's /proc/cpuinfo promises dot products; a Cortex-A72 has none."""
    if not qemu.find().version.startswith(("7.", "8.0")):
        pytest.skip("QEMU 8.1 and later shows its own core's /proc/cpuinfo; needs QEMU 7.0 to 8.0")
    records = on("raspberry-pi-5", "cortex-a72", [r for r in RECIPES if str(r) != str(RECIPES[2])])
    assert [r.precision for r in records] == ["fp32", "int8-static", "int8-static"]
    assert records[0].status == "ok", records[0].reason
    for record in records[1:]:
        assert (record.status, record.step) == ("failed-run", "score")
        assert "illegal instruction on cortex-a72" in record.reason
        assert record.emulation is None


@pytest.mark.slow  # the fixture trains and converts
def test_a_runtime_without_an_emulated_form_keeps_its_record(context, monkeypatch):
    (made,) = scored(context, "raspberry-pi-4", RECIPES[:1])
    other = msgspec.structs.replace(made, runtime="torch")
    device = Emulated(targets.load("raspberry-pi-4"))
    monkeypatch.setattr(device, "prepare", lambda progress: None)
    (record,) = emulate(at(context, "raspberry-pi-4").evaluator, device, [other])
    assert (record.status, record.kind, record.emulation) == ("ok", None, None)
    assert "torch is not run on emulated ARM" in record.latency_reason


@pytest.mark.slow
def test_what_was_answered_there_before_or_has_failed_is_not_asked_again(context, monkeypatch):
    (made,) = scored(context, "raspberry-pi-4", RECIPES[:1])
    assert made.score is not None
    assert made.drop is not None
    before = Emulation(
        core="cortex-a72", emulator="", note="", runtime_version="", precision=None, n=1,
        score=made.score, drop=made.drop, outputs=(), required_db=40.0, rss_bytes=None,
    )  # fmt: skip
    records = [
        msgspec.structs.replace(made, emulation=before),
        msgspec.structs.replace(made, status="failed-run", step="score"),
    ]
    device = Emulated(targets.load("raspberry-pi-4"))
    monkeypatch.setattr(device, "prepare", lambda progress: None)
    assert emulate(at(context, "raspberry-pi-4").evaluator, device, records) == records


def test_differences_of_an_output():
    here = np.array([[1.0, 2.0], [3.0, np.inf]], np.float32)
    same = difference("y", here, here)
    assert (same.equal, same.max_abs, same.sqnr_db) == (1.0, 0.0, None)
    there = here.copy()
    there[0, 0] = 1.5
    found = difference("y", there, here)
    assert (found.equal, found.max_abs) == (0.75, 0.5)
    assert found.sqnr_db == pytest.approx(10 * np.log10((1 + 4 + 9) / 0.25))
    there[0, 0] = np.nan
    with pytest.raises(StepFailed, match="'y' is not finite"):
        difference("y", there, here)


@emulated
@pytest.mark.slow
def test_a_whole_run_for_an_emulated_board(tiny_onnx, tmp_path):
    """Converted and scored here, answered there; nothing is timed, and the sentence says so."""
    text = (targets.folder() / "raspberry-pi-4.toml").read_text("utf-8")
    head = text.partition("[[recipes]]")[0].replace('"raspberry-pi-4"', '"our-pi-4"', 1)
    for precision in ("fp32", "int8-weights"):
        head += f'[[recipes]]\nruntime = "onnxruntime"\nprecision = "{precision}"\nwhy = "a test"\n'
    (tmp_path / "our-pi-4.toml").write_text(head)
    own, out = str(tmp_path / "our-pi-4.toml"), tmp_path / "run"
    try:
        run = package.optimize(
            tiny_onnx / "tiny.onnx", own, tiny_onnx / "tiny.npz", out=out,
            max_drop=0.02, device=f"emulated://{own}",
        )  # fmt: skip
    except NotInstalled as error:
        pytest.skip(str(error))
    tried = [r for r in run.records if r.status != "skipped"]
    assert {r.precision for r in tried} == {"fp32", "int8-weights"}
    for record in tried:
        assert (record.status, record.reason, record.kind) == ("ok", "", "emulated")
        assert (record.latency_ms, record.speedup, record.versus_baseline) == (None, None, None)
        assert record.emulation.n == 128
    assert run.choices[0].basis == "suggested"
    assert "on an emulated cortex-a72 it answered 128 samples as here" in run.choices[0].why
    assert run.request.devices == (f"emulated://{own}",)
    page = (out / "report.html").read_text()
    assert "Not timed: run on an emulated cortex-a72, whose times are no latencies" in page
    assert (out / "our-pi-4" / "run.py").is_file()
