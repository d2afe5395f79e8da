"""The same, the way the program does it: in child processes."""

import pytest

from tests.sources import tiny_onnx as tiny


@pytest.mark.slow
def test_onnx(tmp_path, prepare, describe):
    source = prepare(tiny.save(tiny.mlp(), tmp_path / "m.onnx"))
    assert describe(source.outputs) == {"y": ("float32", (1, 3))}
    assert (tmp_path / "logs" / "source.log").exists()


@pytest.mark.slow
def test_exported_program(tmp_path, prepare, describe):
    from tests.sources import tiny_torch

    path = tiny_torch.export(tiny_torch.Mlp(), tmp_path / "m.pt2", tiny_torch.torch.zeros(1, 4))
    source = prepare(path)
    assert describe(source.outputs) == {"output": ("float32", (1, 3))}
