"""The pages in docs/ as pages: their links, their Python, the numbers of the decisions."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.pages import DOCS, PAGES, blocks


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_links_lead_somewhere(path: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", path.read_text("utf-8"))
    gone = [
        link for link in links if "://" not in link and not (path.parent / link).resolve().exists()
    ]
    assert gone == []


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_python_in_a_page_is_python(path: Path) -> None:
    for code in blocks(path.read_text("utf-8"), "python"):
        ast.parse(code)


def test_decisions_are_numbered_and_short() -> None:
    files = sorted((DOCS / "decisions").glob("*.md"))
    assert [file.name[:4] for file in files] == [f"{i:04}" for i in range(1, len(files) + 1)]
    for file in files:
        lines = file.read_text("utf-8").splitlines()
        assert lines[0].startswith(f"# {int(file.name[:4])}. ")
        assert len(lines) <= 30
