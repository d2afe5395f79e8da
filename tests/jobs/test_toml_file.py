"""TOML of users: it ends soon, in one sentence."""

import os
import sys

import pytest

from edgeopt.domain.errors import BadInput
from edgeopt.jobs import toml_file

DEEP = 2000


def refusal(path):
    with pytest.raises(BadInput) as caught:
        toml_file.parse(toml_file.text(path), path)
    assert "\n" not in caught.value.args[0]
    return caught.value.args[0]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"a = " + b"[" * DEEP + b"]" * DEEP, "is nested too deeply to be read."),
        (b"a = " + b"{b = " * DEEP + b"1" + b"}" * DEEP, "is nested too deeply to be read."),
        (b"a = " + b"9" * 100_000, "has a number that is too long to be read."),
        (b"#" * 1_000_001, "has more than 1,000 kB."),
        (b"\x80", "is not UTF-8 text: invalid start byte at byte 0"),
        (b"a = 1\na = 2", ", end of document: Cannot overwrite a value"),
        (b"a", ", end of document: Expected '=' after a key in a key/value pair"),
    ],
)
def test_what_cannot_be_read(tmp_path, content, said):
    path = tmp_path / "x.toml"
    path.write_bytes(content)
    assert refusal(path).endswith(said)


def test_what_never_ends(tmp_path):
    os.mkfifo(tmp_path / "pipe.toml")
    (tmp_path / "zero.toml").symlink_to("/dev/zero")
    assert "is a pipe" in refusal(tmp_path / "pipe.toml")
    assert "is a device" in refusal(tmp_path / "zero.toml")


def test_nothing_there_is_none(tmp_path):
    assert toml_file.text(tmp_path / "gone.toml") is None


def test_how_deep_is_not_pythons_matter(tmp_path):
    """TensorFlow lets Python go deeper."""
    path = tmp_path / "x.toml"
    path.write_bytes(b"a = " + b"[" * DEEP + b"]" * DEEP)
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(100 * DEEP)
    try:
        assert refusal(path).endswith("is nested too deeply to be read.")
    finally:
        sys.setrecursionlimit(before)
