"""The pages in docs/ as pages: their links, their Python, the numbers of the decisions."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.pages import DOCS, PAGES, ROOT, blocks

MKDOCS = (ROOT / "mkdocs.yml").read_text("utf-8")


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_links_lead_somewhere(path: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", path.read_text("utf-8"))
    gone = [
        link for link in links if "://" not in link and not (path.parent / link).resolve().exists()
    ]
    assert gone == []


def slug(title: str) -> str:
    """The anchor of a heading, as GitHub and the site make it."""
    plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title).replace("`", "")
    return re.sub(r"\s+", "-", re.sub(r"[^\w\s-]", "", plain).strip().lower())


def anchors(path: Path) -> set[str]:
    text = re.sub(r"^```.*?^```$", "", path.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    return {slug(title) for title in re.findall(r"^#+ (.+)$", text, re.MULTILINE)}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_anchors_are_headings(path: Path) -> None:
    links = re.findall(r"\]\(([^)#]*)#([^)]+)\)", path.read_text("utf-8"))
    gone = [
        f"{page}#{anchor}"
        for page, anchor in links
        if "://" not in page
        and anchor not in anchors((path.parent / page).resolve() if page else path)
    ]
    assert gone == []


def test_every_page_has_its_place_on_the_site() -> None:
    places = re.findall(r": ?([\w/-]+\.md)$|- ([\w/-]+\.md)$", MKDOCS, re.MULTILINE)
    placed = sorted(one or other for one, other in places)
    pages = [path.relative_to(DOCS) for path in DOCS.rglob("*.md")]
    assert placed == sorted(str(page) for page in pages if page.parts[0] != "decisions")


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
