"""The system's ssh to a real sshd: what is sent, what is honoured, what is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from benchmarks.devices.slow_link import SlowLink
from benchmarks.devices.sshd import HOST, wait_for
from edgeopt.devices import ssh_link
from edgeopt.devices.ssh import Ssh
from edgeopt.domain.device import DeviceEntry
from edgeopt.domain.errors import BadInput, DeviceFailed
from edgeopt.harness.answering import open_session
from edgeopt.harness.client import Client, RunnerFailed
from tests.devices.test_every_device import runners

pytestmark = pytest.mark.slow

# --- links


@pytest.mark.parametrize(
    ("link", "place", "port"),
    [
        ("ssh://pi@raspberrypi.local", "pi@raspberrypi.local", None),
        ("ssh://board", "board", None),
        ("ssh://pi@10.0.0.7:2222", "pi@10.0.0.7", 2222),
        ("ssh://pi@[fe80::1%eth0]:22", "pi@fe80::1%eth0", 22),
        ("ssh://Pi_5/", "Pi_5", None),
    ],
)
def test_a_link_is_read(link, place, port):
    found = ssh_link.parse(link, DeviceEntry(link=link))
    assert (found.place, found.port) == (place, port)


@pytest.mark.parametrize(
    "link",
    ["ssh://", "ssh://-oProxyCommand=id", "ssh://-l@host", "ssh://host:0", "ssh://host:99999",
     "ssh://a b", "ssh://host/folder", "ssh://pi:secret@host", "http://host", "ssh://@host"],
)  # fmt: skip
def test_what_is_no_link_is_refused(link):
    with pytest.raises(BadInput, match="is no ssh link"):
        ssh_link.parse(link, DeviceEntry(link=link))


def test_host_keys_are_the_users_business():
    argv = ssh_link.parse("ssh://pi@host", DeviceEntry(link="")).argv(Path("/s"))
    assert not any("HostKey" in word or "KnownHosts" in word for word in argv)
    assert argv[-2:] == ["--", "pi@host"]


@pytest.mark.parametrize("link", ["ssh://elsewhere", "ssh://through"])
def test_aliases_and_jump_hosts_of_the_configuration_are_honoured(server, link, log):
    device = Ssh("board", server.entry(link=link, python=sys.executable))
    try:
        assert device.facts()["bits"] == 64
    finally:
        device.close()


def test_a_jump_host_can_be_named(server):
    device = Ssh("board", server.entry(jump="elsewhere"))
    try:
        assert device.facts()["bits"] == 64
    finally:
        device.close()


# --- what travels


def test_a_content_is_sent_once(server, tmp_path):
    file = tmp_path / "model.bin"
    file.write_bytes(os.urandom(1000))
    seen = []
    for _ in range(2):  # two connections
        device = server.device(folder=str(tmp_path / "there"))
        remote = device.put(file)
        seen.append((remote, os.stat(remote).st_ino))
        device.close()
    assert seen[0] == seen[1]
    assert os.stat(Path(remote).parent).st_mode & 0o077 == 0  # nobody else's business


def test_a_link_that_ends_before_it_is_used_is_made_anew(server):
    """Nothing was under way, so nothing was lost."""
    device = server.device(python=sys.executable)
    device.reach()
    before = device.folder()
    server.cut()
    wait_for(lambda: device._session.is_dead(0.0))
    assert device.folder() != before
    assert device.lost == ""
    device.close()


def test_more_runners_than_a_connection_may_have(server, by_ssh, log):
    """An sshd allows 10 sessions; edgeopt's own is one of them."""
    by_ssh.folder()
    before = server.connections()
    clients = [Client(by_ssh, log) for _ in range(11)]
    try:
        for client in clients:
            assert client.request("hello", 120)
        assert server.connections() == before + 1
    finally:
        for client in clients:
            client.close()


def test_the_runner_is_the_one_that_was_sent(by_ssh, log):
    """And not an edgeopt that happens to be installed there."""
    with Client(by_ssh, log) as client:
        client.request("hello", 30)
        (pid,) = runners(by_ssh.folder())
        given = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    assert any(v.startswith(b"PYTHONPATH=") and v.endswith(b"runner.zip") for v in given)


# --- what is left behind


