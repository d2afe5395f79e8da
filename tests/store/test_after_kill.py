"""A call that was killed leaves its lock and its scratch behind: nobody is misled by them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from edgeopt.domain.errors import BadInput
from edgeopt.pipeline import folder_check
from edgeopt.store import leftovers, run_folder, run_lock
from edgeopt.store.out import check_free
from tests.store.test_run_folder import contents, refusal, request, run

#: Writes into a folder as a call does, so far as it is asked to, and is killed there.
CALL = """
import os, signal, sys
from pathlib import Path
from edgeopt.store import leftovers, run_folder
from tests.store.test_run_folder import request, run
out, state = Path(sys.argv[1]), sys.argv[2]
with run_folder.locked(out):
    if state != "locked":
        folder, _ = run_folder.create(out, request())
        (folder.work / "convert" / "a").mkdir(parents=True)
        (folder.path / ".run.json.7.part").touch()
        if state != "begun":
            folder.write_run(run(request(), state))
    os.kill(os.getpid(), signal.SIGKILL)
"""
STATES = ("locked", "begun", "running", "finished")


@pytest.fixture(scope="module", params=STATES)
def one_killed(request, tmp_path_factory) -> tuple[Path, str]:
    return left(tmp_path_factory.mktemp("killed") / "out", request.param), request.param


@pytest.fixture
def killed(one_killed, tmp_path) -> tuple[Path, str]:
    """The folder of a call that was killed, and how far it had come."""
    return shutil.copytree(one_killed[0], tmp_path / "out"), one_killed[1]


def left(out: Path, state: str) -> Path:
    code = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})\n{CALL}"
    done = subprocess.run([sys.executable, "-c", code, str(out), state], stderr=subprocess.PIPE)
    assert done.returncode == -9, done.stderr
    assert (out / run_lock.NAME).exists()
    return out


@pytest.mark.slow
def test_the_same_call_goes_on_and_what_was_left_is_gone(killed):
    out, state = killed
    check_free(out)
    with run_folder.locked(out):
        assert not (out / "work").exists()
        assert not list(out.rglob(".*.part"))
        _, earlier = run_folder.create(out, request())
        assert (earlier and earlier.state) == (state if state in ("running", "finished") else None)
    assert not (out / run_lock.NAME).exists()


def test_another_call_is_told_what_the_folder_holds(killed):
    """Empty, or somebody's run; never that another call writes to it."""
    out, state = killed
    other = request("other.onnx")
    with run_folder.locked(out):
        if state in ("locked", "begun"):
            assert run_folder.create(out, other)[1] is None
        else:
            with pytest.raises(BadInput, match="holds another run"):
                run_folder.create(out, other)


def test_readers_change_nothing_and_say_how_far_it_came(killed):
    out, state = killed
    before = contents(out)
    if state in ("locked", "begun"):
        said, hint = refusal(run_folder.read, out)
        assert said == "OUT holds no run: there is no run.json."
        assert ("goes on with it" in hint) is (state == "begun")
        return
    warnings = folder_check.noticed(run_folder.read(out)).warnings
    stopped = "The run was stopped before its end: the same `edgeopt optimize` call goes on with it"
    assert any(stopped in warning for warning in warnings) is (state == "running")
    assert contents(out) == before


@pytest.mark.slow
def test_readers_tell_a_run_that_goes_on_from_one_that_was_killed(tmp_path):
    out = left(tmp_path / "out", "running")
    with run_lock.held(out):
        (warning,) = folder_check.noticed(run_folder.read(out)).warnings
    assert "a call is writing to its folder" in warning


@pytest.mark.parametrize("names", [["work/notes.txt"], [".a.part"], ["run.txt", "work/a"]])
def test_nothing_of_others_is_swept(tmp_path, names):
    """A folder that is no run's is refused; its `work` is not ours."""
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / run_lock.NAME).touch()
    with run_folder.locked(tmp_path), pytest.raises(BadInput, match="holds no run"):
        run_folder.create(tmp_path, request())
    assert all((tmp_path / name).exists() for name in names)


def test_a_refusal_that_is_killed_half_way_leaves_a_folder_that_counts_as_ours(
    tmp_path, monkeypatch
):
    folder, _ = run_folder.create(tmp_path / "out", request())

    def killed_now(path):
        raise KeyboardInterrupt

    monkeypatch.setattr(leftovers, "_remove", killed_now)
    with pytest.raises(KeyboardInterrupt):
        leftovers.discard(folder.path)
    assert folder.begun.exists()
    monkeypatch.undo()
    removed = []
    monkeypatch.setattr(leftovers, "_remove", lambda path: removed.append(path.name))
    monkeypatch.setattr(leftovers.shutil, "rmtree", lambda *_, **__: None)
    leftovers.discard(folder.path)
    assert sorted(removed) == ["artifacts", "logs"]
    check_free(folder.path)


@pytest.mark.slow
def test_a_finished_run_is_answered_from_and_swept(tmp_path):
    out = left(tmp_path / "out", "finished")
    with run_folder.locked(out):
        _, earlier = run_folder.create(out, request())
    assert earlier == msgspec.structs.replace(run(request(), "finished"))
    assert not any(name.startswith(("work", ".")) for name in contents(out))
