"""What is around onnx2tf, with a script in its place; the real one is in test_conversions."""

import subprocess
import sys

import pytest

from edgeopt.convert import onnx2tf
from edgeopt.domain.errors import CannotWrite, EdgeoptError, NotInstalled
from edgeopt.domain.tensor import TensorSpec
from edgeopt.sources.source import sha256_file
from tests.convert import tiny_nets

INPUTS = (
    TensorSpec(name="image", dtype="float32", shape=(1, 3, 16, 12)),
    TensorSpec(name="signal", dtype="float32", shape=(1, 2, 8)),
    TensorSpec(name="flat", dtype="float32", shape=(1, 4)),
    TensorSpec(name="vector", dtype="float32", shape=(4,)),
    TensorSpec(name="rate", dtype="float32", shape=()),
)


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("EDGEOPT_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def pretend(cache):
    """An environment that is ready, with a shell script as onnx2tf."""

    def make(script):
        version = f"py{sys.version_info[0]}{sys.version_info[1]}"
        home = cache / f"onnx2tf-{onnx2tf.VERSION}-{version}"
        (home / "bin").mkdir(parents=True)
        (home / "ready").touch()
        program = home / "bin" / "onnx2tf"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)

    return make


@pytest.fixture
def convert(tmp_path):
    """Converts a net; returns the result, and checks that the model stayed as it was."""
    model = tiny_nets.conv(tmp_path / "m.onnx")
    folder = tmp_path / "made"
    folder.mkdir()

    def call(inputs=INPUTS[:1]):
        before = sha256_file(model)
        try:
            return onnx2tf.convert(model, folder, inputs)
        finally:
            assert sha256_file(model) == before

    return call


WRITE = 'mkdir "$4" && echo tflite > "$4/onnx2tf-input_float32.tflite"'


def test_the_result_is_all_that_is_left(tmp_path, pretend, convert):
    pretend(f'echo rewritten > "$2"; {WRITE}; echo more > "$4/saved_model.pb"')
    result = convert()
    assert result.read_text() == "tflite\n"
    assert list((tmp_path / "made").iterdir()) == [result]


def test_what_it_is_asked(tmp_path, pretend, convert):
    pretend(f'echo "$@" > {tmp_path}/asked; {WRITE}')
    convert(INPUTS)
    words = (tmp_path / "asked").read_text().split()
    made = tmp_path / "made"
    assert words == [
        *("-i", str(made / "onnx2tf-input.onnx"), "-o", str(made / "onnx2tf"), "-nuo"),
        *("-kat", "signal", "flat"),  # images become channels last, the others stay
    ]


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("echo start; echo 'ValueError: no luck' >&2; echo bye; exit 1", "ValueError: no luck"),
        ("echo one; echo two; exit 3", "two"),
        ("exit 1", "no message"),
        ("echo 'ERROR: nothing written'; exit 0", "ERROR: nothing written"),
    ],
)
def test_it_fails(pretend, convert, script, reason):
    pretend(script)
    with pytest.raises(EdgeoptError) as caught:
        convert()
    assert caught.value.args[0] == f"onnx2tf failed: {reason}"


def test_it_leaves_a_custom_operator(pretend, convert):
    line = "Custom ops lowered: source=direct count=2 op_types=[A] onnx_ops=[LSTM, Unique] onnx_n"
    pretend(f"{WRITE}; echo '{line}'")
    with pytest.raises(EdgeoptError) as caught:
        convert()
    assert caught.value.args[0] == (
        "onnx2tf has no LiteRT form of LSTM, Unique and left a custom operator."
    )
    assert "PyTorch source" in caught.value.hint


def test_it_cannot_be_installed(cache, monkeypatch):
    monkeypatch.setattr(onnx2tf.sys, "executable", "/bin/false")
    with pytest.raises(NotInstalled) as caught:
        onnx2tf.environment()
    assert "this Python makes none: it printed nothing" in caught.value.args[0]
    assert "python3-venv" in caught.value.hint
    assert [path.suffix for path in cache.iterdir()] == [".lock"]


def test_pip_fails(cache, monkeypatch):
    calls = []

    def run(command, **options):
        calls.append(command)
        failed = "pip" in command
        return subprocess.CompletedProcess(command, failed, "", "first\nERROR: no such thing\n")

    monkeypatch.setattr(onnx2tf.subprocess, "run", run)
    with pytest.raises(NotInstalled, match="could not be installed: no such thing"):
        onnx2tf.environment()
    assert str(onnx2tf.CONSTRAINTS) in calls[1]
    assert f"onnx2tf=={onnx2tf.VERSION}" in calls[1]


def test_a_python_that_makes_no_environment_says_it_on_stdout(cache, monkeypatch):
    """Debian's, without python3-venv."""

    def run(command, **options):
        return subprocess.CompletedProcess(command, 1, "ensurepip is not available.\n", "")

    monkeypatch.setattr(onnx2tf.subprocess, "run", run)
    with pytest.raises(NotInstalled, match="makes none: ensurepip is not available") as caught:
        onnx2tf.environment()
    assert "apt-get install python3-venv" in caught.value.hint


