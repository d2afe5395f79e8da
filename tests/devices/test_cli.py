"""`edgeopt devices` from end to end, on a board that is this machine behind a real sshd."""

from __future__ import annotations

import json
import sys

import pytest
from click.testing import CliRunner

from edgeopt.cli import cli
from edgeopt.devices import registry


@pytest.fixture(autouse=True)
def config(tmp_path, monkeypatch):
    monkeypatch.setenv("EDGEOPT_CONFIG", str(tmp_path / "config"))


def edgeopt(*arguments: object):
    return CliRunner().invoke(cli, ["devices", *map(str, arguments)], catch_exceptions=False)


@pytest.fixture
def added(server, place):
    entry = server.entry()
    return edgeopt(
        *("add", "board", entry.link, "--ssh-config", entry.ssh_config),
        *("--python", sys.executable, "--folder", place),
    )


@pytest.mark.slow
def test_a_device_is_added_checked_and_forgotten(added):
    assert added.exit_code == 0, added.output
    assert "edgeopt devices check board" in added.stdout
    entry = registry.entry("board")
    assert (entry.python, entry.jump) == (sys.executable, None)
    listed = edgeopt("list", "--json")
    (row,) = json.loads(listed.stdout)
    assert (row["name"], row["link"]) == ("board", entry.link)
    table = edgeopt("list").stdout
    assert "board" in table
    assert "this machine" in table
    checked = edgeopt("check", "board", "--runtime", "litert", "--json")
    assert checked.exit_code == 0
    states = {line["check"]: line["state"] for line in json.loads(checked.stdout)}
    assert states["link"] == states["numpy"] == states["litert"] == states["disk"] == "ok"
    assert edgeopt("remove", "board").exit_code == 0
    assert registry.entries() == {}


@pytest.mark.slow
def test_a_board_of_which_no_python_is_named_is_to_be_set_up(server, place):
    """Its own Python may have numpy: it has no runtimes of the profile yet."""
    entry = server.entry()
    done = edgeopt(
        *("add", "board", entry.link, "--ssh-config", entry.ssh_config, "--folder", place)
    )
    assert done.exit_code == 0, done.output
    assert "Next: edgeopt devices setup board" in done.stdout


def test_what_cannot_be_reached_is_not_kept():
    done = edgeopt("add", "board", "ssh://no-such-host.invalid")
    assert done.exit_code == 2
    assert "there is no host no-such-host.invalid" in done.output
    assert registry.entries() == {}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("add", "local", "ssh://x"), "cannot be called 'local'"),
        (("add", "pi", "ssh://x", "--target", "raspbery-pi-5"), "did you mean 'raspberry-pi-5'"),
        (("add", "pi", "telnet://x"), "Known: ssh://"),
        (("check", "pi5"), "there is no device 'pi5'"),
        (("check", "local", "--runtime", "tpu"), "there is no runtime 'tpu'"),
        (("setup", "local"), "Only ssh:// devices are"),
        (("remove", "pi5"), "there is no device 'pi5'"),
    ],
)
def test_bad_input_is_told(arguments, words):
    done = edgeopt(*arguments)
    assert done.exit_code == 2
    assert words in done.output


def test_a_check_that_fails_says_so_in_its_exit_code():
    done = edgeopt("check", "ssh://no-such-host.invalid")
    assert done.exit_code == 1
    assert "failed" in done.stdout
    assert "mDNS" in done.stdout


@pytest.mark.slow
def test_this_machine_can_be_checked():
    done = edgeopt("check", "local", "--runtime", "litert", "--json")
    assert done.exit_code == 0
    assert {line["check"] for line in json.loads(done.stdout)} >= {
        "link",
        "python",
        "numpy",
        "litert",
    }
