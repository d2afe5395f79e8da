"""`optimize` on devices: a real sshd on the loopback stands for a board."""

from __future__ import annotations

import contextlib
import sys

import msgspec
import pytest

import edgeopt as package
from benchmarks.devices import sshd as servers
from edgeopt import targets
from edgeopt.devices import registry
from edgeopt.domain.device import DeviceEntry
from edgeopt.domain.errors import BadInput, DeviceFailed, NotInstalled
from edgeopt.domain.progress import silent
from edgeopt.pipeline.device_pool import DevicePool
from edgeopt.pipeline.run_environment import local_machine
from edgeopt.store import run_folder
from tests.pipeline.cli_process import HERE

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("short_schedules")]

ONE = str(HERE / "one-runtime.toml")
HERE_TOO = str(HERE / "three-runtimes.toml")
EMULATED = "emulated://raspberry-pi-4"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    if servers.SSHD is None:
        pytest.skip("there is no sshd: apt-get install openssh-server")
    made = servers.Sshd(tmp_path_factory.mktemp("sshd"))
    yield made
    made.stop()


@pytest.fixture
def board(server, tmp_path, monkeypatch):
    """A device `board` in a list of the test's own, and a target that only it is of."""
    monkeypatch.setenv("EDGEOPT_CONFIG", str(tmp_path / "config"))
    profile = (HERE / "one-runtime.toml").read_text()
    profile = profile.replace('"one-runtime"', '"test-board"')
    profile = profile.replace('[match]\nfeatures = ["avx2"]', '[match]\nboard = "^Test Board$"')
    path = tmp_path / "test-board.toml"
    path.write_text(profile)
    entry = server.entry(python=sys.executable, folder=str(tmp_path / "there"))
    registry.add("board", msgspec.structs.replace(entry, target="test-board"))
    return path


def of(run, target):
    return [r for r in run.records if r.target == target and r.status != "skipped"]


def test_a_board_that_was_looked_for_is_not_connected_to_again(board, tmp_path):
    pool = DevicePool(local_machine(), tmp_path / "log", silent)
    pool.require(("board",), reach=True)
    there = pool._device("board").folder()
    pool.placements([targets.load(str(board))], ("board",))
    assert pool._device("board").folder() == there
    pool.close()


def test_two_devices_a_cut_link_and_the_same_call_again(tiny_onnx, board, server, tmp_path):
    """This machine and a board side by side; the board's link is cut while it measures."""
    out = tmp_path / "run"

    def optimize(progress=silent):
        return package.optimize(
            tiny_onnx / "tiny.onnx",
            [ONE, str(board)],
            tiny_onnx / "tiny.npz",
            max_drop=0.1,
            out=out,
            budget="quick",
            progress=progress,
        )

    def cutting(what, done=0, total=0):
        if what.startswith("measuring (screen) on board") and "round 1" in what:
            server.cut()

    with pytest.raises(DeviceFailed, match="test-board is not done: the link to board") as caught:
        optimize(cutting)
    assert "same call again goes on" in caught.value.hint
    stopped = run_folder.read(out)
    assert stopped.state == "running"
    assert [choice.target for choice in stopped.choices] == ["one-runtime"]
    assert {r.status for r in of(stopped, "test-board")} == {"ok"}  # none is marked failed
    assert list((out / "measurements").glob("test-board-*-screen.json"))  # the blocks until then

    run = optimize()
    there, here = of(run, "test-board"), of(run, "one-runtime")
    assert here == of(stopped, "one-runtime")  # what was done is not done again
    assert run.choices[0].recipe_id == stopped.choices[0].recipe_id
    assert {r.device for r in there} == {"board"}
    assert {r.device for r in here} == {"local"}
    for record, twin in zip(sorted(there, key=lambda r: r.recipe_id),
                            sorted(here, key=lambda r: r.recipe_id), strict=True):  # fmt: skip
        assert (record.status, record.reason, record.kind) == ("ok", "", "measured")
        assert record.latency_ms.p50 > 0
        assert twin.artifact == record.artifact  # converted once
        assert twin.score == record.score
    assert [choice.basis for choice in run.choices] == ["measured", "measured"]
    assert run.request.devices == ("", "board")
    assert run.environment["devices"]["board"]["arch"]
    assert (out / "test-board" / "manifest.json").is_file()
    assert "One artifact for all" in (out / "report.html").read_text()
    assert package.compare(run).single.measured == ("one-runtime", "test-board")
    server.stop()  # what is finished asks no device again
    try:
        assert optimize().choices == run.choices
    finally:
        server.start()


