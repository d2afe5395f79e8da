"""Everything that can be wrong with a device or the way to it: what is said, and what to do."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.devices.sshd import HOST, free_port
from edgeopt.devices import ssh_errors
from edgeopt.devices.ssh import Ssh, after_cut
from edgeopt.domain.errors import DeviceFailed
from edgeopt.harness.budget import SCREEN
from edgeopt.harness.client import Client, RunnerFailed
from edgeopt.harness.device_check import check
from edgeopt.harness.interleaved import measure
from tests.devices import boards

pytestmark = pytest.mark.slow

REACHED = {
    "no such host": (
        {"link": "ssh://no-such-host.invalid"},
        r"there is no host no-such-host\.invalid",
        "mDNS",
    ),
    "nobody listens": (
        {"link": f"ssh://{HOST}:{free_port()}"},
        rf"{HOST} refuses connections at port \d+",
        "sshd running",
    ),
    "another host key": (
        {"known": "wrong"},
        r"shows another host key .*known-wrong:1",
        "ssh-keygen -R",
    ),
    "no host key yet": ({"known": "none"}, r"the host key of .* is not known yet", "fingerprint"),
    "a stranger's key": ({"key": "stranger"}, r"does not let you in .*publickey", "ssh-copy-id"),
    "no such Python": ({"python": "python9"}, r"has no python9", "apt-get install python3"),
    "a Python that does not run": ({"python": "/etc/passwd"}, r"cannot be run", "permissions"),
    "a folder that is none": ({"folder": "/proc/edgeopt"}, r"could not do it", ""),
    "a shell that prints": (
        {"link": "noisy"},
        r"prints on its own: 'Welcome to the board!'",
        "interactive shells only",
    ),
}  # fmt: skip


@pytest.mark.parametrize("trouble", REACHED)
def test_what_keeps_a_device_from_being_reached(server, trouble, log):
    fields, message, hint = REACHED[trouble]
    fields = dict(fields)
    server.known("known-wrong", "other-host", server.port)
    server.known("known-none", "host")
    key, known = fields.pop("key", "user"), fields.pop("known", "")
    fields["ssh_config"] = server.config(key, f"known-{known}" if known else "known")
    if fields.get("link") == "noisy":
        fields["link"] = f"ssh://{HOST}:{server.noisy}"
    device = Ssh("board", server.entry(**fields))
    with pytest.raises(DeviceFailed, match=message) as caught:
        Client(device, log)
    assert hint in caught.value.hint
    assert device.lost == ""


def test_an_old_python_is_told_before_anything_is_sent_to_it(server, tmp_path):
    device = server.device(python=boards.too_old(tmp_path))
    with pytest.raises(DeviceFailed, match=r"Python there is 3\.7\.3; .* 3\.9 or later") as caught:
        device.folder()
    assert "--python" in caught.value.hint


def test_no_ssh_here(server, monkeypatch):
    from edgeopt.domain.errors import NotInstalled

    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(NotInstalled) as caught:
        server.device().folder()
    assert "openssh-client" in caught.value.hint


#: What OpenSSH 9.2 and 8.4 print, as far as a loopback does not bring it about.
SAID = [
    (
        "ssh: connect to host pi port 22: No route to host",
        "pi cannot be reached: No route to host.",
    ),
    (
        "ssh: connect to host pi port 22: Connection timed out",
        "pi cannot be reached: Connection timed out.",
    ),
    (
        "Connection timed out during banner exchange",
        "pi took the connection and then said nothing.",
    ),
    (
        "Received disconnect from 10.0.0.7 port 22:2: Too many authentication failures",
        "pi was offered too many keys.",
    ),
    (
        "channel 0: open failed: connect failed: Connection refused\nstdio forwarding failed",
        "the jump host does not get through to pi.",
    ),
    (
        "kex_exchange_identification: read: Connection reset by peer",
        "pi ended the connection before anybody could log in.",
    ),
    ("/root/.ssh/config: line 3: Bad configuration option: foo", "ssh does not like its"),
    ("This account is currently not available.", "the account at pi has no shell."),
    ("Timeout, server pi not responding.", "pi ended the connection, or does not answer any more."),
    ("something new", "ssh to pi failed: something new"),
    ("", "ssh to pi failed: it printed nothing"),
]  # fmt: skip


@pytest.mark.parametrize(("said", "words"), SAID)
def test_what_ssh_says_is_put_into_a_sentence(said, words):
    assert ssh_errors.diagnose(said, "pi")[0].startswith(words)


# --- what is missing there


def test_a_python_without_numpy(server, tmp_path, log, line):
    device = server.device(python=boards.bare(tmp_path / "env"), folder=str(tmp_path / "there"))
    try:
        with Client(device, log) as client:
            assert client.request("hello", 30).machine.arch
            with pytest.raises(RunnerFailed, match=r"numpy is missing in .*/env/bin/python"):
                client.request("import", 30, runtime="onnxruntime")
        lines = {line.check: line for line in check(device, ["litert"], None, log)}
    finally:
        device.close()
    assert (lines["link"].state, lines["python"].state) == ("ok", "ok")
    assert (lines["numpy"].state, lines["litert"].state) == ("failed", "failed")
    assert "edgeopt devices setup board" in lines["numpy"].advice


def test_a_missing_runtime(server, tmp_path, log):
    device = server.device(
        python=boards.with_numpy(tmp_path / "env"), folder=str(tmp_path / "there")
    )
    try:
        lines = {line.check: line for line in check(device, ["openvino"], "pixel-8", log)}
    finally:
        device.close()
    assert lines["numpy"].state == "ok"
    assert lines["openvino"].state == "failed"
    assert "No module named 'openvino'" in lines["openvino"].found
    assert (
        lines["openvino"].advice == "`edgeopt devices setup board --runtime openvino` installs it."
    )
    assert lines["target"].state == "warning"
    assert "this is no pixel-8" in lines["target"].found


def test_a_device_that_cannot_be_reached_is_one_line(server, log):
    device = Ssh("board", server.entry(link="ssh://no-such-host.invalid"))
    (line,) = check(device, ["litert"], None, log)
    assert (line.check, line.state) == ("link", "failed")
    assert "no-such-host" in line.found


# --- no room


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 2 MB that takes 20 files."""
    place = tmp_path / "small disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=2m,nr_inodes=20", "none", str(place)]
    if os.geteuid() or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("only root may mount a small disk: run this test as root")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_full_disk_is_told_and_the_link_goes_on(server, small_disk, tmp_path):
    device = server.device(folder=str(small_disk))
    big, many, small = tmp_path / "big.bin", tmp_path / "many", tmp_path / "small.bin"
    big.write_bytes(os.urandom(3_000_000))
    many.mkdir()
    for i in range(20):
        (many / f"{i}.bin").write_bytes(b"x" * 100)
    small.write_bytes(b"small")
    try:
        with pytest.raises(DeviceFailed, match=r"full: 3000000 bytes are needed, \d+ ") as caught:
            device.put(big)
        assert "--folder" in caught.value.hint
        with pytest.raises(DeviceFailed, match=r"the disk there is full: .*No space left"):
            device.put(many)  # found out in the middle
        device.get(device.put(small), tmp_path / "back")
        assert (tmp_path / "back").read_bytes() == b"small"
        assert {path.name[0] for path in (small_disk / "files").iterdir()}.isdisjoint(".")
    finally:
        device.close()


