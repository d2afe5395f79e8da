import zipfile

import numpy as np
import pytest

from edgeopt.domain.errors import BadInput
from edgeopt.sources import module
from edgeopt.sources.request import InspectRequest
from edgeopt.sources.source import sha256_file

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("at_home")]


@pytest.fixture(scope="module")
def tiny():
    """Imported late: `torch` alone takes seconds."""
    from tests.sources import tiny_torch

    tiny_torch.torch.manual_seed(0)
    return tiny_torch


def answers(runtime, path, arrays):
    from edgeopt import runtimes

    return runtimes.load(runtime).open_session(str(path), 1, {}).run(arrays)


def assert_forms_agree(net, source, arrays):
    import torch

    with torch.inference_mode():
        expected = net(*(torch.from_numpy(np.asarray(a)) for a in arrays))
    if isinstance(expected, dict):
        expected = (expected["mean"], *expected["rows"])
    expected = expected if isinstance(expected, tuple) else (expected,)
    assert len(source.outputs) == len(expected)
    for runtime, path in (("torch", source.reference_path), ("onnxruntime", source.onnx)):
        got = answers(runtime, path, arrays)
        for spec, own, theirs in zip(source.outputs, got, expected, strict=True):
            assert own.shape == spec.shape
            np.testing.assert_allclose(own, theirs.numpy(), rtol=1e-5, atol=1e-6)


def random(*shape):
    return np.random.default_rng(3).normal(size=shape).astype(np.float32)


def refusal(call, *arguments, **named):
    with pytest.raises(BadInput) as caught:
        call(*arguments, **named)
    assert "\n" not in caught.value.args[0]
    return caught.value.args[0], caught.value.hint


def test_static_shapes(tmp_path, tiny, prepare, describe):
    net = tiny.Mlp()
    path = tiny.export(net, tmp_path / "m.pt2", tiny.torch.zeros(1, 4))
    source = prepare(path)
    assert describe(source.inputs) == {"x": ("float32", (1, 4))}
    assert describe(source.outputs) == {"output": ("float32", (1, 3))}
    assert (source.format, source.reference_runtime) == ("pt2", "torch")
    assert source.exported == source.reference_path
    assert (source.sha256, source.size_bytes) == (sha256_file(path), path.stat().st_size)
    assert source.operators == {"Gemm": 2, "Relu": 1}
    assert_forms_agree(net, source, [random(1, 4)])


@pytest.mark.parametrize(("said", "batch"), [(None, 1), ({"x": (3, 4)}, 3)])
def test_an_open_batch(tmp_path, tiny, prepare, describe, said, batch):
    net = tiny.Mlp()
    dynamic = {"x": {0: tiny.torch.export.Dim("batch")}}
    path = tiny.export(net, tmp_path / "m.pt2", tiny.torch.zeros(2, 4), dynamic=dynamic)
    source = prepare(path, said=said)
    assert describe(source.inputs) == {"x": ("float32", (batch, 4))}
    assert_forms_agree(net, source, [random(batch, 4)])


def test_several_inputs_and_outputs_of_several_kinds(tmp_path, tiny, prepare, describe):
    net = tiny.Tokens()
    ids, scale = tiny.torch.zeros(1, 7, dtype=tiny.torch.int64), tiny.torch.tensor(1.0)
    sample = tmp_path / "sample.npz"
    np.savez(sample, ids=np.arange(7)[None], scale=np.float32(2))
    source = prepare(tiny.export(net, tmp_path / "m.pt2", ids, scale), sample=sample)
    assert describe(source.inputs) == {"ids": ("int64", (1, 7)), "scale": ("float32", ())}
    assert describe(source.outputs) == {
        "output_0": ("float32", (1, 5)),
        "output_1": ("float32", (1, 7, 5)),
        "output_2": ("float32", ()),
    }
    assert_forms_agree(net, source, [np.arange(7)[None], np.array(3, np.float32)])


def test_without_an_onnx_form(tmp_path, tiny, prepare):
    sample = tmp_path / "sample.npz"
    np.savez(sample, x=np.eye(3, dtype=np.float32)[None])
    path = tiny.export(tiny.Inverse(), tmp_path / "m.pt2", tiny.torch.eye(3)[None])
    source = prepare(path, sample=sample)
    assert (source.onnx, source.operators) == (None, {})
    assert source.onnx_reason.startswith("PyTorch does not export it to ONNX: ")
    assert source.exported


@pytest.mark.parametrize("kind", ["tuple", "dict", "keyword"])
def test_tensors_in_groups_and_by_keyword(tmp_path, tiny, kind):
    """A program is called with its tensors one after the other, whatever held them."""
    from edgeopt.sources import exported_program, flat_program

    torch = tiny.torch

    class Pair(torch.nn.Module):
        def forward(self, pair):
            return pair[0] - 2 * pair[1]

    a, b = torch.randn(1, 4), torch.randn(1, 4)
    module = tiny.Keyword() if kind == "keyword" else Pair()
    given = {"tuple": ((a, b),), "dict": ({0: a, 1: b},), "keyword": (a,)}[kind]
    kwargs = {"shift": b} if kind == "keyword" else None
    path = tiny.export(module, tmp_path / "m.pt2", *given, kwargs=kwargs)
    specs = exported_program.inspect(InspectRequest(path=str(path))).inputs
    assert [spec.shape for spec in specs] == [(1, 4), (1, 4)]
    flat = flat_program.module(exported_program.read(str(path)))
    again = torch.export.export(flat, (a, b)).module()  # as `prepare` writes it
    torch.testing.assert_close(again(a, b)[0], module(*given, **(kwargs or {})))


