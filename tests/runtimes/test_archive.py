"""Archives: every entry as its checksum says, or one sentence."""

import contextlib
import random
import zipfile
from collections.abc import Iterator

import numpy as np
import pytest

from benchmarks.faults.fuzz import zips
from edgeopt.runtimes import archive, exported, npz

ENTRIES = {"a.json": b'{"x": 1}' * 40, "folder/weights": bytes(range(256)) * 20}


@pytest.fixture
def whole(tmp_path):
    path = tmp_path / "model.keras"
    path.write_bytes(zips.packed(ENTRIES))
    return path


def test_a_whole_archive_has_nothing_wrong(whole):
    assert archive.damage(whole) == ""
    assert archive.names(whole) == list(ENTRIES)


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_ways_of_packing(tmp_path, method):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", method) as made:
        for name, content in ENTRIES.items():
            made.writestr(name, content)
    assert archive.damage(path) == ""


def test_each_damage_is_told(whole, tmp_path):
    content = whole.read_bytes()
    sound = ("emptied-folder", "no-entries", *zips.SOUND)  # but JSON is never empty
    broken = list(zips.broken(content, random.Random(1)))
    assert {what.startswith(sound) for what, _ in broken} == {True, False}
    for what, damaged in broken:
        path = tmp_path / "damaged"
        path.write_bytes(damaged)
        said = archive.damage(path)
        assert bool(said) != what.startswith(sound), (what, said)
        assert "\n" not in said


def test_an_entry_that_is_there_twice_is_nobodys(tmp_path):
    path = tmp_path / "twice.zip"
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("a", b"1")
        with pytest.warns(UserWarning, match="Duplicate"):
            made.writestr("a", b"2")
    assert archive.damage(path) == "'a' is in it twice"


@pytest.mark.slow
def test_a_bomb_is_not_unpacked(tmp_path):
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("zeros", bytes(150_000_000))
    assert archive.damage(path) == "'zeros' in it says that it is 0.1 GB unpacked"


METHODS = [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]


def flipped(content: bytes, count: int) -> Iterator[bytes]:
    """A byte changed, here and there, over the whole file."""
    for at in range(0, len(content), max(1, len(content) // count)):
        damaged = bytearray(content)
        damaged[at] ^= 0xFF
        yield bytes(damaged)


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
def test_what_unpacks_raises_nothing_of_its_own(tmp_path, method):
    """Each way of packing has errors of its own: zlib's, lzma's, and the system's of bz2."""
    path = tmp_path / "a.npz"
    with zipfile.ZipFile(path, "w", method) as made, made.open("x.npy", "w") as file:
        np.lib.format.write_array(file, np.arange(600.0))
    assert list(npz.read(path)) == ["x"]
    found = 0
    for damaged in flipped(path.read_bytes(), 150):
        path.write_bytes(damaged)
        said = archive.damage(path)
        assert "\n" not in said
        found += bool(said)
        with contextlib.suppress(npz.Unfit):
            npz.read(path)
        with contextlib.suppress(exported.Damaged, exported.NeedsTrust, exported.NoProgram):
            exported.check(str(path))
    assert found > 100