def test_what_was_not_used_for_long_makes_room(server, small_disk, tmp_path):
    device = server.device(folder=str(small_disk))
    try:
        places = []
        for name in ("old", "new", "third"):
            (tmp_path / name).write_bytes(os.urandom(400_000))
            places.append(Path(device.put(tmp_path / name)).parent)
            if name == "old":
                os.utime(places[0], (0, 0))
        assert [place.exists() for place in places] == [False, True, True]
    finally:
        device.close()


# --- cut in the middle


SMALL = replace(
    SCREEN, looks=(1,), rounds=6, rounds_alone=0, warmup_runs=2, warmup_s=0.0, block_s=0.05
)


class Saboteur:
    """Listens to the progress of a schedule; does something in the middle of a block."""

    def __init__(self, what) -> None:
        self._what = what

    def __call__(self, words: str, done: int, total: int) -> None:
        if words.startswith("launch 1, round 3"):
            threading.Timer(0.02, self._what).start()


@pytest.fixture
def board(server, place):
    made = server.device(python=sys.executable, folder=str(place))
    yield made
    made.close()


def test_what_was_measured_before_a_cut_is_kept_and_a_second_call_works(
    server, board, line, feed, log
):
    session = measure(board, [line], feed, SMALL, log, 60, progress=Saboteur(server.cut))
    timed = session.timed["line"]
    assert "the link to board was cut" in timed.failed
    assert "answers again, and was not rebooted" in timed.failed
    assert timed.failed.startswith("in `block`")
    assert 3 <= len(timed.launches[0].blocks) < 6
    assert "was cut" in board.lost
    again = measure(board, [line], feed, SMALL, log, 60)
    assert not again.timed["line"].failed
    assert len(again.timed["line"].steady_ns) > 60


def test_a_device_that_goes_between_two_launches(server, board, line, feed, log):
    def stop(words: str, done: int, total: int) -> None:
        if words.startswith("launch 1, round 6"):
            server.stop()

    session = measure(board, [line], feed, replace(SMALL, looks=(2,)), log, 60, progress=stop)
    server.start()
    assert "refuses connections" in session.timed["line"].failed
    assert [len(launch.blocks) for launch in session.timed["line"].launches] == [6]


def test_a_reboot(server, board, line, feed, log):
    session = measure(board, [line], feed, SMALL, log, 60, progress=Saboteur(server.stop))
    server.start()
    timed = session.timed["line"]
    assert f"was cut: {HOST} ended the connection" in timed.failed
    assert f"Now {HOST} refuses connections" in timed.failed
    assert len(timed.launches[0].blocks) >= 3
    assert not measure(board, [line], feed, SMALL, log, 60).timed["line"].failed


def test_a_reboot_is_told_from_a_cut():
    assert "reboot" in after_cut("a", "b")
    assert "not rebooted" in after_cut("a", "a")
    assert "not rebooted" in after_cut(None, "b")


def test_a_cut_while_a_file_is_sent(server, board, tmp_path):
    big = tmp_path / "big.bin"
    big.write_bytes(os.urandom(60_000_000))
    board.folder()
    threading.Timer(0.05, server.cut).start()
    with pytest.raises(DeviceFailed, match="the link to board was cut"):
        board.put(big)
    board.get(board.put(big), tmp_path / "back")
    assert (tmp_path / "back").stat().st_size == 60_000_000
