from __future__ import annotations

import getpass
import os
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks.devices import labgrid_stand_in
from benchmarks.devices import phone as phones
from benchmarks.devices import sshd as servers
from benchmarks.devices.adb_server import AdbServer
from edgeopt.devices.adb import Adb
from edgeopt.devices.labgrid import Labgrid
from edgeopt.devices.local import Local
from edgeopt.domain.device import DeviceEntry
from edgeopt.domain.tensor import Binding
from edgeopt.harness.feed import Feed
from edgeopt.harness.subject import Subject


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """A running sshd; skipped where there is none."""
    if servers.SSHD is None:
        pytest.skip("there is no sshd: apt-get install openssh-server")
    made = servers.Sshd(tmp_path_factory.mktemp("sshd"))
    yield made
    made.stop()


@pytest.fixture(scope="session")
def place(tmp_path_factory) -> Path:
    """Where the device by ssh keeps its files."""
    return tmp_path_factory.mktemp("a board's folder; it's \"odd\" $HOME")


@pytest.fixture(scope="session")
def by_ssh(server, place):
    made = server.device(python=sys.executable, folder=str(place))
    yield made
    made.close()


@pytest.fixture(scope="session")
def local():
    made = Local()
    yield made
    made.close()


@pytest.fixture(scope="session")
def by_adb(tmp_path_factory):
    """A phone that is this machine, behind a stand-in for adb's server."""
    pytest.importorskip("adbutils", reason="pip install 'edgeopt[adb]'")
    server = AdbServer(phones.make(tmp_path_factory.mktemp("phone"), {}), 'it\'s; a "phone"')
    tree = phones.own_python(tmp_path_factory.mktemp("tree"))
    place = tmp_path_factory.mktemp('a phone\'s; "odd" $HOME')
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ANDROID_ADB_SERVER_PORT", str(server.port))
        entry = DeviceEntry(link=f"adb://{server.serial}", folder=str(place))
        made = Adb("phone", entry, lambda progress: tree)
    yield made
    made.close()
    server.stop()


@pytest.fixture(scope="session")
def shelf(server, tmp_path_factory):
    """A board of a lab that is this machine, and the environment in which the lab is there.

    A stand-in for labgrid-client tells where its sshd is.
    """
    user = {"address": servers.HOST, "port": server.port, "username": getpass.getuser()}
    folder = tmp_path_factory.mktemp("lab")
    state = labgrid_stand_in.install(folder, {"shelf": user})
    place = str(tmp_path_factory.mktemp("a lab's board"))
    entry = DeviceEntry(
        link="labgrid://shelf", ssh_config=server.config(), python=sys.executable, folder=place
    )
    there = {
        "PATH": f"{folder}:{os.environ['PATH']}",
        "LAB_STATE": str(state),
        "EDGEOPT_CACHE": str(folder / "cache"),
    }
    made = Labgrid("shelf", entry)
    yield made, there
    with pytest.MonkeyPatch.context() as patch:
        for name, value in there.items():
            patch.setenv(name, value)
        made.close()


@pytest.fixture
def by_labgrid(shelf, monkeypatch):
    """The lab is there for this test alone: others in this process have their own, or none."""
    made, there = shelf
    for name, value in there.items():
        monkeypatch.setenv(name, value)
    return made


LINKS = [
    "local",
    *(pytest.param(link, marks=pytest.mark.slow) for link in ("by_ssh", "by_labgrid", "by_adb")),
]


@pytest.fixture(params=LINKS)
def device(request):
    """Every link, one after the other: a new one is a row here."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def log(tmp_path) -> Path:
    return tmp_path / "runner.log"


@pytest.fixture(scope="session")
def line(tmp_path_factory, save_line) -> Subject:
    """y = 2 x + 1 for x[1, 3], in ONNX, in a folder of its own."""
    path = save_line(tmp_path_factory.mktemp("line") / "it's a; model.onnx")
    x = Binding(source="x", name="x", index=0, dtype="float32", shape=(1, 3))
    y = Binding(source="y", name="y", index=0, dtype="float32", shape=(1, 3))
    return Subject("line", "line", "onnxruntime", path, 1, (x,), (y,))


@pytest.fixture
def feed(tmp_path) -> Feed:
    x = np.arange(30, dtype=np.float32).reshape(10, 1, 3)
    return Feed({"x": x}, tmp_path / "feed")
