"""Nothing that lies in the current folder is imported or started by what edgeopt starts."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import edgeopt
from edgeopt.devices import keeper, runner_start
from edgeopt.devices.local import Local
from edgeopt.harness.client import SHORT_S, Client
from edgeopt.jobs import child, interpreter

ROOT = str(Path(edgeopt.__file__).parent.parent)

#: What a Python, a child, a runner and their libraries import early and late.
MODULES = ("json", "numpy", "onnx", "runpy", "typing", "ctypes", "sitecustomize", "usercustomize")


@pytest.fixture
def planted(tmp_path, monkeypatch):
    """A current folder with modules that leave a mark when they are imported."""
    folder = tmp_path / "planted"
    folder.mkdir()
    marks = tmp_path / "marks"
    marks.mkdir()
    for name in MODULES:
        code = f"open({str(marks / name)!r}, 'w')\nraise SystemExit('planted {name}')\n"
        (folder / f"{name}.py").write_text(code)
    monkeypatch.chdir(folder)
    yield folder
    assert sorted(mark.name for mark in marks.iterdir()) == []


def test_a_child_imports_nothing_from_there(planted, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", f"{ROOT}{os.pathsep}{os.pathsep}.")
    where = child.run("json:loads", "[1]", tmp_path / "log", 60)
    assert where == [1]


def test_a_runner_imports_nothing_from_there(planted, tmp_path):
    with Client(Local(), tmp_path / "log") as client:
        assert client.request("hello", SHORT_S).machine
        assert client.request("import", SHORT_S, runtime="onnxruntime").version


def test_a_boards_runner_imports_nothing_from_there(planted):
    """As on a board: an interpreter of its own, which may know no -P."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONSAFEPATH"}
    done = subprocess.run(
        [sys.executable, *runner_start.ARGUMENTS],
        input='{"cmd": "hello"}\n', capture_output=True, text=True,
        env={**environment, "PYTHONPATH": ROOT},
    )  # fmt: skip
    assert '"ok": true' in done.stdout, done.stderr


def test_a_boards_keeper_imports_nothing_from_there(planted, tmp_path):
    command = keeper.command(sys.executable, str(tmp_path / "there"))
    source = keeper.SOURCE.read_bytes()
    done = subprocess.run(["sh", "-c", command], input=source, capture_output=True)
    assert b"planted" not in done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [["-m", "edgeopt"], ["-m", "edgeopt.cli"]])
def test_the_command_itself_imports_nothing_from_there(planted, arguments):
    for early in ("typing", "runpy", "json"):  # Python's own -m and the package's first lines
        (planted / f"{early}.py").unlink()
    done = subprocess.run(
        [sys.executable, *arguments, "targets", "show", "intel-cpu"],
        capture_output=True, text=True, env={**os.environ, "PYTHONPATH": ROOT},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("said", ["{0}:", ":{0}", ".:{0}", "{1}:{0}", "src:{0}"])
def test_nor_where_pythonpath_holds_the_current_folder(planted, said):
    """`export PYTHONPATH=$PYTHONPATH:/more` does, where there was none before."""
    for early in ("typing", "runpy", "json", "ctypes", "sitecustomize", "usercustomize"):
        (planted / f"{early}.py").unlink()  # Python's own, before anything of ours
    (planted / "src").mkdir()
    for name in ("click", "msgspec", "rich"):
        (planted / f"{name}.py").write_bytes((planted / "numpy.py").read_bytes())
        (planted / f"src/{name}.py").write_bytes((planted / "numpy.py").read_bytes())
    done = subprocess.run(
        [sys.executable, "-P", "-m", "edgeopt", "targets", "show", "intel-cpu"],
        capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": said.format(ROOT, planted)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_what_the_user_names_is_found_in_relative_folders(tmp_path, monkeypatch):
    """PYTHONPATH=src is where a pickle's classes and module:function lie; nothing else is."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("EDGEOPT_MODULES", raising=False)
    assert interpreter.own_places() == [str(tmp_path)]
    made = interpreter.environment({"PYTHONPATH": "src:.::/more:lib/x"})
    assert made["PYTHONPATH"] == f"{ROOT}{os.pathsep}/more"
    again = interpreter.environment(made)
    monkeypatch.setenv("EDGEOPT_MODULES", again["EDGEOPT_MODULES"])
    assert interpreter.own_places() == [str(tmp_path), f"{tmp_path}/src", f"{tmp_path}/lib/x"]


def test_an_environments_folders_are_the_users_own_words(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    other = tmp_path / "other"
    other.mkdir()
    said = os.pathsep.join(["", str(other), ".", "here", str(tmp_path), "/usr/bin", "/no/such"])
    environment = {"PATH": said, "PYTHONPATH": said, "LD_LIBRARY_PATH": said, "HOME": "."}
    kept = os.pathsep.join([str(other), "/usr/bin", "/no/such"])
    full = os.pathsep.join([str(other), str(tmp_path), "/usr/bin", "/no/such"])
    made = interpreter.environment(environment)
    assert (made["PATH"], made["LD_LIBRARY_PATH"], made["HOME"]) == (full, full, ".")
    assert made["PYTHONPATH"] == f"{ROOT}{os.pathsep}{kept}"
    assert made["PYTHONSAFEPATH"] == "1"
    assert environment["PATH"] == said
