"""Emulated boards as devices: their links, and one that is there."""

from __future__ import annotations

import shutil

import pytest
from click.testing import CliRunner

from edgeopt.cli import cli
from edgeopt.devices import qemu, registry
from edgeopt.devices.resolve import resolve
from edgeopt.domain.errors import BadInput
from edgeopt.harness.budget import QUICK
from edgeopt.harness.interleaved import measure


def test_a_link_names_a_target():
    device = resolve("emulated://raspberry-pi-4")
    assert (device.name, device.kind) == ("emulated://raspberry-pi-4", "emulated")
    assert (device.target, device.core, device.note) == ("raspberry-pi-4", "cortex-a72", "")


def test_a_profile_of_ones_own_is_named_by_its_path(tmp_path):
    from edgeopt import targets

    text = (targets.folder() / "raspberry-pi-5.toml").read_text("utf-8")
    own = tmp_path / "our-board.toml"
    own.write_text(text.replace('name = "raspberry-pi-5"', 'name = "our-board"'))
    assert resolve(f"emulated://{own}").target == "our-board"


@pytest.mark.parametrize(
    ("link", "says"),
    [
        ("emulated://raspbery-pi-4", "did you mean 'raspberry-pi-4'"),
        ("emulated://", "unknown target ''"),
        ("emulated://this-machine", "only 64-bit ARM targets"),
    ],
)
def test_a_link_to_nothing_is_refused(link, says):
    with pytest.raises(BadInput, match=says):
        resolve(link)


def test_how_a_runner_ended_is_told_with_the_core():
    device = resolve("emulated://raspberry-pi-4")
    for code in (-4, 132):
        assert device.explain(code) == "illegal instruction on cortex-a72"
    assert device.explain(-11) == "on an emulated cortex-a72 the process crashed (SIGSEGV)"


def test_nothing_is_timed_there(tmp_path):
    model = tmp_path / "m.onnx"
    model.write_bytes(b"never read")
    command = ["--device", "emulated://raspberry-pi-4"]
    for words in (["bench", str(model)], ["bench", str(model), "--load-time"], ["doctor"]):
        done = CliRunner().invoke(cli, [*words, *command])
        assert done.exit_code == 2
        assert "times taken there say nothing about the board" in done.output
    with pytest.raises(BadInput, match="is emulated"):
        measure(resolve(command[1]), [], None, QUICK, tmp_path / "log", 1)


@pytest.mark.slow
@pytest.mark.skipif(
    not any(shutil.which(name) for name in qemu.PROGRAMS),
    reason="needs QEMU's user mode: apt-get install qemu-user-static",
)
def test_a_board_is_added_with_its_target(tmp_path, monkeypatch):
    monkeypatch.setenv("EDGEOPT_CONFIG", str(tmp_path))
    done = CliRunner().invoke(cli, ["devices", "add", "pi5", "emulated://raspberry-pi-5"])
    if done.exit_code == 3 and "network" in done.output:
        pytest.skip(done.output)
    assert done.exit_code == 0, done.output
    assert "pi5: Raspberry Pi 5 (emulated cortex-a76), target raspberry-pi-5" in done.output
    assert "the very core of that target" in done.output
    assert registry.entry("pi5").target == "raspberry-pi-5"
