"""One table over targets: what each cell says, and that predictions stand apart."""

from __future__ import annotations

import io
import json

import msgspec
import pytest
from click.testing import CliRunner
from msgspec.structs import replace
from rich.console import Console

from edgeopt.cli import cli
from edgeopt.domain.comparison import Comparison
from edgeopt.domain.published import Predicted
from edgeopt.report import compare_brief, compare_table, html
from edgeopt.report.comparison import comparison
from edgeopt.store.run_folder import RunFolder
from tests.report.sample import INTEL, PI, latency, sample_run
from tests.report.sample_profiles import sample_profiles


@pytest.fixture(scope="module")
def found():
    return comparison(sample_run(), sample_profiles())


def printed(found) -> str:
    console = Console(width=100, no_color=True)
    with console.capture() as captured:
        console.print(compare_table.render(found))
    return captured.get()


def cell(found, title: str, target: str):
    (line,) = [one for one in found.lines if one.title == title]
    return next(one for one in line.cells if one.target == target)


def test_a_cell_says_what_became_of_a_candidate_there(found):
    by_state = {(line.runtime, line.precision, c.target): c for line in found.lines
                for c in line.cells}  # fmt: skip
    measured = by_state["onnxruntime", "fp32", INTEL]
    assert (measured.state, measured.qualifies) == ("measured", True)
    assert "thr" in compare_table.cell_text(measured)
    scored = by_state["onnxruntime", "fp32", PI]
    assert (scored.state, scored.latency_ms) == ("converted", None)
    assert "at hand" in scored.reason
    left = by_state["openvino", "int8-static", PI]
    assert (left.state, left.reason) == ("left out", "its int8 kernels are for x86")
    chosen = [(c.target, c.recipe_id) for line in found.lines for c in line.cells if c.chosen]
    assert sorted(chosen) == sorted((c.target, c.recipe_id) for c in sample_run().choices)


def test_threads_are_folded_to_the_best(found):
    run = sample_run()
    sessions = {r.recipe.session_id for r in run.records if r.recipe}
    assert sum(line.artifact is not None for line in found.lines) == len(sessions)
    measured = [c for line in found.lines for c in line.cells if c.state == "measured"]
    others = [one for one in measured if not one.chosen]
    assert len(others) >= 4
    for one in others:
        rivals = [r for r in run.records if r.target == one.target and r.recipe
                  and r.recipe.session_id == run.record(one.target, one.recipe_id).recipe
                  .session_id and r.latency_ms]  # fmt: skip
        assert one.latency_ms.p50 == min(r.latency_ms.p50 for r in rivals)


def test_what_was_timed_in_a_short_schedule_has_its_sign(found):
    cells = [c for line in found.lines for c in line.cells if c.latency_ms and not c.chosen]
    assert {c.screened for c in cells} == {True, False}
    for one in cells:
        told = compare_table.cell_text(one).partition(" ")[0]
        assert ("s" in told) == (one.latency_ms.stage == "screen")
    assert f"s {compare_table.SHORT_SCHEDULE}" in printed(found)
    final = tuple(
        replace(line, cells=tuple(c for c in line.cells if not c.screened)) for line in found.lines
    )
    assert not compare_table.screened(final)
    shown = io.StringIO()
    Console(file=shown, width=100).print(compare_brief.render(sample_run(), found))
    assert f"s {compare_table.SHORT_SCHEDULE}" in shown.getvalue()
    assert "s 19.8 ms" in shown.getvalue()


def test_of_two_schedules_the_one_with_the_better_ratio_stands_for_a_candidate():
    """A busy minute: in the short schedule it took less, and its baseline far less."""
    run = sample_run()
    one = next(r for r in run.records if r.title == "openvino fp32 threads=2")
    recipe = replace(one.recipe, threads=1)
    screened = replace(
        one, recipe=recipe, recipe_id=recipe.id, latency_ms=latency(2.0, "screen"),
        versus_baseline=replace(one.versus_baseline, ratio=1.01),
    )  # fmt: skip
    made = comparison(replace(run, records=(*run.records, screened)), sample_profiles())
    assert cell(made, "openvino fp32", INTEL).threads == 2
    faster = replace(screened, versus_baseline=replace(one.versus_baseline, ratio=1.5))
    made = comparison(replace(run, records=(*run.records, faster)), sample_profiles())
    assert cell(made, "openvino fp32", INTEL).threads == 1


def test_what_was_emulated_says_so_and_has_no_latency():
    run = sample_run()
    records = tuple(
        replace(r, kind="emulated", device="emulated-pi5") if r.target == PI and r.recipe else r
        for r in run.records
    )
    found = comparison(replace(run, records=records), sample_profiles())
    one = cell(found, "onnxruntime fp32", PI)
    assert (one.state, one.latency_ms) == ("emulated", None)
    assert "emulated" in printed(found)


def test_a_prediction_stands_apart_with_its_interval(found):
    guess = Predicted(p50_ms=31.0, low_ms=20.0, high_ms=48.0, basis="a guess", n=4, sources=())
    lines = tuple(
        replace(line, cells=tuple(
            replace(c, predicted=guess) if c.state == "converted" else c for c in line.cells
        )) for line in found.lines
    )  # fmt: skip
    text = printed(replace(found, lines=lines))
    table, _, apart = text.partition("Predicted, not measured")
    assert "31.0 ms" not in table
    assert "31.0 ms (20.0 to 48.0 ms)" in apart


@pytest.mark.slow
def test_the_terminal_and_the_page_say_the_same(found):
    text = printed(found)
    assert max(map(len, text.splitlines())) <= 100
    assert "✓ suggested" in text
    page = html.render(sample_run(), sample_profiles(), found)
    for words in ("One artifact for all", "converted only", INTEL, PI):
        assert words in text
        assert words in page
    alone = html.render(sample_run(), sample_profiles())
    assert "One artifact for all" not in alone


@pytest.fixture
def stored(tmp_path):
    run = sample_run()
    folder = RunFolder(tmp_path / "run")
    folder.path.mkdir()
    folder.write_run(run)
    for record in run.records:
        folder.journal.append(record)
    return folder.path


def test_the_command_shows_the_run_of_a_folder(stored):
    shown = CliRunner().invoke(cli, ["compare", str(stored)])
    assert shown.exit_code == 0, shown.output
    assert "One artifact for all: onnxruntime fp32" in shown.stdout
    told = CliRunner().invoke(cli, ["compare", str(stored), "--json"])
    made = msgspec.convert(json.loads(told.stdout), Comparison)
    assert [column.target for column in made.columns] == [INTEL, PI]


def test_the_command_says_what_does_not_go_together(stored, tmp_path):
    both = CliRunner().invoke(cli, ["compare", str(stored), "--quick"])
    assert both.exit_code == 2
    assert "only --all and --json go with it" in both.stderr
    bare = CliRunner().invoke(cli, ["compare", str(tmp_path / "model.onnx"), "--target", "a,b"])
    assert bare.exit_code == 2
    assert "needs --target and --data" in bare.stderr
