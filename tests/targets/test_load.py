"""Where profiles lie, and how one is found."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeopt import targets
from edgeopt.domain.errors import BadInput, NotInstalled
from tests.targets.my_board import complaint


def test_folder_of_a_checkout_is_at_its_top():
    assert targets.folder() == Path(__file__).parents[2] / "targets"


def test_folder_of_a_wheel_is_inside_the_package(tmp_path):
    package = tmp_path / "edgeopt" / "targets"
    (package / "profiles").mkdir(parents=True)
    (tmp_path / "targets").mkdir()
    assert targets.folder(package) == package / "profiles"


def test_folder_missing_altogether(tmp_path):
    package = tmp_path / "edgeopt" / "targets"
    with pytest.raises(NotInstalled, match="target profiles are missing") as raised:
        targets.folder(package)
    assert raised.value.hint == "Install edgeopt again."


def test_another_folder_can_be_named(board):
    shipped = Path(board()).parent
    assert targets.names(shipped) == ["my-board"]
    assert targets.load("my-board", shipped).title == "My board"


def test_shipped_profile_has_its_files_name(board):
    shipped = Path(board('"my-board"', '"your-board"')).parent
    with pytest.raises(BadInput) as raised:
        targets.load("my-board", shipped)
    assert str(raised.value).endswith(
        "my-board.toml, line 1: name: must be the file's own name, 'my-board', but is 'your-board'"
    )


def test_own_file_is_loaded_by_its_path(board):
    profile = targets.load(board())
    assert profile.name == "my-board"
    assert profile.cores[0].clock_ghz is not None
    assert profile.cores[0].clock_ghz.value == 1.8


def test_own_file_may_have_any_name(board):
    assert targets.load(board('"my-board"', '"your-board"')).name == "your-board"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "raspbery-pi-5",
            "unknown target 'raspbery-pi-5'; did you mean 'raspberry-pi-5'?",
        ),
        ("Pixel-6", "unknown target 'Pixel-6'; did you mean 'pixel-6'?"),
        ("toaster", "unknown target 'toaster'"),
        ("", "unknown target ''"),
    ],
)
def test_unknown_target(name, message):
    with pytest.raises(BadInput) as raised:
        targets.load(name)
    assert raised.value.args[0] == message
    assert raised.value.hint == "See `edgeopt targets`."


@pytest.mark.parametrize("name", ["no-such.toml", "boards/no-such"])
def test_missing_file(tmp_path, name):
    path = tmp_path / name
    with pytest.raises(BadInput) as raised:
        targets.load(str(path))
    assert raised.value.args[0] == f"no such file: {path}"
    assert "`edgeopt targets`" in raised.value.hint


def test_folder_instead_of_a_file(tmp_path):
    with pytest.raises(BadInput, match=r"cannot read .*: it is a folder"):
        targets.load(str(tmp_path))


def test_file_that_is_not_text(tmp_path):
    path = tmp_path / "binary.toml"
    path.write_bytes(b'name = "\xff"')
    assert complaint(str(path)) == "binary.toml is not UTF-8 text: invalid start byte at byte 8"


@pytest.mark.parametrize(
    ("names", "words"),
    [((), "no target is named"), (("intel-n100", "intel-n100"), "'intel-n100' is given twice")],
)
def test_none_and_one_that_is_given_twice_are_refused(names, words):
    with pytest.raises(BadInput, match=words):
        targets.load_all(names)