@pytest.mark.parametrize(("machine", "told"), [("x86_64", False), ("aarch64", True)])
def test_what_has_no_wheel_on_arm_is_told_where_the_installation_fails(
    cache, monkeypatch, machine, told
):
    monkeypatch.setattr(onnx2tf.platform, "machine", lambda: machine)
    monkeypatch.setattr(
        onnx2tf.subprocess,
        "run",
        lambda command, **_: subprocess.CompletedProcess(command, "pip" in command, "", "ERROR: x"),
    )
    with pytest.raises(NotInstalled) as caught:
        onnx2tf.environment()
    assert ("psutil" in caught.value.hint) is told


def test_it_is_installed_once(cache, monkeypatch):
    calls = []

    def run(command, **options):
        calls.append(command)
        onnx2tf.Path(calls[0][-1]).mkdir(exist_ok=True)
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(onnx2tf.subprocess, "run", run)
    home = onnx2tf.environment()
    assert home.parent == cache
    assert onnx2tf.environment() == home
    assert len(calls) == 2


def test_an_installation_that_was_interrupted_is_made_anew(cache, pretend, monkeypatch):
    pretend("exit 0")
    (home,) = cache.iterdir()
    (home / "ready").unlink()

    def run(command, **options):
        assert not (home / "bin" / "onnx2tf").exists()
        home.mkdir(exist_ok=True)
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(onnx2tf.subprocess, "run", run)
    assert onnx2tf.environment() == home
    assert (home / "ready").exists()


def test_where_the_cache_is(monkeypatch, tmp_path):
    monkeypatch.setenv("EDGEOPT_CACHE", str(tmp_path / "own"))
    assert onnx2tf.cache() == tmp_path / "own"
    monkeypatch.delenv("EDGEOPT_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert onnx2tf.cache() == tmp_path / "xdg" / "edgeopt"
    monkeypatch.setenv("HOME", str(tmp_path))
    for empty in (True, False):
        if empty:
            monkeypatch.setenv("XDG_CACHE_HOME", "")
        else:
            monkeypatch.delenv("XDG_CACHE_HOME")
        assert onnx2tf.cache() == tmp_path / ".cache" / "edgeopt"


def test_its_pins_ship_beside_it():
    pins = onnx2tf.CONSTRAINTS.read_text().splitlines()
    assert f"onnx2tf=={onnx2tf.VERSION}" in pins
    assert all("==" in line for line in pins if line and not line.startswith("#"))


def _installs(monkeypatch, at_pip=lambda made: None):
    """Stands in for venv and pip; what `at_pip` raises or returns is pip's."""

    def run(command, **options):
        made = onnx2tf.Path(command[-1] if "venv" in command else command[0]).resolve()
        if "venv" in command:
            (made / "bin").mkdir()
            return subprocess.CompletedProcess(command, 0, "", "")
        made = onnx2tf.Path(command[0]).parents[1]
        (made / "bin" / "onnx2tf").write_text(f"#!{made}/bin/python\nprint()\n")
        (made / "bin" / "tool").write_bytes(b"\x7fELF" + bytes(made))
        done = at_pip(made)
        return done or subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(onnx2tf.subprocess, "run", run)


def test_it_is_made_aside_and_takes_its_place_when_whole(cache, monkeypatch):
    seen = []
    _installs(monkeypatch, seen.append)
    home = onnx2tf.environment()
    assert seen[0] != home
    assert seen[0].parent == home.parent
    assert not seen[0].exists()
    # Its scripts name the Python of the place that they are at now; programs stay as they are.
    assert (home / "bin" / "onnx2tf").read_text().splitlines()[0] == f"#!{home}/bin/python"
    assert (home / "bin" / "tool").read_bytes() == b"\x7fELF" + bytes(seen[0])


def test_one_that_is_interrupted_leaves_nothing_that_counts(cache, monkeypatch):
    """What still writes to the folder of the first does not write to that of the second."""
    seen = []

    def killed(made):
        seen.append(made)
        raise KeyboardInterrupt

    _installs(monkeypatch, killed)
    with pytest.raises(KeyboardInterrupt):
        onnx2tf.environment()
    left = cache / f".{seen[0].name[1:]}"
    left.mkdir()  # as a process that was killed leaves it
    _installs(monkeypatch, seen.append)
    home = onnx2tf.environment()
    assert seen[1] != seen[0]
    assert sorted(path.name for path in cache.iterdir()) == [home.name, f"{home.name}.lock"]


def test_a_full_disk_is_no_fault_of_the_model(cache, monkeypatch):
    said = "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device"
    full = subprocess.CompletedProcess([], 1, "", f"{said}\n\n")
    _installs(monkeypatch, lambda made: full)
    with pytest.raises(CannotWrite, match="no room was left on a disk "):
        onnx2tf.environment()
    assert [path.suffix for path in cache.iterdir()] == [".lock"]
