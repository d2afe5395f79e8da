"""What lies at a path: told once, whatever it is."""

import os
from pathlib import Path

import pytest

from edgeopt.domain.errors import BadInput
from edgeopt.jobs import on_disk


def refusal(path):
    with pytest.raises(BadInput) as caught:
        on_disk.kind(path)
    return caught.value.args[0]


def test_files_folders_and_nothing(tmp_path):
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to("file")
    assert on_disk.kind(tmp_path) == "folder"
    assert on_disk.kind(tmp_path / "file") == on_disk.kind(tmp_path / "link") == "file"
    assert on_disk.kind(tmp_path / "gone") == "nothing"
    assert on_disk.kind(tmp_path / "file/below") == "nothing"


def test_where_there_is_nothing_the_nearest_name_is_told(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model.onnx").touch()
    assert on_disk.near(Path("modle.onnx")) == "Did you mean model.onnx?"
    assert on_disk.near(Path("digits.npz")) == f"The folder {tmp_path} holds nothing of that name."
    assert on_disk.near(Path("gone/a")) == f"There is no folder {tmp_path / 'gone'}."
    assert on_disk.near(Path("model.onnx/a")) == f"There is no folder {tmp_path / 'model.onnx'}."
    (tmp_path / "left").mkdir()
    monkeypatch.chdir(tmp_path / "left")
    (tmp_path / "left").rmdir()
    assert on_disk.near(Path("a")) == ""


def test_links_in_a_circle_and_to_nothing(tmp_path):
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    (tmp_path / "lost").symlink_to("gone")
    assert refusal(tmp_path / "a").endswith("its links lead in a circle.")
    assert refusal(tmp_path / "lost").endswith("is a link to gone, which is not there.")


def test_what_would_be_read_for_ever(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "zero.npz").symlink_to("/dev/zero")
    assert refusal(tmp_path / "pipe").endswith("is a pipe, not a file.")
    assert refusal(tmp_path / "zero.npz").endswith("is a device of the system, not a file.")


@pytest.mark.parametrize("name", ["n" * 300, "ü" * 200, "a/" * 3000 + "x"])
def test_names_that_no_system_takes(tmp_path, name):
    said = refusal(tmp_path / name)
    assert said.endswith("its name is too long.")
    assert len(said) < 300


def test_a_name_with_a_nul(tmp_path):
    assert "cannot be looked at" in refusal(tmp_path / "a\0b")
