import io
import re

import pytest
from msgspec.structs import replace
from rich.console import Console

from edgeopt.domain.run import Miss
from edgeopt.report.terminal import summary
from tests.report.sample import INTEL, sample_run


def printed(run, width=100):
    console = Console(file=io.StringIO(), width=width)
    console.print(summary(run))
    return console.file.getvalue()


@pytest.mark.parametrize("labels", [True, False])
def test_it_fits_a_hundred_columns_and_cuts_nothing_off(labels):
    text = printed(sample_run(labels=labels))
    assert max(map(len, text.splitlines())) <= 100
    assert "…" not in text
    of_suggestions = 3  # that target's forms stand in the order of suggestions, too
    sizes = [line for line in text.splitlines() if " MB" in line]
    assert len(sizes) == 14 + of_suggestions


def test_the_unit_of_the_drops_is_that_of_a_drop_and_not_of_a_candidate_without_one():
    """The first row is the chosen one: without a drop it has no unit to tell."""
    run = sample_run()
    errors = [
        replace(r, drop=replace(r.drop, relative=0.012)) if r.drop else r for r in run.records
    ]
    first = next(r for r in errors if r.recipe_id == run.choices[0].recipe_id)
    errors[errors.index(first)] = replace(first, drop=None)
    text = printed(replace(run, records=tuple(errors)), width=140)
    assert "drop, %" in text
    assert "drop, points" not in text.split("raspberry")[0]


def test_warnings_come_first_then_the_choice():
    lines = printed(sample_run()).strip().splitlines()
    assert lines[0] == "Warnings"
    choice = next(i for i, line in enumerate(lines) if line.startswith("intel-cpu: openvino int8"))
    assert any("the clock of this machine changed" in line for line in lines[:choice])
    own = next(i for i, line in enumerate(lines) if "512 samples cannot tell" in line)
    table = next(i for i, line in enumerate(lines) if "×base" in line)
    assert choice < own < table


def test_what_the_metric_is_read_as_is_said_at_the_top():
    run = sample_run()
    data = replace(run.data, metric_why="read as values: columns differ in scale")
    text = " ".join(printed(replace(run, data=data)).split())
    assert "(read as values: columns differ in scale)" in text[: text.index("intel-cpu:")]


def test_the_choice_is_marked_in_the_table():
    lines = printed(sample_run()).strip().splitlines()
    row = next(line for line in lines if "6.91 ms  7.47 ms" in line)
    assert row.startswith("✓◆")
    assert "?0.8 (−0.6 to 2.1)" in row


def test_a_target_without_a_device_has_no_columns_of_time():
    text = printed(sample_run())
    part = text[text.index("raspberry-pi-5:") :]
    assert "Not timed: no Raspberry Pi 5 is at hand" in part
    assert " ms" not in part
    assert "p50" not in part


def test_failures_and_left_outs_say_why_and_what_helps():
    text = " ".join(printed(sample_run()).split())
    assert "failed-run, the process ended by signal 11" in text
    assert "torch int8-static: runtime not installed (pip install 'edgeopt[torch]')" in text
    assert "512 samples cannot tell" in text
    assert "the clock of this machine changed" in text


def test_recipes_that_were_left_out_for_one_reason_share_a_line():
    run = sample_run()
    left_out = next(r for r in run.records if r.runtime == "torch")
    text = printed(replace(run, records=(*run.records, replace(left_out, precision="fp32"))))
    assert "torch int8-static, torch fp32: runtime not installed" in text


def test_one_failure_of_many_candidates_is_told_once_and_shortly():
    run = sample_run()
    failed = next(r for r in run.records if r.status == "failed-run")
    one = replace(failed, reason="x" * 1000, hint="")
    other = replace(one, recipe_id="other", recipe=one.recipe.with_threads(1))
    twin = replace(one, recipe_id="twin", precision="fp16")
    text = printed(replace(run, records=(one, other, twin)))
    assert "openvino int8-dynamic, openvino fp16: failed-run," in text
    assert text.count("x" * 50) < 10
    assert "…" in text


