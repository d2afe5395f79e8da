"""Debian packages from a mirror: held to the index, and read without dpkg."""

from __future__ import annotations

import pytest

from edgeopt.devices import debian
from edgeopt.domain.errors import EdgeoptError, NotInstalled
from tests.devices import small_mirror

HELLO = small_mirror.package({"./usr/share/hello": b"hello"}, {})


@pytest.fixture
def mirror(tmp_path, monkeypatch):
    folder = tmp_path / "mirror"
    address = small_mirror.write(folder, {"hello": HELLO, "other": HELLO})
    monkeypatch.setenv("EDGEOPT_DEBIAN_MIRROR", address + "/")
    return folder


def test_a_package_is_found_fetched_and_read(mirror, tmp_path):
    (found,) = debian.find("tiny", "arm64", ["hello"])
    assert (found.name, found.version, found.size_bytes) == ("hello", "1.0", len(HELLO))
    path = debian.fetch(found, tmp_path / "kept")
    assert path.read_bytes() == HELLO
    with debian.opened(path) as files:
        assert files.extractfile("./usr/share/hello").read() == b"hello"


def test_what_is_there_is_not_fetched_again(mirror, tmp_path):
    (found,) = debian.find("tiny", "arm64", ["hello"])
    first = debian.fetch(found, tmp_path)
    (mirror / "pool" / "hello.deb").unlink()
    assert debian.fetch(found, tmp_path) == first


def test_a_package_that_is_not_what_the_index_says_is_refused(mirror, tmp_path):
    (found,) = debian.find("tiny", "arm64", ["hello"])
    (mirror / "pool" / "hello.deb").write_bytes(HELLO + b"!")
    with pytest.raises(NotInstalled, match="is not what Debian's index says"):
        debian.fetch(found, tmp_path / "kept")
    assert list((tmp_path / "kept").iterdir()) == []


def test_an_index_that_is_not_what_the_release_says_is_refused(mirror):
    (index,) = mirror.rglob("by-hash/SHA256/*")
    index.write_bytes(index.read_bytes() + b"!")
    with pytest.raises(NotInstalled, match="is not what Debian's index says"):
        debian.find("tiny", "arm64", ["hello"])


def test_without_network_it_says_what_is_needed(monkeypatch):
    monkeypatch.setenv("EDGEOPT_DEBIAN_MIRROR", "https://mirror.invalid/debian")
    with pytest.raises(NotInstalled, match=r"cannot fetch https://mirror\.invalid") as refused:
        debian.find("tiny", "arm64", ["hello"])
    assert "EDGEOPT_DEBIAN_MIRROR names another mirror" in refused.value.hint


@pytest.mark.parametrize(
    ("release", "names", "says"),
    [
        ("none", ["hello"], "cannot fetch"),
        ("tiny", ["hello", "gone"], "has no package gone for arm64"),
    ],
)
def test_what_the_mirror_does_not_have_is_named(mirror, release, names, says):
    with pytest.raises(EdgeoptError, match=says):
        debian.find(release, "arm64", names)


def test_another_architecture_is_named(mirror):
    with pytest.raises(NotInstalled, match="names no main/binary-riscv64"):
        debian.find("tiny", "riscv64", ["hello"])


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"!<arch>\n", HELLO[:80]])
def test_what_is_no_package_is_refused(tmp_path, content):
    path = tmp_path / "x.deb"
    path.write_bytes(content)
    with pytest.raises(EdgeoptError, match="no Debian package"), debian.opened(path):
        pass
