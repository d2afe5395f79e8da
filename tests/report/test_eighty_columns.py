"""At 80 columns every table has all its columns, and names are whole where they have room."""

from __future__ import annotations

import io

import msgspec
import pytest
from rich.console import Group

from edgeopt import console, targets
from edgeopt.report import mode_table, targets_table
from edgeopt.report.shown import Console, Text
from edgeopt.report.targets_table import TargetRow
from tests.report.test_hostile_names import TABLES
from tests.report.test_modes import ROWS

replace = msgspec.structs.replace


def printed(shown, width=80):
    stream = io.StringIO()
    Console(file=stream, width=width).print(shown)
    return stream.getvalue()


@pytest.mark.parametrize("mode", ROWS)
def test_a_mode_keeps_figures_whole(mode):
    row = replace(ROWS[mode], path="models/quantized-int8-static-per-channel.onnx")
    text = printed(mode_table.render(mode, [ROWS[mode], row], "random, seed 0"))
    assert "…" not in text
    assert "onnxruntime," in text
    assert max(map(len, text.splitlines())) <= 80
    wide = printed(mode_table.render(mode, [ROWS[mode]], "random, seed 0"), 160)
    assert "onnxruntime  1 " in wide


@pytest.mark.parametrize("width", [80, 100, 140, 180])
def test_targets_are_all_there(width):
    profiles = [targets.load(name) for name in targets.names() if name != "this-machine"]
    found = [
        TargetRow(
            one.name, one.title, one.arch, tuple({r.runtime: 0 for r in one.recipes}), "converted"
        )
        for one in profiles
    ]
    here = "This machine (Intel(R) Xeon(R) Processor)"
    found.append(TargetRow("this-machine", here, "x86_64", ("litert",), "converted"))
    text = printed(targets_table.render(found), width)
    assert all(f"{name} " in text for name in targets.names() if name != "this-machine")
    assert text.count("converted") == len(found) + 1, "and once in the legend"
    assert ("onnxruntime_tensorrt," in text) == (width >= 180)
    assert (" aarch64 " in text) == (width >= 100)
    assert len(text.splitlines()) <= len(found) + 5, "a line for each, and a legend"
    assert max(map(len, text.splitlines())) <= width


def test_the_last_columns_of_a_bench_are_not_lost():
    assert "verdict" in printed(TABLES["bench"]())


@pytest.mark.parametrize(
    ("columns", "width"), [("80", 80), ("", 100), ("0", 100), ("x", 100), ("²", 100), ("250", 250)]
)
def test_columns_are_as_many_as_asked_for(columns, width, monkeypatch):
    monkeypatch.setenv("COLUMNS", columns)
    assert console.console().width == width


def test_a_line_does_not_end_between_a_figure_and_its_unit():
    text = Text("it takes 0.00485 ms, ").append("0.8 points", style="bold")
    for width in range(12, 40):
        told = printed(Group(text), width).splitlines()
        assert " ".join(" ".join(told).split()) == "it takes 0.00485 ms, 0.8 points"
        assert not any(line.rstrip().endswith(("0.00485", "0.8")) for line in told)
