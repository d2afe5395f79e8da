"""A profile that has not the format: each fault with its line and field."""

from __future__ import annotations

import msgspec
import pytest

from edgeopt import targets
from edgeopt.domain.errors import BadInput
from edgeopt.targets.complaint import of_validation
from edgeopt.targets.field import line_of, parse_field
from tests.targets.my_board import BOARD, complaint


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "arch = ",
            "arch ",
            "my-board.toml, line 4, column 6: Expected '=' after a key in a key/value pair",
        ),
        ("", "\n[broken", "my-board.toml, end of document: "),
        (
            "count = 4",
            "count = 4\ncount = 5",
            "my-board.toml, line 12, column 10: Cannot overwrite",
        ),
    ],
)
def test_syntax_error_tells_the_place(board, old, new, message):
    assert complaint(board(old, new)).startswith(message)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        pytest.param(
            "count = 4",
            'count = "four"',
            "line 11: cores[0].count: expected int, got str",
            id="wrong type",
        ),
        pytest.param(
            "count = 4",
            "count = -1",
            "line 11: cores[0].count: expected int >= 1, got -1",
            id="low",
        ),
        pytest.param(
            "value = 1.8",
            "value = -1.8",
            "line 12: cores[0].clock_ghz.value: expected float > 0.0, got -1.8",
            id="negative",
        ),
        pytest.param(
            "threads = [1, 0]",
            "threads = 1",
            "line 7: threads: expected array, got int",
            id="not an array",
        ),
        pytest.param(
            "threads = [1, 0]",
            "threads = []",
            "line 7: threads: expected array of length >= 1, got []",
            id="empty array",
        ),
        pytest.param(
            '"My Board"', "7", "line 21: match.board: expected str, got int", id="optional"
        ),
        pytest.param(
            '[match]\nboard = "My Board"',
            "[caches]\nl3_kib = 4",
            "line 21: caches.l3_kib: expected table, got int",
            id="not a table",
        ),
        pytest.param(
            'otherwise = "no dot product"',
            'otherwise = "no dot product"\noptions = { graph_optimization = 0.5 }',
            "line 34: recipes[1].options: expected int or str, got float",
            id="option",
        ),
        pytest.param('"My board"', '""', "line 2: title: expected str of length >= 1, got ''"),
        pytest.param(
            '"my-board"',
            '"My Board"',
            "line 1: name: expected str matching regex '^[a-z0-9]+(-[a-z0-9]+)*$', got 'My Board'",
            id="bad name",
        ),
        pytest.param(
            '"aarch64"',
            '"arch64"',
            "line 4: arch: expected one of aarch64, x86_64, got 'arch64'; did you mean 'aarch64'?",
            id="bad choice",
        ),
        pytest.param(
            'basis = "verified", ',
            'basis = "sure", ',
            "line 12: cores[0].clock_ghz.basis: "
            "expected one of derived, recalled, verified, got 'sure'",
            id="bad choice in an optional table",
        ),
        pytest.param(
            "count = 4\n", "", "line 9: cores[0].count: required, but missing", id="missing"
        ),
        pytest.param(
            'title = "My board"\n', "", "title: required, but missing", id="missing on top"
        ),
        pytest.param(
            "count = 4",
            "cuont = 4",
            "line 11: cores[0].cuont: unknown field; did you mean 'count'?",
            id="misspelt",
        ),
        pytest.param(
            'board = "My Board"',
            'zzz = "My Board"',
            "line 21: match.zzz: unknown field; known: features, absent, cpu_model, board",
            id="unknown",
        ),
    ],
)
def test_format_fault_tells_file_line_and_field(board, old, new, message):
    where = "my-board.toml, " if message.startswith("line") else "my-board.toml: "
    assert complaint(board(old, new)) == where + message


def test_format_fault_points_to_the_schema(board):
    with pytest.raises(BadInput) as raised:
        targets.load(board("count = 4", "count = true"))
    assert "schema.json" in raised.value.hint


def test_a_fault_that_msgspec_words_anew_is_still_told():
    error = msgspec.ValidationError("Too many stars - at `$.cores[0]`")
    assert of_validation(error, {}) == (("cores", 0), "Too many stars")


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("$.cores[0].count", 11),
        ("$.cores[0].clock_ghz.value", 12),
        ("$.recipes[1].why", 31),
        ("$.left_out[0]", 35),
        ("$.cores[0].not_there", 9),
        ("$.nothing", None),
    ],
)
def test_line_of_a_field(path, line):
    assert line_of(BOARD, parse_field(path)) == line


def test_line_of_a_field_in_a_table_inside_an_array_of_tables():
    text = (
        "[[recipes]]\n[recipes.options]\nsize = 1\n[[recipes]] # two\n[recipes.options]\nsize = 2"
    )
    assert line_of(text, ("recipes", 1, "options", "size")) == 6


def test_line_of_a_field_is_not_found_inside_a_sentence():
    text = 'notes = [\n  "threads = 4 is slow",\n]\nthreads = [4]'
    assert line_of(text, ("threads",)) == 4
