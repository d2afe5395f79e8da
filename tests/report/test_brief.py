"""A run on one screen: what is answered first, how many rows follow, and what fits 80 columns."""

from __future__ import annotations

import io
import re

import pytest
from msgspec.structs import replace

from edgeopt.domain.finding import Finding
from edgeopt.report import compare_brief
from edgeopt.report import format as fmt
from edgeopt.report.brief import brief
from edgeopt.report.comparison import comparison
from edgeopt.report.shown import Console
from edgeopt.report.table import rows
from tests.report.sample import INTEL, PI, recipe, sample_run
from tests.report.sample_profiles import sample_profiles

FOUR = (INTEL, PI, "intel-n100", "rockchip-rk3588-board")


def printed(shown, width=80):
    stream = io.StringIO()
    Console(file=stream, width=width).print(shown)
    return stream.getvalue()


def four_targets():
    """Two that were measured and two that were not, with warnings of everything."""
    run = sample_run()
    finding = Finding(check="load", state="warning", found="92 % busy", advice="End it.")
    records, choices = list(run.records), [replace(run.choices[0], findings=(finding,) * 3)]
    choices.append(run.choices[1])
    for name, like in zip(FOUR[2:], (INTEL, PI), strict=True):
        records += [replace(r, target=name) for r in run.records if r.target == like]
        choices.append(replace(run.choice(like), target=name))
    return replace(
        run,
        records=tuple(records),
        choices=tuple(choices),
        request=replace(run.request, targets=FOUR),
        warnings=("a warning of many words " * 9,) * 5,
    )


def of_two_settings():
    """The sample, with another artifact of the chosen one's name and another of its sessions."""
    run = sample_run()
    first = next(r for r in run.records if r.recipe_id == run.choices[0].recipe_id)
    quantization = replace(first.recipe.quantization, tail="float")
    made = [
        replace(first.recipe, quantization=quantization),
        replace(first.recipe, options={"HINT": "f32"}),
    ]
    twins = [replace(first, recipe=one, recipe_id=one.id) for one in made]
    return replace(run, records=(*run.records, *twins))


def rows_shown(run):
    return len(re.findall(r" MB$", printed(brief(run)), re.MULTILINE))


def words_of(run):
    """Everything that may be printed whole: names, figures and sentences, word by word."""
    return set(" ".join(printed(brief(run), 1000).split()).split(" "))


def test_the_source_comes_first_and_then_the_answer():
    lines = printed(brief(sample_run())).splitlines()
    assert lines[0] == ("Source: accuracy 74.8 % on 500 held-out; 75.1 % on 512 choosing samples.")
    text = " ".join(printed(brief(sample_run())).split())
    assert (
        "intel-cpu: ship openvino int8-static, 6.91 ms, 2.49× as fast as onnxruntime "
        "fp32; loses 0.8 points on 500 held-out samples, limit 2.0 points: holds; 5.34 MB."
    ) in text


def four_measured():
    """The longest: four that were timed, each with what is not proven."""
    run = four_targets()
    like = [r for r in run.records if r.target == INTEL]
    records = [replace(r, target=name) for name in FOUR for r in like]
    choices = [replace(run.choices[0], target=name, held="not told") for name in FOUR]
    return replace(run, records=tuple(records), choices=tuple(choices))


@pytest.mark.parametrize("make", [four_targets, four_measured])
def test_four_targets_fit_forty_lines(make):
    """39, and one says where the report is."""
    run = make()
    few = replace(run, request=replace(run.request, targets=FOUR[:2]))
    assert rows_shown(few) > rows_shown(run) / 2, "as many rows as there is room for"
    shown = printed(brief(run))
    assert len(shown.splitlines()) <= 39
    assert "warnings about the machine" in " ".join(shown.split())
    found = comparison(run, sample_profiles())
    assert len(printed(compare_brief.render(run, found)).splitlines()) <= 39


