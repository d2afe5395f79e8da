"""Tests lie where what they test lies: a folder of tests for each room of the package."""

from __future__ import annotations

from pathlib import Path

import pytest

TESTS = Path(__file__).parent
PACKAGE = TESTS.parent / "edgeopt"
MOST_LINES = 400

#: Folders that are no rooms, and why they are there.
OTHERS = {
    "conformance": "what every runtime keeps on both sides at once: converting, opening, answering",
    "devices/android": "what phones of several versions print",
    "devices/benchmark_model": "what versions of LiteRT's own program print",
    "runtimes/gpu_standin": "goes on the path of a test: its files have the names they stand for",
}


def folders(top: Path) -> set[str]:
    """All folders below one that hold files, by their path from there."""
    files = (path for path in top.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {str(path.parent.relative_to(top)) for path in files} - {"."}


ROOMS = sorted(str(path.parent.relative_to(PACKAGE)) for path in PACKAGE.glob("*/__init__.py"))


def test_every_folder_is_a_room_or_says_why_it_is_there():
    assert folders(TESTS) - folders(PACKAGE) == set(OTHERS)


@pytest.mark.parametrize("room", ROOMS)
def test_every_room_has_tests(room):
    assert list((TESTS / room).glob("test_*.py"))


@pytest.mark.parametrize("path", sorted(TESTS.rglob("*.py")), ids=lambda path: path.stem)
def test_no_file_is_long_or_says_its_folder_again(path):
    assert len(path.read_text("utf-8").splitlines()) <= MOST_LINES
    room = path.parent.name
    assert not path.stem.startswith((f"test_{room}_", f"test_{room.removesuffix('s')}_"))