def test_a_number_as_an_argument(tmp_path, tiny, inspect):
    path = tiny.export(tiny.Number(), tmp_path / "m.pt2", tiny.torch.zeros(1, 4), 3)
    said, _ = refusal(inspect, path)
    assert said == f"input 3 of {path} is no tensor; export it with tensors only."


def test_a_number_as_an_answer(tmp_path, tiny, prepare):
    path = tiny.export(tiny.Counted(), tmp_path / "m.pt2", tiny.torch.zeros(1, 4))
    said, hint = refusal(prepare, path)
    assert said == f"{path} answers with a value of type int, not a tensor."
    assert hint == "Export it so that it returns tensors only."


def test_shapes_that_it_does_not_take(tmp_path, tiny, prepare):
    path = tmp_path / "m.pt"
    tiny.torch.save(tiny.torch.nn.Sequential(tiny.Mlp()), path)
    said, hint = refusal(prepare, path, said={"input": (1, 5)}, trust=True)
    assert said.startswith(f"{path} does not run at input: [1, 5]: RuntimeError: ")
    assert "--shape" in hint


@pytest.mark.parametrize("kept", [0.3, 0.99])
def test_truncated(tmp_path, tiny, inspect, kept):
    path = tiny.export(tiny.Mlp(), tmp_path / "m.pt2", tiny.torch.zeros(1, 4))
    content = path.read_bytes()
    path.write_bytes(content[: int(kept * len(content))])
    said, hint = refusal(inspect, path)
    assert said.startswith(f"{path} is no exported program")
    assert "it is truncated" in said
    assert "torch.export.save" in hint


def test_damaged_inside(tmp_path, tiny, inspect):
    path = tiny.export(tiny.Mlp(), tmp_path / "m.pt2", tiny.torch.zeros(1, 4))
    content = path.read_bytes()
    path.write_bytes(content[:200] + bytes(len(content) // 2) + content[len(content) // 2 + 200 :])
    said, hint = refusal(inspect, path)
    assert said.startswith(f"{path} is no exported program that can be read: 'm/data/weights/w")
    assert hint == "Export or copy it again."


def test_another_archive(tmp_path, inspect):
    path = tmp_path / "m.pt2"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("hello.txt", "hello")
    said, _ = refusal(inspect, path)
    assert said.startswith(f"{path} is no exported program: it is truncated, or another archive")


def test_a_trusted_pickle(tmp_path, tiny, prepare, describe):
    net = tiny.Mlp()
    path = tmp_path / "m.pt"
    tiny.torch.save(net.train(), path)
    source = prepare(path, seen={"x": (4,)}, trust=True)
    assert source.format == "pickle"
    assert describe(source.inputs) == {"x": ("float32", (1, 4))}
    assert_forms_agree(net.eval(), source, [random(1, 4)])


def test_pickles_that_hold_no_module(tmp_path, tiny, inspect):
    torch, path = tiny.torch, tmp_path / "m.pt"
    torch.save(tiny.Mlp().state_dict(), path)
    said, hint = refusal(inspect, path, trust=True)
    assert said == f"{path} holds no module but OrderedDict: weights without their code."
    assert "torch.export.save" in hint

    path.write_bytes(b"junk")
    said, hint = refusal(inspect, path, trust=True)
    assert said.startswith(f"{path} cannot be unpickled: UnpicklingError: ")
    assert hint == "Save it again, best with torch.export.save (.pt2)."


def test_a_pickle_whose_class_is_gone(tmp_path, tiny, inspect, monkeypatch):
    path = tmp_path / "m.pt"
    tiny.torch.save(tiny.Mlp(), path)
    monkeypatch.delattr(tiny, "Mlp")
    said, hint = refusal(inspect, path, trust=True)
    assert said.startswith(f"{path} cannot be unpickled: AttributeError: ")
    assert "'Mlp'" in said
    assert hint.startswith("Its class must be importable from here")


def test_export_takes_the_first_sample(tmp_path, tiny, inspect, describe):
    path = tmp_path / "m.pt2"
    module.export(tiny.Mlp(), tiny.torch.zeros(5, 4), path)
    assert describe(inspect(path).inputs) == {"x": ("float32", (1, 4))}


def test_export_leaves_inputs_of_unlike_batches_alone(tmp_path, tiny, inspect, describe):
    path = tmp_path / "m.pt2"
    ids = tiny.torch.zeros(5, 7, dtype=tiny.torch.int64)
    module.export(tiny.Tokens(), (ids, tiny.torch.tensor(1.0)), path)
    assert describe(inspect(path).inputs)["ids"] == ("int64", (5, 7))


def test_export_leaves_the_module_as_it_was(tmp_path, tiny):
    net = tiny.Mlp().train()
    net.second.eval()  # frozen on purpose
    module.export(net, tiny.torch.zeros(1, 4), tmp_path / "m.pt2")
    assert (net.training, net.first.training, net.second.training) == (True, True, False)


def test_export_refuses(tmp_path, tiny):
    path, x = tmp_path / "m.pt2", tiny.torch.zeros(1, 4)
    said, hint = refusal(module.export, tiny.Branch(), x, path)
    assert said.startswith("PyTorch cannot export this module: ")
    assert "control flow is data-dependent" in hint
    said, hint = refusal(module.export, tiny.Mlp(), tiny.torch.zeros(1, 3), path)
    assert hint == "forward takes x; the example that it was called with has the shape (1, 3)."
    said, _ = refusal(module.export, len, x, path)
    assert said == (
        "the model is a value of type builtin_function_or_method, not a torch.nn.Module."
    )
    said, _ = refusal(module.export, tiny.Mlp(), (x, np.zeros(3)), path)
    assert said == "example_inputs hold a value of type ndarray, not a tensor."
    assert list(tmp_path.iterdir()) == []
