import json

import msgspec
import pytest

from edgeopt.jobs import child, memory
from edgeopt.sources import load, shapes


@pytest.fixture
def inspect(tmp_path):
    """Inspects a file in a child; its log lies apart from the file."""

    def call(path, trust=False):
        return load.inspect(path, trust, tmp_path / "logs" / "source.log", 120)

    return call


@pytest.fixture
def prepare(tmp_path, inspect):
    """Fixes the shapes as the program does and prepares a file, in children."""

    def call(path, said=None, seen=None, sample=None, trust=False):
        said, seen = said or {}, seen or {}
        found = inspect(path, trust)
        batch = shapes.batch_symbols([spec.shape for spec in found.inputs if spec.shape])
        fixed = {
            s.name: shapes.fix(s.name, s.shape, batch, said.get(s.name), seen.get(s.name))
            for s in found.inputs
        }
        folder = tmp_path / "work"
        folder.mkdir()
        return load.prepare(found, fixed, sample, folder, tmp_path / "logs" / "source.log", 120)

    return call


@pytest.fixture
def at_home(monkeypatch):
    """The same work in this process: a child for every case would take minutes."""

    def run(function, argument, log, timeout_s, stop=None):
        job = json.loads(json.dumps({"function": function, "argument": argument}))
        reply = child._call(job["function"], job["argument"])
        return child._unpack(json.loads(json.dumps(reply)), log, 0, memory.Bound())

    monkeypatch.setattr(child, "run", run)


@pytest.fixture
def describe():
    """Inputs or outputs as {name: (dtype, shape)}."""

    def call(specs):
        return {
            spec["name"]: (spec["dtype"], tuple(spec["shape"]))
            for spec in msgspec.to_builtins(specs)
        }

    return call
