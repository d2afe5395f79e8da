"""Archives that are not whole."""

import zipfile

import pytest

from edgeopt.runtimes import exported
from edgeopt.runtimes.exported import Damaged, NoProgram
from tests.runtimes.exported.archives import PROGRAM, WEIGHTS, Archive

PARTS = [PROGRAM, WEIGHTS, "data/weights/weight_0", "data/sample_inputs/model.pt", "byteorder"]


@pytest.mark.slow
@pytest.mark.parametrize("trusted", [False, True])
@pytest.mark.parametrize("part", PARTS)
def test_one_flipped_bit(saved, tmp_path, part, trusted):
    whole = bytearray(saved["Net"].read_bytes())
    with zipfile.ZipFile(saved["Net"]) as archive:
        entry = next(i for i in archive.infolist() if i.filename.endswith("/" + part))
    at = entry.header_offset + 26
    names = [int.from_bytes(whole[at + i : at + i + 2], "little") for i in (0, 2)]
    whole[entry.header_offset + 30 + sum(names) + entry.file_size // 2] ^= 4
    path = tmp_path / "m.pt2"
    path.write_bytes(whole)
    with pytest.raises(Damaged, match=f"{part} is not what was written"):
        exported.load(str(path), trusted)


@pytest.mark.slow
@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_damage_is_no_matter_of_trust_in_a_part_that_nobody_knows_either(saved, tmp_path, method):
    path = tmp_path / "m.pt2"
    path.write_bytes(saved["Net"].read_bytes())
    with zipfile.ZipFile(path, "a") as archive:
        folder = archive.namelist()[0].partition("/")[0]
        archive.writestr(f"{folder}/data/aotinductor/code", bytes(range(256)) * 9, method)
        entry = archive.infolist()[-1]
    whole = bytearray(path.read_bytes())
    whole[entry.header_offset + 90 + entry.compress_size // 2] ^= 255
    path.write_bytes(whole)
    with pytest.raises(Damaged, match=r"aotinductor/code' in it is damaged"):
        exported.load(str(path), trusted=True)


def emptied(archive):
    archive.parts["data/weights/weight_0"] = b""


def torn(archive):
    archive.parts[PROGRAM] = archive.parts[PROGRAM][:-9]


def gone(archive):
    del archive.parts["data/weights/weight_0"]


def without_version(archive):
    archive.parts["archive_version"] = b""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (emptied, "its weight first.weight has no bytes"),
        (torn, "its part models/model.json is no JSON"),
        (gone, "data/weights/weight_0 is missing"),
        (without_version, "its part archive_version is empty"),
    ],
)
@pytest.mark.parametrize("trusted", [False, True])
def test_a_part_that_is_not_whole(saved, tmp_path, change, said, trusted):
    archive = Archive(saved["Net"])
    change(archive)
    with pytest.raises(Damaged, match=said):
        exported.load(str(archive.write(tmp_path / "m.pt2")), trusted)


@pytest.mark.slow
def test_a_member_that_is_larger_than_the_file(saved, tmp_path):
    """Overlapping members, or a size that is a lie."""
    whole = bytearray(saved["Net"].read_bytes())
    with zipfile.ZipFile(saved["Net"]) as archive:
        at = archive.start_dir
    for field in (20, 24):  # compressed size, size
        whole[at + field : at + field + 4] = (1 << 30).to_bytes(4, "little")
    path = tmp_path / "m.pt2"
    path.write_bytes(whole)
    with pytest.raises(Damaged, match="more than its file does"):
        exported.load(str(path))


@pytest.mark.slow
@pytest.mark.parametrize("kept", [0.3, 0.99])
def test_truncated(saved, tmp_path, kept):
    content = saved["Net"].read_bytes()
    path = tmp_path / "m.pt2"
    path.write_bytes(content[: int(kept * len(content))])
    with pytest.raises((Damaged, NoProgram)):
        exported.load(str(path))
