"""The real adb client and adbutils against a stand-in server, with a phone that is this machine."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.devices import phone as phones
from benchmarks.devices.adb_server import AdbServer
from benchmarks.devices.sshd import wait_for
from edgeopt.devices import adb_link
from edgeopt.devices.account import Screen, Zone
from edgeopt.devices.adb import Adb
from edgeopt.devices.resolve import resolve
from edgeopt.domain.device import DeviceEntry
from edgeopt.domain.errors import BadInput, DeviceFailed, NotInstalled
from edgeopt.harness import readings
from edgeopt.harness.client import Client, RunnerFailed

pytestmark = pytest.mark.slow

DATA = Path(__file__).with_name("android")


@pytest.fixture
def phone(own_adb_server, tmp_path, monkeypatch):
    """A phone of a test's own."""
    server = own_adb_server
    monkeypatch.setenv("ANDROID_ADB_SERVER_PORT", str(server.port))
    tree = phones.own_python(tmp_path / "tree")
    entry = DeviceEntry(link=f"adb://{server.serial}", folder=str(tmp_path / "there"))
    made = Adb("phone", entry, lambda progress: tree)
    yield made
    made.close()


@pytest.fixture
def own_adb_server(tmp_path):
    pytest.importorskip("adbutils", reason="pip install 'edgeopt[adb]'")
    texts = {
        "thermalservice": "thermal-15-aidl", "battery": "battery-10", "power": "power-11"
    }  # fmt: skip
    said = {name: (DATA / f"{file}.txt").read_text() for name, file in texts.items()}
    made = AdbServer(phones.make(tmp_path / "phone", said), "0A;id$(id) 'x'")
    yield made
    made.stop()


def modes(server: AdbServer) -> list[str]:
    log = server.folder / "cmd.log"
    lines = log.read_text().splitlines() if log.exists() else []
    return [line.rpartition(" ")[2] for line in lines]


def test_the_adb_client_knows_the_stand_in(own_adb_server):
    """Its own idea of a server, a serial number and an exit code: not only ours."""
    adb = [adb_link.client(), "-P", str(own_adb_server.port)]
    listed = subprocess.run([*adb, "devices"], capture_output=True, text=True, timeout=20)
    assert f"{own_adb_server.serial}\tdevice" in listed.stdout
    shell = [*adb, "-s", own_adb_server.serial, "shell", "-T", "cat; echo no >&2; exit 7"]
    done = subprocess.run(shell, input="yes", capture_output=True, text=True, timeout=20)
    assert (done.stdout, done.stderr, done.returncode) == ("yes", "no\n", 7)


def test_a_phone_tells_what_its_runner_cannot(phone, log):
    with Client(phone, log) as client:
        machine = readings.machine(phone, client, 30)
        health = readings.health(phone, client, 30, 0)
    assert machine.board == "Google Pixel 8 (Google Tensor G3)"
    assert machine.distribution == "Android 15"
    assert machine.firmware.startswith("google/shiba")
    assert len(machine.affinity) == 1  # the one big core of the stand-in
    assert health.thermal_status == 0
    assert health.thermal_zones[0] == Zone(name="BIG", temperature_c=38.2, passive_c=None)
    assert health.power_supplies[0].capacity_percent == 100
    assert health.screen == Screen(on=True, stays_on=True)
    assert health.fixed_performance is True
    assert health.t_ns


def test_the_phone_is_left_as_it_was(phone, own_adb_server, log):
    with Client(phone, log) as client:
        client.request("hello", 30)
        other = Adb("other", DeviceEntry(link=phone.link, folder=phone._root))
        other.folder()
        phone.close()
        assert modes(own_adb_server)[-1] == "true"  # the other one still measures
        other.close()
    assert modes(own_adb_server)[-1] == "false"
    assert list(Path(phone._root, "sessions").iterdir()) == []


def test_a_host_that_dies_leaves_nothing(own_adb_server, phone):
    folder = Path(phone.folder())
    assert phone._session is not None
    phone._session._holder.kill()
    wait_for(lambda: not folder.exists())
    wait_for(lambda: modes(own_adb_server)[-1] == "false")


def test_a_cut_is_told_from_a_crash(phone, own_adb_server, log):
    with Client(phone, log) as client:
        client.request("hello", 30)
        own_adb_server.cut()
        with pytest.raises(RunnerFailed, match=r"link to phone was cut\. The phone answers again"):
            client.request("hello", 30)
    assert phone.lost
    with Client(phone, log) as client:
        assert client.request("hello", 30)


def test_a_phone_that_is_gone(phone, own_adb_server, log):
    with Client(phone, log) as client:
        client.request("hello", 30)
        own_adb_server.state = "offline"
        own_adb_server.cut()
        with pytest.raises(RunnerFailed, match=r"was cut\. Now the phone .* is offline"):
            client.request("hello", 30)


@pytest.mark.parametrize("state", ["unauthorized", "offline"])
def test_a_phone_that_is_not_ready(phone, own_adb_server, state):
    own_adb_server.state = state
    with pytest.raises(DeviceFailed, match=r"does not trust|is offline") as caught:
        phone.folder()
    assert caught.value.hint


def test_a_phone_that_is_not_there(phone):
    with pytest.raises(DeviceFailed, match="adb knows no phone nobody's one"):
        resolve("adb://nobody's one").folder()


def test_a_full_phone(phone, own_adb_server, tmp_path):
    (tmp_path / "m.bin").write_bytes(b"model")
    df = own_adb_server.folder / "bin" / "df"
    df.write_text("#!/bin/sh\necho F 1K-blocks U A U% M; echo /dev/x 100 99 1 99% /data\n")
    df.chmod(0o755)
    with pytest.raises(DeviceFailed, match="disk there is full: 5 bytes are needed, 1024 are free"):
        phone.put(tmp_path / "m.bin")
    df.unlink()
    own_adb_server.full = True
    with pytest.raises(DeviceFailed, match="did not take a file"):
        phone.put(tmp_path / "m.bin")
    own_adb_server.full = False
    assert Path(phone.put(tmp_path / "m.bin")).read_bytes() == b"model"


def test_what_is_there_is_not_sent_again(phone, tmp_path, own_adb_server):
    (tmp_path / "m.bin").write_bytes(b"model")
    first = phone.put(tmp_path / "m.bin")
    phone.close()
    own_adb_server.full = True
    assert phone.put(tmp_path / "m.bin") == first


def test_a_phone_of_32_bits(phone, own_adb_server):
    (own_adb_server.folder / "bin" / "getprop").write_text("#!/bin/sh\necho\n")
    with pytest.raises(DeviceFailed, match="runs no arm64-v8a programs"):
        phone.folder()


@pytest.mark.parametrize("link", ["adb://", "adb:", "ssh://x", "adb://a\nb"])
def test_what_is_no_link(link):
    with pytest.raises(BadInput, match="is no adb link"):
        adb_link.parse(link)


def test_without_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "adbutils", None)
    with pytest.raises(NotInstalled, match="phones need the package adbutils") as caught:
        resolve("adb://x").folder()
    assert "edgeopt[adb]" in caught.value.hint
