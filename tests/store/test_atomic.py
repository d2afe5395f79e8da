import pytest

from edgeopt.store import atomic


@pytest.mark.parametrize("content", [b"\x00\xff new", "neu: ü"])
def test_content_is_replaced_whole(tmp_path, content):
    path = tmp_path / "file"
    path.write_bytes(b"old and longer than what follows")
    atomic.write(path, content)
    assert path.read_bytes() == (content if isinstance(content, bytes) else content.encode())
    assert list(tmp_path.iterdir()) == [path]


def test_a_new_file(tmp_path):
    atomic.write(tmp_path / "file", b"")
    assert (tmp_path / "file").read_bytes() == b""


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_the_old_content_survives_a_failure(tmp_path, monkeypatch, step):
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(*((atomic.os, step) if step == "fsync" else (type(path), step)), full)
    with pytest.raises(OSError, match="No space left"):
        atomic.write(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError):
        atomic.write(tmp_path / "no" / "file", b"new")
    assert list(tmp_path.iterdir()) == []
