"""What holds in `pipeline`, its steps and `benchmarking`, read from their code and the page."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from edgeopt.pipeline import optimize
from edgeopt.pipeline.step import Repeat

ROOT = Path(__file__).parents[2]
PIPELINE = ROOT / "edgeopt" / "pipeline"
STEPS = sorted(path for path in (PIPELINE / "steps").glob("*.py") if path.stem != "__init__")
FILES = sorted((*PIPELINE.rglob("*.py"), *(ROOT / "edgeopt" / "benchmarking").rglob("*.py")))


def defined(path: Path, kind: type[ast.stmt]) -> list[str]:
    """Names that a file defines at its top, of a kind, and that are not its own."""
    names = [
        node.name for node in ast.parse(path.read_text("utf-8")).body if isinstance(node, kind)
    ]
    return [name for name in names if not name.startswith("_")]


@pytest.mark.parametrize("path", STEPS, ids=lambda path: path.stem)
def test_a_step_is_a_file_with_one_class_and_two_methods(path):
    [name] = defined(path, ast.ClassDef)
    assert name.lower() == path.stem.replace("_", "")
    assert defined(path, ast.FunctionDef) == []
    [step] = [n for n in ast.parse(path.read_text("utf-8")).body if isinstance(n, ast.ClassDef)]
    methods = {node.name for node in step.body if isinstance(node, ast.FunctionDef)}
    assert methods == {"why_skipped", "advance"}


def test_every_step_stands_in_an_order():
    orders = [*optimize.BY_MEASUREMENT, *optimize.BY_EVIDENCE, *optimize.TIMED_ALONE]
    orders += [*optimize.IN_ORDER_ALONE, *optimize.AT_A_GLANCE]
    orders += [*optimize.WITHIN_A_TIME, *optimize.TIMED_ALONE_WITHIN]
    orders += [step for repeat in orders if isinstance(repeat, Repeat) for step in repeat.steps]
    there = {type(step).__name__ for step in orders} - {"Repeat"}
    assert there == {name for path in STEPS for name in defined(path, ast.ClassDef)}


def test_no_module_has_the_name_of_a_function_in_it_but_the_entrance():
    same = [path.stem for path in FILES if path.stem in defined(path, ast.FunctionDef)]
    assert same == ["optimize"]


def test_the_page_has_every_noun_of_the_pipeline():
    page = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    table = page.split("## The nouns of `pipeline`")[1].split("\n## ")[0]
    listed = {
        noun: file
        for row in re.findall(r"^\| ([A-Z][\w, ]+) \| `(\w+\.py)` \|", table, re.MULTILINE)
        for noun in row[0].split(", ")
        for file in row[1:]
    }
    nouns = {
        name: path.name
        for path in sorted(PIPELINE.glob("*.py"))
        for name in defined(path, ast.ClassDef)
        if name != "Stopped"
    }
    assert listed == nouns


@pytest.mark.slow
def test_only_a_state_changes_its_records():
    """No list of records is rewritten by hand, with the newer ones of their keys."""
    by_hand = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in FILES
        if path.name != "state.py"
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ListComp | ast.GeneratorExp)
        and re.search(r"\.get\((\w+)\.key, \1\)|if \w+\.key == ", ast.unparse(node))
    ]
    assert by_hand == []
