"""An environment on the device: which wheels, and a real one on the oldest Python at hand."""

from __future__ import annotations

import subprocess
import tarfile
from pathlib import Path

import pytest

from edgeopt import runtimes
from edgeopt.devices import wheels
from edgeopt.devices.setup import setup
from edgeopt.domain.errors import DeviceFailed
from edgeopt.harness.answering import answer
from edgeopt.harness.device_check import check
from edgeopt.runtimes.spec import RuntimeSpec
from tests.devices import boards, small_index


def test_platforms_are_those_that_the_libc_allows():
    found = wheels.platforms("aarch64", "glibc-2.31")
    assert found[0] == "manylinux_2_31_aarch64"
    assert "manylinux_2_28_aarch64" in found
    assert "manylinux2014_aarch64" in found
    assert "manylinux_2_35_aarch64" not in found
    assert wheels.platforms("aarch64", "-")[0] == "musllinux_1_2_aarch64"


def test_a_32_bit_python_is_told_at_once(tmp_path):
    facts = {"bits": 32, "version": [3, 11, 2], "arch": "armv7l", "libc": "glibc-2.36"}
    with pytest.raises(DeviceFailed, match="32-bit Python") as caught:
        wheels.fetch(("numpy",), facts, tmp_path)
    assert "64-bit" in caught.value.hint


PURE = """from setuptools import setup
setup(name="pure", version="1.0", py_modules=["pure"])
"""


@pytest.mark.slow
def test_what_has_no_wheel_is_built_and_sent_with_the_runtime(tmp_path, monkeypatch):
    """ExecuTorch's newer versions need a package that its makers publish as source alone."""
    source, index, there = tmp_path / "pure-1.0", tmp_path / "index", tmp_path / "there"
    for folder in (source, index, there):
        folder.mkdir()
    (source / "setup.py").write_text(PURE)
    (source / "pure.py").write_text("HERE = True\n")
    with tarfile.open(index / "pure-1.0.tar.gz", "w:gz") as packed:
        packed.add(source, "pure-1.0")
    small_index.wheel(index, needs="pure")
    spec = RuntimeSpec("tiny", packages=("tiny",), built=("pure==1.*",))
    monkeypatch.setattr(runtimes, "specs", lambda: (spec,))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(index))
    monkeypatch.setenv("PIP_NO_BUILD_ISOLATION", "0")
    facts = {"bits": 64, "version": [3, 11], "arch": "aarch64", "libc": "glibc-2.36"}
    assert wheels.fetch(("tiny",), facts, there) == ""
    assert sorted(one.name for one in there.iterdir()) == [
        "pure-1.0-py3-none-any.whl", small_index.WHEEL,
    ]  # fmt: skip
    assert wheels.from_source() == ["--no-binary=pure"]


@pytest.mark.slow
def test_a_python_that_makes_no_environment_is_told(server, tmp_path):
    """Debian keeps the module that installs pip in a package of its own."""
    fake = tmp_path / "python3"
    fake.write_text(
        '#!/bin/sh\nif [ "$3" = venv ]; then\n'
        "echo 'Error: ensurepip is not available'; exit 1\nfi\n"
        f'exec {boards.oldest()} "$@"\n'
    )
    fake.chmod(0o700)
    device = server.device(python=str(fake), folder=str(tmp_path / "there"))
    try:
        with pytest.raises(DeviceFailed, match=r"makes no environment: .*ensurepip") as caught:
            setup(device, ["litert"], offline=False)
    finally:
        device.close()
    assert "python3-venv" in caught.value.hint
    assert "--offline" in caught.value.hint


@pytest.mark.slow
def test_a_device_gets_numpy_and_one_runtime_and_runs_a_model(server, tmp_path, log, line, feed):
    """Wheels fetched here; nothing else is in that environment, and it is an old Python's."""
    python = boards.oldest()
    device = server.device(python=python, folder=str(tmp_path / "there"))
    said: list[str] = []
    try:
        before = {line.check: line for line in check(device, ["onnxruntime"], None, log)}
        found = setup(device, ["onnxruntime"], True, lambda what, *_: said.append(what))
        assert [(line.check, line.state) for line in found] == [
            ("numpy", "ok"),
            ("pillow", "ok"),
            ("onnxruntime", "ok"),
        ]
        after = {line.check: line for line in check(device, ["onnxruntime"], None, log)}
        answers, facts = answer(device, line, feed, {"y": (1, 3)}, log, 60)
        environment = Path(device.python())
        folder = Path(device.facts()["root"])
    finally:
        device.close()
    assert before["numpy"].state == "failed"
    assert (after["numpy"].state, after["onnxruntime"].state) == ("ok", "ok")
    assert str(environment) in after["python"].found
    assert answers["y"].shape == (10, 1, 3)
    assert facts.version
    assert any("fetching onnxruntime" in what for what in said)
    listed = subprocess.run(
        [environment, "-c", "from importlib import metadata as m; "
         "print(*sorted(d.metadata['Name'].lower() for d in m.distributions()))"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert {"numpy", "onnxruntime"} <= set(listed.stdout.split())
    assert not {"edgeopt", "msgspec", "pip", "torch"} & set(listed.stdout.split())
    assert not list((folder / "files").rglob("*.whl"))
