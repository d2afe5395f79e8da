"""Names that a terminal would obey, in every table, line and page that people read."""

from __future__ import annotations

import ast
import io
import types
import typing
from pathlib import Path
from typing import Any, Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeopt import targets
from edgeopt.domain.bench_row import BenchRow, BenchTable
from edgeopt.domain.device import DeviceEntry
from edgeopt.domain.explanation import Explanation
from edgeopt.domain.finding import Diagnosis, Finding
from edgeopt.domain.load_time import LoadTime
from edgeopt.domain.mean_latency import MeanRow, MeanTable
from edgeopt.domain.open_loop import OpenLoop
from edgeopt.domain.published import Published
from edgeopt.domain.sustained import Sustained
from edgeopt.domain.throughput import Throughput
from edgeopt.domain.visible import OBEYED, lines
from edgeopt.report import (
    bench_table,
    brief,
    compare_brief,
    compare_table,
    devices_table,
    doctor_table,
    explain_table,
    html,
    mean_table,
    mode_table,
    published_table,
    targets_table,
    terminal,
)
from edgeopt.report.comparison import comparison
from edgeopt.report.progress import Progress
from edgeopt.report.shown import Console, Text
from edgeopt.report.targets_table import TargetRow
from tests.domain.test_visible import ALPHABET
from tests.report.sample import sample_run
from tests.report.sample_profiles import sample_profiles

PACKAGE = Path(__file__).parents[2] / "edgeopt"
#: Each a kind: a colour, a title of the window, a C1 control, an override, a forged line, markup
#: that is never closed, an emoji's name, an address that looks like markup, a separator, DEL.
HOSTILE = (
    "\x1b[31mred", "\x1b]0;title\x07", "\x9b2J", "gpj\u202eexe", "a\nerror: forged\rb",
    "[/red]", ":smile:", "ssh://pi@[fe80::1]", "\u2028", "\x7f",
)  # fmt: skip
NAME = " ".join(HOSTILE)


def whole(kind: Any) -> Any:
    """A value of a type, with the hostile name in each of its strings."""
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin is Literal:
        return inner[0]
    if origin in (types.UnionType, typing.Union):
        return whole(next(one for one in inner if one is not type(None)))
    if origin in (tuple, list, set):
        return origin(whole(one) for one in inner if one is not ...)
    if origin is dict:
        return {whole(inner[0]): whole(inner[1])}
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        hints = typing.get_type_hints(kind)
        return kind(**{name: whole(hints[name]) for name in kind.__struct_fields__})
    return {int: 3, float: 1.5, bool: True}.get(kind, NAME)


def made(kind: type, **fields: Any) -> Any:
    hints = typing.get_type_hints(kind)
    return kind(**{name: fields.get(name, whole(hints[name])) for name in kind.__struct_fields__})


def spoiled(value: Any) -> Any:
    """A value with the name added to each string that may be any."""
    if isinstance(value, str):
        return value + NAME
    if isinstance(value, tuple | list):
        return type(value)(spoiled(one) for one in value)
    if isinstance(value, dict):
        return {key: spoiled(one) for key, one in value.items()}
    if isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            try:
                changed = msgspec.structs.replace(value, **{name: spoiled(getattr(value, name))})
                value = msgspec.convert(msgspec.to_builtins(changed), type(value))
            except (ValueError, TypeError, msgspec.ValidationError):
                continue
    return value


def a_run():
    return spoiled(sample_run())


def profiles():
    return {name + NAME: spoiled(one) for name, one in sample_profiles().items()}


def mode(name: str, kind: type) -> Any:
    return mode_table.render(name, [made(kind, path=f"models/{NAME}.onnx")], NAME)


def bench() -> Any:
    row = made(BenchRow, path=f"models/{NAME}.onnx")
    return bench_table.render(made(BenchTable, rows=(row,), raw={}, findings=(made(Finding),)))


def doctor() -> Any:
    machine = {"board": NAME, "cpu_model": NAME, "cores": 2, "os": NAME, "kernel": NAME}
    states = ("ok", "warning", "failed", "unknown")
    findings = tuple(made(Finding, state=state) for state in states)
    return doctor_table.render(
        Diagnosis(device=NAME, machine=machine, health={}, canary=[], findings=findings)
    )


