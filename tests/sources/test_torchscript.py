"""TorchScript: known by its content, exported by tracing, refused where it remembers."""

import numpy as np
import onnxruntime as ort
import pytest

from benchmarks.demo.packages import folder
from edgeopt import runtimes
from edgeopt.domain.errors import BadInput
from edgeopt.sources.formats import recognise

pytestmark = [pytest.mark.usefixtures("at_home"), pytest.mark.slow]


@pytest.fixture(scope="module")
def tiny():
    from tests.sources import tiny_torch

    return tiny_torch


@pytest.fixture(scope="module")
def silero():
    return folder("silero-vad") / "silero_vad" / "data" / "silero_vad.jit"


def random(*shape):
    return np.random.default_rng(3).normal(size=shape).astype(np.float32)


def refusal(call, *arguments, **named):
    with pytest.raises(BadInput) as caught:
        call(*arguments, **named)
    assert "\n" not in caught.value.args[0]
    return caught.value.args[0], caught.value.hint


def assert_forms_agree(source, arrays, expected):
    session = runtimes.load("torch").open_session(
        source.reference_path, 1, source.reference_options
    )
    assert [s["name"] for s in session.inputs] == [spec.name for spec in source.inputs]
    onnx = ort.InferenceSession(source.onnx, providers=["CPUExecutionProvider"])
    for got in (session.run(list(arrays.values())), onnx.run(None, arrays)):
        for own, theirs, spec in zip(got, expected, source.outputs, strict=True):
            assert own.shape == spec.shape
            np.testing.assert_allclose(own, theirs, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("way", ["trace", "script"])
def test_it_is_known_by_its_content(tmp_path, tiny, inspect, way):
    torch = tiny.torch
    net, path = tiny.Mlp().eval(), tmp_path / "m.pt"
    made = torch.jit.trace(net, torch.zeros(1, 4)) if way == "trace" else torch.jit.script(net)
    made.save(str(path))
    assert recognise(path) == "torchscript"
    torch.save(net, tmp_path / "pickle.pt")
    assert recognise(tmp_path / "pickle.pt") == "pickle"
    said, hint = refusal(inspect, path)
    assert said == (
        f"{path} is a TorchScript archive: a program, which can read and write files when it runs."
    )
    assert hint.startswith("If you made it yourself, say --trust; ")
    (spec,) = inspect(path, trust=True).inputs
    assert (spec.name, spec.dtype, spec.shape) == ("x", None, None)


def test_a_script_with_a_branch(tmp_path, tiny, prepare, describe):
    torch, path = tiny.torch, tmp_path / "m.pt"
    torch.jit.script(tiny.Branch()).save(str(path))
    source = prepare(path, seen={"x": (4,)}, trust=True)
    assert (source.format, source.reference_runtime) == ("torchscript", "torch")
    assert describe(source.outputs) == {"output": ("float32", (1, 4))}
    assert source.operators["If"] == 1
    for sign in (1, -1):
        x = sign * np.abs(random(1, 4))
        assert_forms_agree(source, {"x": x}, [np.abs(x)])


def test_silero_vads_inner_part(tmp_path, tiny, silero, prepare, describe):
    """State in, state out: a real TorchScript with an LSTM."""
    torch, path = tiny.torch, tmp_path / "vad.pt"
    inner = torch.jit.load(str(silero))._model
    torch.jit.save(inner, str(path))
    arrays = {"x": random(1, 576) / 10, "state": random(2, 1, 128)}
    sample = tmp_path / "sample.npz"
    np.savez(sample, **arrays)
    source = prepare(path, said={"x": (1, 576), "state": (2, 1, 128)}, sample=sample, trust=True)
    assert describe(source.outputs) == {
        "output_0": ("float32", (1, 1)),
        "output_1": ("float32", (2, 1, 128)),
    }
    with torch.inference_mode():
        expected = inner(*(torch.from_numpy(array) for array in arrays.values()))
    assert_forms_agree(source, arrays, [tensor.numpy() for tensor in expected])


def test_silero_vad_as_a_whole_takes_a_number(silero, tmp_path, inspect):
    path = tmp_path / "vad.pt"
    path.write_bytes(silero.read_bytes())
    said, hint = refusal(inspect, path, trust=True)
    assert said == f"input 'sr' of {path} is of type int, not a tensor."
    assert hint == "Script or trace it again with tensors only."


def test_what_remembers_is_refused(tmp_path, tiny, prepare):
    path = tmp_path / "m.pt"
    tiny.torch.jit.script(tiny.Counter()).save(str(path))
    said, hint = refusal(prepare, path, said={"x": (1, 4)}, trust=True)
    assert said.startswith(f"{path} answers differently when asked the same again: ")
    assert "state" in hint


def test_shapes_that_it_does_not_take(tmp_path, tiny, prepare):
    path = tmp_path / "m.pt"
    tiny.torch.jit.script(tiny.Mlp()).save(str(path))
    said, hint = refusal(prepare, path, said={"x": (1, 5)}, trust=True)
    assert said.startswith(f"{path} does not run at x: [1, 5]: ")
    assert "mat1 and mat2 shapes cannot be multiplied" in said
    assert "--shape" in hint


def test_truncated_inside(tmp_path, tiny, inspect):
    path = tmp_path / "m.pt"
    tiny.torch.jit.script(tiny.Mlp()).save(str(path))
    content = path.read_bytes()
    path.write_bytes(content[:300] + bytes(200) + content[500:])
    said, _ = refusal(inspect, path, trust=True)
    assert said.startswith(f"{path} is no TorchScript that PyTorch ")
