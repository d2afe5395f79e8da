"""A phone, or an adb server, that lies, stalls or floods: real adb client and adbutils."""

from __future__ import annotations

import dataclasses

import pytest
from msgspec.structs import asdict

from benchmarks.devices import phone as phones
from benchmarks.devices.adb_lies import LIES, TEXTS, LyingAdbServer
from edgeopt.devices import adb_connection
from edgeopt.devices.adb import Adb
from edgeopt.domain.device import DeviceEntry
from edgeopt.domain.errors import DeviceFailed
from tests.peaks import rises_less_than

pytestmark = pytest.mark.slow

PATIENCE_S = 0.5
MOST_MIB = 300


@pytest.fixture
def lying(tmp_path, monkeypatch):
    """A phone behind a server with one lie."""
    pytest.importorskip("adbutils", reason="pip install 'edgeopt[adb]'")
    made = []

    def start(lie, patience_s: float) -> Adb:
        server = LyingAdbServer(phones.make(tmp_path / "phone", phones.SAID), "liar", lie)
        monkeypatch.setenv("ANDROID_ADB_SERVER_PORT", str(server.port))
        monkeypatch.setattr(adb_connection, "CONNECT_S", patience_s)
        monkeypatch.setattr(adb_connection, "CLOSE_S", 0.2)
        entry = DeviceEntry(link="adb://liar", folder=str(tmp_path / "there"))
        phone = Adb("phone", entry, lambda progress: phones.own_python(tmp_path / "tree"))
        phone._way = dataclasses.replace(phone._way, limit_s=patience_s)
        made.append((phone, server))
        return phone

    yield start
    for phone, server in made:
        server.stop()
        phone.close()


def session(phone: Adb, folder) -> dict:
    (folder / "model").write_bytes(b"model")
    place = phone.put(folder / "model")
    phone.get(place, folder / "back", most_bytes=1000)
    assert (folder / "back").read_bytes() == b"model"
    told = {**asdict(phone.machine()), **asdict(phone.health())}
    phone.prepare()
    return told


@pytest.mark.parametrize("name", LIES)
def test_a_phone_that_lies_ends_with_one_sentence(lying, tmp_path, name):
    phone = lying(LIES[name], PATIENCE_S if name in WAITED_FOR else 20.0)
    with rises_less_than(MOST_MIB), pytest.raises(DeviceFailed) as caught:
        session(phone, tmp_path)
    assert len(str(caught.value.args[0])) < 600
    assert not list(tmp_path.glob(".*.part"))


WAITED_FOR = {
    "no answer", "a length and nothing behind it", "a byte now and then",
    "a command that says nothing", "a command a byte at a time", "half a file, then nothing",
    "a file that it does not take",
}  # fmt: skip


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_that_is_odd_is_read_as_far_as_it_can_be(lying, tmp_path, name):
    told = session(lying(TEXTS[name], 20.0), tmp_path)
    assert str(told["board"]).isprintable()