TABLES = {
    "brief": lambda: brief.brief(a_run()),
    "compare brief": lambda: compare_brief.render(a_run(), comparison(a_run(), profiles())),
    "optimize": lambda: terminal.summary(a_run(), profiles(), (made(Published),)),
    "compare": lambda: compare_table.render(comparison(a_run(), profiles())),
    "bench": bench,
    "sustained": lambda: mode("sustained", Sustained),
    "throughput": lambda: mode("throughput", Throughput),
    "open-loop": lambda: mode("open-loop", OpenLoop),
    "load-time": lambda: mode("load-time", LoadTime),
    "means": lambda: mean_table.render(made(MeanTable, rows=(made(MeanRow, path=NAME),))),
    "doctor": doctor,
    "explain": lambda: explain_table.render(made(Explanation), 12),
    "devices": lambda: devices_table.listing({NAME: made(DeviceEntry)}),
    "targets": lambda: targets_table.render([TargetRow(NAME, NAME, NAME, (NAME,), NAME)]),
    "target": lambda: targets_table.show(spoiled(targets.load("raspberry-pi-5"))),
    "published": lambda: published_table.render([made(Published)]),
}


def printed(shown: Any, width: int = 4000) -> str:
    stream = io.StringIO()
    Console(file=stream, width=width).print(shown)
    return stream.getvalue()


@pytest.mark.parametrize("table", TABLES)
def test_a_table_shows_names_and_obeys_none(table):
    text = printed(TABLES[table]())
    assert not OBEYED.search(text.replace("\n", "")), text
    assert not any(line.lstrip().startswith("error: forged") for line in text.splitlines())
    for shown in ("[/red]", ":smile:", "ssh://pi@[fe80::1]", "\\x1b[31mred", "\\u202e"):
        assert shown in text


@pytest.mark.slow
@pytest.mark.parametrize("width", [40, 80, 100])
@pytest.mark.parametrize("table", TABLES)
def test_it_does_so_however_narrow(table, width):
    text = printed(TABLES[table](), width)
    assert not OBEYED.search(text.replace("\n", ""))
    assert max(map(len, text.splitlines())) <= width


@pytest.mark.parametrize("alive", [True, False])
def test_progress_shows_names_and_obeys_none(alive):
    class Stream(io.StringIO):
        def isatty(self):
            return alive

    stream = Stream()
    with Progress(stream) as progress:
        progress(f"opening {NAME}")
    text = stream.getvalue()
    if alive:  # rich moves the cursor itself; the name is cut to the line
        assert "\\x1b[31mred" in text
        assert "\x1b[31m" not in text
    else:
        assert not OBEYED.search(text.rstrip("\n"))
        assert "[/red]" in text


def test_the_page_shows_them_too():
    page = html.render(a_run(), profiles(), comparison(a_run(), profiles()), [made(Published)])
    text = page.replace("\n", "")
    assert not OBEYED.search(text)
    assert "\\x1b[31mred" in text
    assert "\\u202e" in text


@given(st.lists(st.text(ALPHABET), min_size=1))
def test_lines_keep_their_breaks_where_they_are_printed(parts):
    assert Text(lines(*parts)).plain == lines(*parts)


#: What prints, or makes what is printed, and the one file where each may be had from.
DOORS = {
    "rich.text.Text": "report/shown.py",
    "rich.console.Console": "report/shown.py",
    "rich.markup": "",
    "rich.print": "",
    "click.echo": "console.py",
    "click.secho": "console.py",
}


def _foreign(tree: ast.AST) -> typing.Iterator[tuple[int, str]]:
    """(line, dotted name) of every import from rich and every call of click's that prints."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "rich":
            yield from ((node.lineno, f"{node.module}.{one.name}") for one in node.names)
        elif isinstance(node, ast.Attribute) and node.attr in ("echo", "secho", "style"):
            yield node.lineno, f"click.{node.attr}"
        elif isinstance(node, ast.keyword) and node.arg in ("markup", "emoji"):
            value = getattr(node.value, "value", True)
            yield node.value.lineno, "rich.markup" if value else "plain"


@pytest.mark.slow
def test_words_reach_people_by_one_door():
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        where = path.relative_to(PACKAGE).as_posix()
        for line, name in _foreign(ast.parse(path.read_text("utf-8"))):
            door = next((d for d in DOORS if name == d or name.startswith(f"{d}.")), None)
            if door is not None and where != DOORS[door]:
                found.append(f"{where}:{line}: {name}")
    assert found == []