@pytest.mark.parametrize("make", [sample_run, four_targets, of_two_settings])
def test_no_word_is_broken_at_eighty_columns(make):
    shown = printed(brief(make()))
    assert max(map(len, shown.splitlines())) <= 80
    told = shown.partition("Not shown")[0]  # how many these are depends on the width
    assert set(told.split()) - {"…"} <= words_of(make())


@pytest.mark.parametrize("make", [sample_run, four_targets])
def test_a_comparison_breaks_no_word_either(make):
    found = comparison(make(), sample_profiles())
    shown = printed(compare_brief.render(make(), found))
    assert max(map(len, shown.splitlines())) <= 80
    whole = printed(compare_brief.render(make(), found), 1000)
    assert set(shown.split()) <= set(whole.split())
    assert "Source: accuracy 74.8 %" in shown


def test_threads_and_sessions_share_a_row_and_other_settings_do_not():
    text = printed(brief(of_two_settings()), 120)
    names = [
        line for line in text.splitlines() if "openvino int8-static" in line and " kB" not in line
    ]
    rows = [line for line in names if re.search(r"int8-static, (plain|tail in float) ", line)]
    assert len(rows) == 2
    assert "HINT" not in text
    assert "11.2 ms" not in text, "one thread, of the same artifact"


def test_ten_rows_for_one_target_and_the_rest_counted():
    run = sample_run()
    made = [recipe("litert", "int8-static", 2)]
    good = next(r for r in run.records if r.status == "ok")
    bits = [replace(made[0].quantization, exceptions=(f"{i}",)) for i in range(20)]
    more = [
        replace(good, recipe=(r := replace(made[0], quantization=q)), recipe_id=r.id) for q in bits
    ]
    request = replace(run.request, targets=(INTEL,))
    text = printed(brief(replace(run, records=(*run.records, *more), request=request)))
    table = text[text.index("candidate") : text.index("first choice")]
    assert len(re.findall(r" MB", table)) == 10
    run = replace(run, records=(*run.records, *more), request=request)
    left = sum(row.ok for row in rows(run, INTEL)) - 10
    told = " ".join(text.split())
    assert f"Not shown (--all): {left} candidates, 4 failures, 3 not tried" in told


def test_what_is_not_shown_counts_each_number_of_threads():
    """As the numbers of the rows do, and the page."""
    run = sample_run()
    run = replace(run, request=replace(run.request, targets=(INTEL,)))
    many = sum(row.ok for row in rows(run, INTEL))
    shown = rows_shown(run)
    assert shown < many <= 11, "threads share a row"
    assert f"Not shown (--all): {fmt.count(many - shown, 'candidate')}," in printed(brief(run))


def test_no_sign_of_the_legend_is_parted_from_its_meaning():
    run = four_targets()
    records = [replace(r, latency_ms=replace(r.latency_ms, stage="screen")) if r.latency_ms
               and r.recipe_id != run.choices[0].recipe_id else r for r in run.records]  # fmt: skip
    text = printed(brief(replace(run, records=tuple(records))))
    told = text[text.index("✓ first choice or suggested") :].splitlines()
    assert told[0].endswith("s short schedule, compare its × only")
    assert told[1].startswith("? not certain")


def test_what_may_rank_only_is_said_to_be_of_the_choosing_samples():
    assert "on 512 choosing" in printed(brief(sample_run()))


def test_warnings_of_the_data_stay_and_long_ones_are_cut_between_words():
    text = printed(brief(four_targets()))
    told = [line for line in text.splitlines() if line.startswith("! ")]
    assert len(told) == 1
    assert all(re.search(r"(a|warning|of|many|words) …$", line) for line in told)
    assert "4 warnings" not in text, "each target's own are counted with them"
    assert "6 warnings" in " ".join(text.split())


def test_names_are_not_taken_for_markup():
    text = printed(brief(replace(sample_run(), warnings=("[/red] [link=x]w\x1b[31m",))))
    assert "[/red] [link=x]w\\x1b[31m" in text