def test_rejected_candidates_are_told():
    run = sample_run()
    miss = Miss(
        recipe_id="x", title="litert int8-dynamic", why="drops 2.4 points on unseen samples"
    )
    choices = (replace(run.choices[0], rejected=(miss,)), run.choices[1])
    text = printed(replace(run, choices=choices))
    assert "Rejected when timed again or on held-out samples" in text
    assert "litert int8-dynamic: drops 2.4 points" in text


def test_names_are_not_taken_for_markup():
    run = sample_run()
    failed = [replace(r, reason="[/red] [bold]odd[/nope]") for r in run.records[11:12]]
    text = " ".join(printed(replace(run, records=tuple(failed), warnings=("[link=x]w",))).split())
    assert "[/red] [bold]odd[/nope]" in text
    assert "[link=x]w" in text


def test_twins_are_told_apart_by_their_settings():
    run = sample_run()
    first = run.records[4]
    recipe = replace(first.recipe, options={"HINT": "f32"})
    twin = replace(first, recipe=recipe, recipe_id=recipe.id)
    assert "HINT=f32" in printed(replace(run, records=(*run.records, twin)))
    assert "nncf, min-max" not in printed(run).split("Failed")[0].split("candidate")[1]


def test_signs_of_verdicts():
    run = sample_run()
    words = ["EQUIVALENT", "INCONCLUSIVE"]
    records = [
        replace(r, versus_baseline=replace(r.versus_baseline, word=word, ratio=1.0))
        for r, word in zip([run.records[4], run.records[8]], words, strict=True)
    ]
    text = printed(replace(run, records=tuple(records), choices=()))
    assert "≈1.00×" in text
    assert "?1.00×" in text
    assert "≈ as fast   ? the interval does not tell" in text


@pytest.mark.parametrize("width", [80, 100])
def test_what_was_only_screened_has_a_sign_that_is_explained(width):
    text = printed(sample_run(), width)
    table = text[text.index("×base") : text.index("raspberry-pi-5:")]
    firsts = [line for line in table.splitlines() if re.search(r"[1-9] +\d+\.\d+ ms", line)]
    signs = ["s" in line.split()[0].strip("◆b✓") for line in firsts]
    assert signs == [False] * 3 + [True] * 8
    assert "s screened only, in a shorter schedule" in text
    assert max(map(len, text.splitlines())) <= width


def test_a_legend_has_no_sign_that_no_row_has():
    run = sample_run()
    final = [r for r in run.records if r.latency_ms and r.latency_ms.stage == "final"]
    assert "screened only" not in printed(replace(run, records=tuple(final)))


def test_before_anything_is_chosen_or_even_tried():
    run = replace(sample_run(), choices=(), records=(), warnings=(), state="running")
    text = printed(run)
    assert f"{INTEL}: nothing chosen yet" in text
    assert "candidate" not in text


def test_nothing_qualified():
    run = sample_run()
    none = replace(run.choices[0], recipe_id=None, why="nothing keeps what was asked.", front=())
    text = printed(replace(run, choices=(none,)))
    assert "intel-cpu: nothing keeps what was asked." in text
    assert "✓" not in text


def test_a_record_without_a_drop_or_score_prints_dashes():
    run = sample_run()
    bare = replace(run.records[0], drop=None, score=None)
    line = next(x for x in printed(replace(run, records=(bare,))).splitlines() if "MB" in x)
    assert line.count("–") == 3


@pytest.mark.parametrize("width", [80, 100, 160])
def test_no_cell_breaks_a_word_where_columns_can_be_stacked(width):
    text = printed(sample_run(), width)
    for word in ("onnxruntime int8-dynamic", "41.3 ms", "(−0.6 to 2.1)", "18.6 MB"):
        assert word in text
