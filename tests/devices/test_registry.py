"""The user's list of devices, and from a name or a link to a device."""

from __future__ import annotations

import tomllib

import pytest

from edgeopt.devices import registry, resolve
from edgeopt.devices.local import Local
from edgeopt.devices.ssh import Ssh
from edgeopt.domain.device import DeviceEntry
from edgeopt.domain.errors import BadInput

PI = DeviceEntry(
    link="ssh://pi@raspberrypi.local", target="raspberry-pi-5", python="/opt/py/bin/python"
)


@pytest.fixture(autouse=True)
def config(tmp_path, monkeypatch):
    monkeypatch.setenv("EDGEOPT_CONFIG", str(tmp_path / "config"))
    return tmp_path / "config"


def test_what_is_added_is_there_and_what_is_removed_is_not():
    assert registry.entries() == {}
    registry.add("pi5", PI)
    registry.add("jet", DeviceEntry(link="ssh://jetson", target="jetson-nano"))
    assert registry.entries() == {"jet": registry.entry("jet"), "pi5": PI}
    assert registry.for_target("raspberry-pi-5") == ["pi5"]
    registry.remove("jet")
    assert list(registry.entries()) == ["pi5"]


def test_the_file_is_for_people_and_has_no_empty_fields(config):
    registry.add("pi5", PI)
    assert tomllib.loads((config / "devices.toml").read_text()) == {
        "v": 1,
        "devices": {
            "pi5": {"link": PI.link, "target": PI.target, "python": "/opt/py/bin/python"}
        },
    }  # fmt: skip


def test_without_a_folder_of_its_own_it_is_where_the_system_keeps_such_files(monkeypatch, tmp_path):
    monkeypatch.delenv("EDGEOPT_CONFIG")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert registry.path() == tmp_path / "edgeopt" / "devices.toml"


@pytest.mark.parametrize("name", ["local", "", "a b", "ssh://x", "-x", "../x", "pi:5"])
def test_names_that_could_be_something_else_are_refused(name):
    with pytest.raises(BadInput, match="cannot be called"):
        registry.add(name, PI)


def test_a_name_is_used_once_and_an_unknown_one_is_told():
    registry.add("pi5", PI)
    with pytest.raises(BadInput, match=r"there is a device 'pi5' already: ssh://pi@raspberrypi"):
        registry.add("pi5", PI)
    for call in (registry.remove, registry.entry, resolve.resolve):
        with pytest.raises(BadInput, match="there is no device 'pi6'") as caught:
            call("pi6")
        assert "There are: pi5." in caught.value.hint


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("devices = [", "devices.toml"),
        ("v = 2", "newer edgeopt"),
        ("[devices.pi5]\nlink = 'ssh://pi'\nlinks = 1", "unknown field `links`"),
        ("[devices.pi5]\n", "missing required field `link`"),
    ],
)
def test_a_broken_file_is_told_and_left_alone(config, text, words):
    config.mkdir()
    (config / "devices.toml").write_text(text)
    for call in (registry.entries, lambda: registry.add("new", PI)):
        with pytest.raises(BadInput, match=words):
            call()
    assert (config / "devices.toml").read_text() == text


def test_a_file_that_cannot_be_written_is_told(config):
    config.write_text("in the way")
    with pytest.raises(BadInput, match="cannot"):
        registry.add("pi5", PI)


def test_names_links_and_this_machine_become_devices():
    registry.add("pi5", PI)
    assert isinstance(resolve.resolve("local"), Local)
    named, linked = resolve.resolve("pi5"), resolve.resolve("ssh://pi@raspberrypi.local")
    assert isinstance(named, Ssh)
    assert isinstance(linked, Ssh)
    assert (named.name, named.link, named.base_python()) == ("pi5", PI.link, PI.python)
    assert (linked.name, linked.base_python()) == (PI.link, "python3")


@pytest.mark.parametrize("link", ["http://pi", "ssh:/pi", "serial://x"])
def test_a_link_that_nothing_serves_is_refused(link):
    with pytest.raises(BadInput):
        resolve.resolve(link)
