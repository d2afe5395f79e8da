"""Every command of the pages is in one table and is read by the command line; quick ones run."""

from __future__ import annotations

import subprocess
import sys

import click
import numpy as np
import pytest
from click.testing import CliRunner

from benchmarks.docs import commands
from edgeopt.cli import cli
from tests.pages import ROOT, blocks, page

ALL = {
    one: path
    for path in commands.pages()
    for one in commands.commands(path.read_text("utf-8"))
    if not commands.usage(one)
}
ROWS = commands.table()
CALL = 'model = "tiny.onnx"\ntarget = ["this-machine"]\ndata = "tiny.npz"\n'
EDGEOPT = [one for one in ALL if one.startswith("edgeopt ")]


def test_every_command_is_in_the_table_and_no_other():
    assert len(ALL) > 100
    assert sorted(set(ALL) - set(ROWS)) == []
    assert sorted(set(ROWS) - set(ALL)) == []


def test_every_row_says_how_it_is_kept_true():
    assert {row["how"] for row in ROWS.values()} <= set(commands.HOW)
    without = [row for row in ROWS.values() if row["how"] in ("like", "not") and not row.get("why")]
    assert without == []


@pytest.mark.parametrize("where", sorted({r["why"] for r in ROWS.values() if r["how"] == "like"}))
def test_the_test_that_does_the_like_is_there(where):
    file, _, name = where.partition("::")
    assert f"def {name or 'test_'}" in (ROOT / file).read_text("utf-8")


def test_the_page_is_that_of_the_table():
    assert page("commands.md") == commands.page()


def test_what_was_walked_ended_as_it_should():
    ran = commands.walked()
    assert {one: found for one, found in ran.items() if found["rc"] not in (0, 1)} == {}
    assert [one for one, found in ran.items() if found["rc"] == 1 and "doctor" not in one] == []


@pytest.mark.parametrize("command", EDGEOPT)
def test_the_command_line_reads_it(command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "android_aarch64_benchmark_model").touch()
    (tmp_path / "runs" / "tiny").mkdir(parents=True)
    (tmp_path / "runs" / "tiny" / "call.toml").write_text(CALL)
    words = commands.words(command)
    context, group = click.Context(cli, info_name="edgeopt"), cli
    while isinstance(group, click.Group):
        if not words or words[0] not in group.commands:
            assert group.invoke_without_command
            break
        group = group.commands[words.pop(0)]
    made = group.make_context(group.name, list(words), parent=context)
    assert made.command is group


QUICK = [one for one in EDGEOPT if ROWS.get(one, {}).get("how") == "quick"]


@pytest.mark.parametrize("command", QUICK)
def test_a_quick_command_runs(command, tmp_path, monkeypatch):
    monkeypatch.setenv("EDGEOPT_CONFIG", str(tmp_path))
    monkeypatch.setenv("EDGEOPT_RESULTS", str(tmp_path / "results"))
    done = CliRunner().invoke(cli, commands.words(command), catch_exceptions=False)
    assert done.exit_code == 0
    assert done.stdout


def test_the_script_of_the_start_makes_the_model_and_its_data(tmp_path):
    (code,) = blocks(page("start.md"), "python")
    assert blocks(page("cli.md"), "python")[0].split("\n", 1)[1] == code
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)
    assert (tmp_path / "tiny.onnx").exists()
    assert np.load(tmp_path / "tiny.npz")["image"].shape == (897, 64)


def test_the_script_of_completion_is_there():
    assert "_EDGEOPT_COMPLETE=bash_source edgeopt" in page("install.md")
    found = CliRunner().invoke(cli, prog_name="edgeopt", env={"_EDGEOPT_COMPLETE": "bash_source"})
    assert "_edgeopt_completion" in found.output
