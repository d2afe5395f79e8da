"""A whole run from a folder that somebody else filled; a run whose files were changed."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path

import pytest

import edgeopt as package
from tests.pipeline.cli_process import HERE, edgeopt, shortly

pytestmark = pytest.mark.slow
ONE = str(HERE / "one-runtime.toml")
ROOT = str(Path(package.__file__).parent.parent)

#: Modules of the standard library and of what edgeopt uses, and what Python imports by itself.
MODULES = """
    abc ast asyncio calendar click contextlib copy ctypes dataclasses edgeopt email enum fcntl
    MNN _tools google h5py hashlib importlib inspect jinja2 joblib json keras logging mmap msgspec
    ncnn
    numpy onnx onnxruntime onnxslim openvino operator os packaging pathlib pickle platform
    queue random re rich runpy scipy selectors shutil sitecustomize sklearn socket struct
    subprocess tempfile tensorflow threading tomllib torch traceback typing usercustomize uuid
    warnings yaml zipfile zlib"""
#: Programs that are looked for on the path, and settings that some programs read where they are.
PROGRAMS = (
    "adb",
    "ssh",
    "qemu-aarch64",
    "nvidia-smi",
    "lscpu",
    "git",
    "python3",
    "ldconfig",
    "gcc",
)
SETTINGS = (
    ".pdbrc",
    ".env",
    "pip.conf",
    "setup.cfg",
    "pyproject.toml",
    "plugins.xml",
    "ssh_config",
)


@pytest.fixture(scope="module")
def place(tiny_onnx, tmp_path_factory):
    """A downloaded model's folder: whatever of it runs leaves a mark."""
    folder, marks = tmp_path_factory.mktemp("place"), tmp_path_factory.mktemp("marks")
    for name in MODULES.split():
        code = f"open({str(marks / name)!r}, 'w').close()\nraise SystemExit('planted {name}')\n"
        (folder / f"{name}.py").write_text(code)
    for name in PROGRAMS:
        (folder / name).write_text(f"#!/bin/sh\ntouch {marks / name}\nexit 1\n")
        (folder / name).chmod(0o755)
    for name in SETTINGS:
        (folder / name).write_text(f"[global]\nindex-url = file://{marks / name}\n")
    for name in ("tiny.onnx", "tiny.npz"):
        shutil.copyfile(tiny_onnx / name, folder / name)
    yield folder
    assert sorted(path.name for path in marks.iterdir()) == []


@pytest.fixture(scope="module")
def call(place):
    """Run a command there; the path has the current folder in it, twice."""
    path = os.pathsep.join(["", os.environ["PATH"], "."])
    env = {**os.environ, "PATH": path, "PYTHONPATH": ROOT}
    env.pop("PYTHONSAFEPATH", None)

    def run(*arguments):
        start = shortly if arguments[0] in ("optimize", "bench") else edgeopt
        if start is edgeopt:  # Python's own -m imports from there before edgeopt begins
            env["PYTHONSAFEPATH"] = "1"
        done = start(*arguments, cwd=place, env=env)
        env.pop("PYTHONSAFEPATH", None)
        return done

    return run


ASKED = ("optimize", "tiny.onnx", "--data", "tiny.npz", "--target", ONE, "--quick", "--out", "run")


@pytest.fixture(scope="module")
def finished(place, call):
    done = call(*ASKED)
    assert done.returncode == 0, done.stderr
    return place / "run"


@pytest.mark.parametrize(
    "arguments",
    [
        ("explain", "run", "onnxruntime int8-static", "onnxruntime fp32"),
        ("compare", "run"),
        ("report", "run"),
        ("doctor",),
        ("bench", "run/one-runtime/model.onnx", "--quick"),
    ],
    ids=lambda arguments: arguments[0],
)
def test_nothing_of_the_folder_runs(finished, call, arguments):
    done = call(*arguments)
    assert done.returncode in (0, 1), done.stderr  # 1: doctor found something
    assert "planted" not in done.stdout + done.stderr


def changed(path):
    data = bytearray(path.read_bytes())
    at = len(data) // 2
    data[at : at + 12] = bytes(12)
    path.write_bytes(data)


def test_three_changed_weights_do_not_ship(finished, call):
    manifest = json.loads((finished / "one-runtime" / "manifest.json").read_text())
    bundle = finished / "one-runtime" / manifest["artifact"]
    (place,) = [
        path for path in finished.glob("artifacts/*/*.onnx")
        if hashlib.sha256(path.read_bytes()).hexdigest() == manifest["files"].get(path.name)
    ]  # fmt: skip
    before = bundle.read_bytes()
    changed(place)
    changed(bundle)
    for arguments in (("explain", "run", manifest["recipe_id"]), ("bench", bundle)):
        done = call(*arguments)
        assert done.returncode == 2, done.stdout
        assert "not what the run made: it has another SHA-256" in " ".join(done.stderr.split())
    assert "not the one that was measured" in " ".join(call("report", "run").stdout.split())

    done = call(*ASKED, "--json")
    assert done.returncode == 0, done.stderr
    warnings = json.loads(done.stdout)["warnings"]
    assert any("It was made and measured again." in warning for warning in warnings)
    again = json.loads((finished / "one-runtime" / "manifest.json").read_text())
    written = (finished / "one-runtime" / again["artifact"]).read_bytes()
    assert hashlib.sha256(written).hexdigest() == again["files"][again["artifact"]]
    if again["recipe_id"] == manifest["recipe_id"]:
        assert written == before


def test_a_changed_bundle_is_written_again(finished, call):
    manifest = json.loads((finished / "one-runtime" / "manifest.json").read_text())
    bundle = finished / "one-runtime" / manifest["artifact"]
    before = bundle.read_bytes()
    changed(bundle)
    done = call(*ASKED, "--json")
    assert done.returncode == 0, done.stderr
    assert bundle.read_bytes() == before
    assert any("It was written again." in said for said in json.loads(done.stdout)["warnings"])
