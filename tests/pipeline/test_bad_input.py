"""Bad input: one clear sentence, exit code 2, nothing half-written."""

from __future__ import annotations

import numpy as np
import pytest

from tests.pipeline.cli_process import HERE, edgeopt

PROFILE = HERE / "one-runtime.toml"


@pytest.fixture(scope="module")
def place(tiny_onnx):
    """The tiny model with broken neighbours of its file and its data."""
    whole = (tiny_onnx / "tiny.onnx").read_bytes()
    (tiny_onnx / "text.onnx").write_text("this is no model\n")
    (tiny_onnx / "half.onnx").write_bytes(whole[: len(whole) // 2])
    (tiny_onnx / "empty.onnx").write_bytes(b"")
    (tiny_onnx / "model.bin").write_bytes(whole)
    (tiny_onnx / "weights.pt").write_bytes(b"\x80\x04N.")
    (tiny_onnx / "other").mkdir()
    (tiny_onnx / "other" / "notes.txt").write_text("not a run\n")
    (tiny_onnx / "broken.toml").write_text(PROFILE.read_text().replace("count = 2", "count = 'x'"))
    with np.load(tiny_onnx / "tiny.npz") as arrays:
        image, labels = arrays["image"], arrays["labels"]
    holes = image.copy()
    holes[3, 5] = np.nan
    np.savez(tiny_onnx / "nan.npz", image=holes, labels=labels)
    np.savez(tiny_onnx / "short.npz", image=image, labels=labels[:-1])
    np.savez(tiny_onnx / "narrow.npz", image=image[:, :32], labels=labels)
    np.savez(tiny_onnx / "names.npz", imgae=image, other=image, labels=labels)
    np.savez(tiny_onnx / "few.npz", image=image[:2], labels=labels[:2])
    np.savez(tiny_onnx / "bytes.npz", image=(image * 16).astype(np.uint8), labels=labels)
    _operator(tiny_onnx)
    return tiny_onnx


def _operator(folder):
    import onnx

    model = onnx.load(folder / "tiny.onnx")
    model.graph.node[0].op_type = "Teleport"
    model.graph.node[0].domain = "made.up"
    model.opset_import.append(onnx.helper.make_opsetid("made.up", 1))
    onnx.save(model, folder / "operator.onnx")


CASES = {
    "no file": (["gone.onnx"], "there is no file gone.onnx"),
    "a folder": (["other"], "other is a folder, not a model file"),
    "text": (["text.onnx"], "text.onnx is not an ONNX model, or it is truncated"),
    "truncated": (["half.onnx"], "half.onnx is not an ONNX model, or it is truncated"),
    "empty": (["empty.onnx"], "empty.onnx is empty"),
    "suffix": (["model.bin"], "a suffix that is not known: .bin"),
    "pickle": (["weights.pt"], "weights.pt is a pickle: reading it runs whatever code is inside"),
    "operator": (["operator.onnx"], "an operator that ONNX Runtime does not know"),
    "nan": (["tiny.onnx", "--data", "nan.npz"], "'image' has NaN or infinite values in 1 of"),
    "labels": (["tiny.onnx", "--data", "short.npz"], "896 labels for 897 samples"),
    "shape": (
        ["tiny.onnx", "--data", "narrow.npz"],
        "[897, 32], but the model takes [n, 64]",
    ),
    "names": (["tiny.onnx", "--data", "names.npz"], "did you mean 'image'?"),
    "type": (["tiny.onnx", "--data", "bytes.npz"], "uint8"),
    "few": (["tiny.onnx", "--data", "few.npz"], "2 "),
    "no data": (["tiny.onnx", "--data", "gone.npz"], "gone.npz: no such file"),
    "target": (["tiny.onnx", "--target", "rapsberry-pi-5"], "did you mean 'raspberry-pi-5'?"),
    "profile": (["tiny.onnx", "--target", "broken.toml"], "cores[0].count: expected int, got str"),
    "metric": (["tiny.onnx", "--metric", "acuracy"], "did you mean 'accuracy'?"),
    "metric fit": (["tiny.onnx", "--metric", "pearson"], "10 values for a sample"),
    "drop": (["tiny.onnx", "--max-drop", "5"], "Did you mean 5%?"),
    "size": (["tiny.onnx", "--max-size", "many"], "--max-size must be a size, but got 'many'"),
    "shape option": (["tiny.onnx", "--shape", "image=axb"], "'image=axb' is no shape"),
    "shape name": (["tiny.onnx", "--shape", "foo=1x2"], "names an input 'foo'"),
    "output": (["tiny.onnx", "--output", "prob"], "the model has no output 'prob'"),
    "overlap": (["tiny.onnx", "--confirm", "tiny.npz"], "tiny.npz"),
    "out not empty": (["tiny.onnx", "--out", "other"], "other is not empty and holds no run"),
    "out not a folder": (["tiny.onnx", "--out", "tiny.npz/run"], "cannot be written"),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_bad_input_is_one_sentence_and_leaves_nothing(place, case):
    arguments, sentence = CASES[case]
    defaults = {"--data": "tiny.npz", "--target": str(PROFILE), "--out": "fresh"}
    for option, value in defaults.items():
        if option not in arguments:
            arguments = [*arguments, option, value]
    before = sorted(path.name for path in place.iterdir())
    done = edgeopt("optimize", *arguments, cwd=place)
    assert done.returncode == 2, done.stderr
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert sorted(path.name for path in place.iterdir()) == before
    assert [path.name for path in (place / "other").iterdir()] == ["notes.txt"]


@pytest.mark.slow
def test_debug_shows_the_traceback(place):
    done = edgeopt(
        "--debug", "optimize", "gone.onnx", "--data", "x.npz", "--target", PROFILE, cwd=place
    )
    assert done.returncode == 2
    assert "Traceback" in done.stderr


@pytest.mark.slow
def test_what_is_not_installed_is_exit_code_3(place, tmp_path):
    import os

    (tmp_path / "onnx.py").write_text("raise ImportError('No module named onnx')\n")
    done = edgeopt(
        *("optimize", "tiny.onnx", "--data", "tiny.npz", "--target", PROFILE, "--out", "fresh"),
        cwd=place,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )
    assert done.returncode == 3, done.stderr
    assert "pip install" in done.stderr
    assert not (place / "fresh").exists()
