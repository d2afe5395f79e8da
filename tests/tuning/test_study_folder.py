"""A study's folder: whose trials lie in it, and what it refuses."""

from __future__ import annotations

import shutil

import pytest

from edgeopt.domain.errors import BadInput
from edgeopt.tuning.study_folder import OWNER, Holder, StudyFolder, held


@pytest.fixture
def folder(tmp_path):
    with held(tmp_path / "study") as found:
        found.hold("mine", "b1")
        yield found


def test_it_knows_whose_trials_it_has_wherever_it_is_moved_to(folder, tmp_path):
    moved = shutil.copytree(folder.path, tmp_path / "moved")
    assert StudyFolder(moved).holder() == folder.holder()
    assert folder.holder().study == "mine"
    folder.hold("mine", "b1")


@pytest.mark.parametrize(
    ("study", "born", "words"),
    [("other", "b1", "another study: mine."), ("mine", "b2", "another study: mine, begun else")],
)
def test_the_trials_of_two_studies_do_not_lie_together(folder, study, born, words):
    with pytest.raises(BadInput, match=words):
        folder.hold(study, born)


def test_a_folder_of_an_older_version_takes_the_name_that_it_is_given(tmp_path):
    owner = "0123456789abcdef" * 2
    (tmp_path / OWNER).write_text(owner)
    folder = StudyFolder(tmp_path)
    assert folder.holder() == Holder(owner=owner)
    folder.hold("mine", "")
    assert folder.holder() == Holder(owner=owner, study="mine")
    folder.hold("mine", "b1")
    assert folder.owner() == owner


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"[]", b"{}"])
def test_one_that_is_damaged_is_told(tmp_path, content):
    (tmp_path / OWNER).write_bytes(content)
    with pytest.raises(BadInput, match="is damaged"):
        StudyFolder(tmp_path).owner()


@pytest.mark.parametrize("name", ["study.json", "report.html", ".study"])
def test_a_folder_with_the_name_of_a_file_is_refused(tmp_path, name):
    (tmp_path / "trials").mkdir()
    (tmp_path / name).mkdir()
    with pytest.raises(BadInput, match=f"{name} is a folder, and no file"), held(tmp_path):
        pass


@pytest.mark.parametrize("name", ["trials", "logs", "chosen"])
def test_a_file_with_the_name_of_a_folder_is_refused(tmp_path, name):
    (tmp_path / "study.json").touch()
    (tmp_path / name).touch()
    with pytest.raises(BadInput, match=f"{name} is a file, and no folder"), held(tmp_path):
        pass


def test_a_link_to_nothing_is_refused(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "gone")
    with pytest.raises(BadInput, match="cannot be made"), held(tmp_path / "link"):
        pass
