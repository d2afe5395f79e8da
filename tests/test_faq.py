"""docs/faq.md: the errors that it explains are sentences of the code."""

from __future__ import annotations

import ast
import functools
import re

import pytest

from tests.pages import ROOT, page, section

#: Between two of these stand names and numbers.
HOLE = "…"


@functools.cache
def sentences() -> str:
    """Every text of the code, one a line, with a hole for each value that is put in.

    Read when a test asks: not by every process that collects tests.
    """
    found = []
    for path in (ROOT / "edgeopt").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.JoinedStr):
                parts = (v.value if isinstance(v, ast.Constant) else HOLE for v in node.values)
                found.append("".join(map(str, parts)))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.append(re.sub(r"\{\w*\}|\$\w+", HOLE, node.value))
    return "\n".join(found)


ERRORS = re.findall(r"^\| `([^`]+)` \|", section(page("faq.md"), "Errors"), re.MULTILINE)


@pytest.mark.parametrize("error", ERRORS)
def test_an_error_that_is_explained_is_one_of_the_code(error):
    pieces = [piece.strip() for piece in error.split(HOLE) if len(piece.strip()) > 3]
    assert pieces
    where = [line for line in sentences().splitlines() if pieces[0] in line]
    assert where, f"no text of the code has {pieces[0]!r}"
    assert all(piece in sentences() for piece in pieces)


def test_the_page_explains_what_people_meet_first():
    assert len(ERRORS) >= 25