def python_without(folder, *modules):
    """An interpreter in which these cannot be imported."""
    (folder / "blocked").mkdir()
    for name in modules:
        (folder / "blocked" / f"{name}.py").write_text("raise ImportError('not on this board')")
    python = folder / "python"
    python.write_text(
        f'#!/bin/sh\nPYTHONPATH="{folder}/blocked:$PYTHONPATH" exec {sys.executable} "$@"\n'
    )
    python.chmod(0o755)
    return str(python)


def test_what_is_missing_there_is_known_before_anything_is_converted(board, tmp_path):
    python = python_without(tmp_path, "openvino", "ai_edge_litert", "tflite_runtime")
    entry = msgspec.structs.replace(registry.entry("board"), python=python, target="three-runtimes")
    registry.add("poor-board", entry)
    pool = DevicePool(local_machine(), tmp_path / "log", silent)
    with contextlib.closing(pool):
        (placement,) = pool.placements([targets.load(HERE_TOO)], ["poor-board"])
        assert (placement.name, placement.timed) == ("poor-board", True)
        assert set(placement.missing) == {"openvino", "litert"}
        assert pool.machines()["poor-board"]["arch"] == placement.machine["arch"]
        only = targets.load(HERE_TOO)
        rules = [rule for rule in only.recipes if rule.runtime == "openvino"]
        only = msgspec.structs.replace(only, recipes=tuple(rules))
        with pytest.raises(NotInstalled, match="has no runtime that three-runtimes") as caught:
            pool.placements([only], ["poor-board"])
        assert "edgeopt devices setup poor-board" in caught.value.hint


def test_which_device_serves_a_target_without_a_word(board, tmp_path):
    pool = DevicePool(local_machine(), tmp_path / "log", silent)
    profiles = [targets.load(name) for name in (HERE_TOO, str(board), "raspberry-pi-4")]
    assert pool.names(profiles, ()) == ("", "board", "")
    assert pool.names(profiles[:1], ()) == ()
    entry = registry.entry("board")
    registry.add("other", msgspec.structs.replace(entry, target="three-runtimes"))
    registry.add("an-emulated-one", DeviceEntry(link=EMULATED, target="raspberry-pi-4"))
    assert pool.names(profiles, ()) == ("", "board", "an-emulated-one")
    with contextlib.closing(pool):
        here, there = pool.placements(profiles[:2], ())
    assert (here.name, there.name) == ("local", "board")
    (warning,) = pool.warnings
    assert "three-runtimes was served by this machine; of it is also other" in warning


def test_a_device_that_is_out_of_reach_leaves_nothing_behind(tiny_onnx, board, tmp_path):
    registry.add("gone", DeviceEntry(link="ssh://no-such-host.invalid", target="test-board"))
    with pytest.raises(DeviceFailed, match="gone cannot be used: there is no host"):
        package.optimize(
            tiny_onnx / "tiny.onnx",
            str(board),
            tiny_onnx / "tiny.npz",
            out=tmp_path / "run",
            device="gone",
        )
    assert not (tmp_path / "run").exists()


def test_a_device_of_no_target_is_refused(tiny_onnx, board, tmp_path):
    with pytest.raises(BadInput, match="'board' is not needed: it is no three-runtimes"):
        package.optimize(
            tiny_onnx / "tiny.onnx",
            HERE_TOO,
            tiny_onnx / "tiny.npz",
            out=tmp_path / "run",
            device="board",
        )