def test_a_runner_that_was_given_up_ends_there(by_ssh, log, line, feed):
    with Client(by_ssh, log) as client:
        begin(client, by_ssh, line, feed)
        (pid,) = runners(by_ssh.folder())
        with pytest.raises(RunnerFailed, match="took longer than its limit") as caught:
            client.request("block", 0.5, count=10**9)
        assert caught.value.timed_out
    began = time.monotonic()
    wait_for(lambda: not Path(f"/proc/{pid}").exists())
    assert time.monotonic() - began < 10


KILLED = """
import sys, time
from edgeopt.devices.ssh import Ssh
from edgeopt.domain.device import DeviceEntry
from edgeopt.harness.client import Client
import msgspec
device = Ssh("board", msgspec.json.decode(sys.argv[1], type=DeviceEntry))
client = Client(device, __import__("pathlib").Path(sys.argv[2]))
client.request("hello", 30)
print(device.folder(), flush=True)
time.sleep(60)
"""


def test_nothing_is_left_when_the_host_is_killed(server, tmp_path, log):
    import msgspec

    entry = server.entry(python=sys.executable, folder=str(tmp_path / "there"))
    command = [sys.executable, "-c", KILLED, msgspec.json.encode(entry).decode(), str(log)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as host:
        assert host.stdout is not None
        folder = host.stdout.readline().strip()
        assert len(runners(folder)) == 1
        host.send_signal(signal.SIGKILL)
    wait_for(lambda: runners(folder) == [] and not Path(folder).exists())
    assert list(Path(folder).parent.iterdir()) == []


def test_what_a_power_cut_left_is_removed_by_the_next_session(server, tmp_path):
    old = tmp_path / "there" / "sessions" / "old"
    old.mkdir(parents=True)
    (old / "y.npy").write_bytes(b"y")
    old.with_name("old.lock").touch()
    first = server.device(folder=str(tmp_path / "there"))
    second = server.device(folder=str(tmp_path / "there"))
    assert first.facts()["others"] == 0
    assert not old.exists()
    assert second.facts()["others"] == 1
    assert Path(first.folder()).exists()
    for device in (first, second):
        device.close()


# --- a long way


def begin(client: Client, device, line, feed) -> None:
    """A session that can be timed."""
    open_session(client, device, line, 60)
    files = [device.put(path) for path in feed.files(line.inputs)]
    client.request("inputs", 30, files=files, count=4)


def test_a_slow_link_does_not_show_in_what_is_measured(server, by_ssh, place, log, line, feed):
    """200 ms each way: a single one of them in a time would make it 10,000 times as long."""
    way = SlowLink(server.port, 0.1)
    server.known("known-far", "host", way.port)
    config = server.config(known="known-far")
    link = f"ssh://{HOST}:{way.port}"
    entry = server.entry(link=link, python=sys.executable, folder=str(place), ssh_config=config)
    far = Ssh("far", entry)
    took, times = [], {"near": [], "far": []}
    try:
        with Client(by_ssh, log) as near, Client(far, log) as remote:
            begin(near, by_ssh, line, feed)
            begin(remote, far, line, feed)
            for _ in range(6):
                times["near"] += near.request("block", 30, count=300).t_ns[50:]
                asked = time.monotonic()
                times["far"] += remote.request("block", 30, count=300).t_ns[50:]
                took.append(time.monotonic() - asked)
    finally:
        far.close()
        way.close()
    assert min(took) > 0.2
    assert 0.25 < np.median(times["far"]) / np.median(times["near"]) < 4
    assert np.median(times["far"]) < 2e6


def test_a_link_that_fell_silent_is_noticed(server, monkeypatch, log):
    monkeypatch.setattr(
        ssh_link,
        "OPTIONS",
        ("ServerAliveInterval=1", "ServerAliveCountMax=2", "ConnectTimeout=1", *ssh_link.OPTIONS),
    )
    way = SlowLink(server.port, 0.0)
    server.known("known-silent", "host", way.port)
    config = server.config(known="known-silent")
    device = Ssh("far", server.entry(link=f"ssh://{HOST}:{way.port}", ssh_config=config))
    with Client(device, log) as client:
        client.request("hello", 30)
        way.frozen.set()
        way.close()  # and it cannot be reached again
        with pytest.raises(RunnerFailed, match=r"the link to far was cut: .* Now ") as caught:
            client.request("hello", 30)
    assert not caught.value.timed_out
    assert "does not answer any more" in device.lost
    with pytest.raises(DeviceFailed):
        device.folder()
