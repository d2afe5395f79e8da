"""Archives: every entry as its checksum says, or one sentence."""

import random
import zipfile

import pytest

from benchmarks.faults.fuzz import zips
from edgeopt.jobs import archive

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


def test_a_bomb_is_not_unpacked(tmp_path):
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("zeros", bytes(150_000_000))
    assert archive.damage(path) == "'zeros' in it says that it is 0.1 GB unpacked"
