"""The same, the way the program does it: in child processes."""

import threading

import pytest

from edgeopt.domain.errors import BadInput
from edgeopt.sources import load
from edgeopt.sources.source import Inspected
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


def test_a_call_that_stops_does_not_wait_for_imports(tmp_path, monkeypatch):
    told, stop = [], threading.Event()
    monkeypatch.setattr(load.warm, "settle", told.append)
    stop.set()
    found = Inspected(path="m.pt2", format="pt2", inputs=())
    with pytest.raises(BadInput, match="stopped with the run"):
        load.prepare(found, {}, None, tmp_path, tmp_path / "source.log", 60, stop=stop)
    assert told == [stop]
