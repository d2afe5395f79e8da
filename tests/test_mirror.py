"""Tests lie where what they test lies: a folder of tests for each room of the package."""

from __future__ import annotations

import ast
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


ROOMS = sorted({path.parent.name for path in PACKAGE.glob("*/*.py")})


def test_every_folder_is_a_room_or_says_why_it_is_there():
    assert folders(TESTS) - folders(PACKAGE) == set(OTHERS)


@pytest.mark.parametrize("room", ROOMS)
def test_every_room_has_tests(room):
    assert list((TESTS / room).glob("test_*.py"))


def test_no_file_is_long():
    long = {
        str(path.relative_to(TESTS)): lines
        for path in TESTS.rglob("*.py")
        if (lines := len(path.read_text("utf-8").splitlines())) > MOST_LINES
    }
    assert long == {}


def test_no_file_says_its_folder_again():
    again = [
        str(path.relative_to(TESTS))
        for path in TESTS.rglob("test_*.py")
        if path.stem.startswith(f"test_{path.parent.name.removesuffix('s')}_")
        or path.stem.startswith(f"test_{path.parent.name}_")
    ]
    assert again == []


def asserts(node: ast.AST, certain: bool) -> bool:
    """Whether a statement asserts something; `certain`: whatever its conditions say."""
    if isinstance(node, ast.Assert):
        return True
    if isinstance(node, ast.Expr):
        return "assert" in ast.unparse(node).partition("(")[0]
    if isinstance(node, ast.With) and "pytest.raises" in ast.unparse(node.items[0]):
        return True
    if isinstance(node, ast.If) and certain:
        branches = (node.body, node.orelse)
        return all(any(asserts(one, certain) for one in branch) for branch in branches)
    return any(asserts(one, certain) for one in ast.iter_child_nodes(node))


def passing(path: Path) -> list[str]:
    """The loops of a file's tests that may end without having looked at anything."""
    functions = [
        node
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    ]
    loops = [node for f in functions for node in ast.walk(f) if isinstance(node, ast.For)]
    skips = [n for loop in loops for n in ast.walk(loop) if isinstance(n, ast.Continue)]
    unsure = [loop for loop in loops if asserts(loop, False) and not asserts(loop, True)]
    return [f"{path.relative_to(TESTS)}:{node.lineno}" for node in (*skips, *unsure)]


def test_no_loop_passes_over_what_it_should_look_at():
    """What is to be looked at is taken out first, so that the test can say how many there are."""
    assert [place for path in TESTS.rglob("test_*.py") for place in passing(path)] == []
