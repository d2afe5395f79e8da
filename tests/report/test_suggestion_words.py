"""What is said of a suggestion: its evidence, what each is worth, and what would settle it."""

from __future__ import annotations

import io

import pytest
from msgspec.structs import replace

from edgeopt.domain.suggestion import Evidence, Expected
from edgeopt.report import suggestion_words, terminal
from edgeopt.report.brief import brief
from edgeopt.report.page_answer import answer
from edgeopt.report.shown import Console
from edgeopt.report.suggested_table import SHOWN, suggested
from edgeopt.report.table import rows
from tests.report.sample import INTEL, PI, sample_run

RUN = sample_run()
CHOICE = RUN.choice(PI)
RECORDS = [record for record in RUN.records if record.target == PI]


def printed(shown, width=80):
    stream = io.StringIO()
    Console(file=stream, width=width).print(shown)
    return " ".join(stream.getvalue().split())


def only(run, target):
    return replace(
        run,
        request=replace(run.request, targets=(target,)),
        choices=(run.choice(target),),
        records=tuple(r for r in run.records if r.target == target),
    )


def test_each_piece_of_evidence_is_a_sentence_with_what_it_is_worth():
    here, told, work = suggestion_words.reasons(CHOICE)
    assert here == (
        "On this machine (x86_64, another architecture) litert int8-dynamic took 0.60 times the "
        "time of onnxruntime fp32. Such figures are typically off by a factor of 1.62."
    )
    assert told == (
        "Published for 2 models on the target's cores (raspberry-pi-5): litert int8-dynamic took "
        "0.35 times the time of litert fp32. Such figures are typically off by a factor of 1.31."
    )
    assert work == "Most of what the model computes is convolutions."


def test_what_nothing_tells_is_said_to_be_so_and_the_evidence_of_its_base_names_the_base():
    base = Evidence(kind="timed-here", times=0.5, over="onnxruntime fp32", off_by=1.6, weight=1.0)
    unknown = Evidence(kind="unknown", times=1.0, over="mnn fp32")
    first = replace(CHOICE.suggestion.order[0], name="mnn fp16", evidence=(unknown, base))
    choice = replace(CHOICE, suggestion=replace(CHOICE.suggestion, order=(first,)))
    nothing, told, _ = suggestion_words.reasons(choice)
    assert nothing.startswith("Nothing tells how fast mnn fp16 is there: it is taken to be")
    assert "mnn fp32 took 0.50 times the time of onnxruntime fp32" in told
    assert suggestion_words.short(first) == (
        "taken to be as fast as mnn fp32; here 0.50× the time of onnxruntime fp32"
    )


@pytest.mark.parametrize(
    ("link", "said"),
    [
        ("ssh", "devices add NAME ssh://USER@HOST"),
        ("adb", "devices add NAME adb://SERIAL"),
        ("local", "devices add NAME ssh://USER@HOST"),
        ("none", "time the model on such a device"),
    ],
)
def test_what_would_settle_it_follows_from_how_the_target_is_reached(link, said):
    assert said in suggestion_words.settle(replace(CHOICE.suggestion, link=link))


def test_every_view_says_suggested_and_what_would_settle_it():
    alone = only(RUN, PI)
    for shown in (brief(alone), terminal.summary(alone)):
        text = printed(shown)
        assert "suggested" in text
        assert "edgeopt devices add NAME ssh://USER@HOST" in text
        assert "edgeopt bench FILES --device NAME" in text
        assert "0.60" in text
    page = answer(RUN, CHOICE)
    assert page.title == "Suggested, not timed"
    assert "On this machine" in page.why[0]


def test_what_was_measured_has_no_word_of_suggestions():
    alone = only(RUN, INTEL)
    for shown in (brief(alone), terminal.summary(alone)):
        text = printed(shown)
        assert "suggest" not in text
        assert "devices add" not in text
    assert list(suggested(RUN.choice(INTEL), RECORDS)) == []
    assert suggestion_words.expected_of(RUN.choice(INTEL)) is None


def test_the_rows_follow_the_order_of_the_suggestion_and_of_before_the_records():
    order = CHOICE.suggestion.order
    turned = replace(CHOICE.suggestion, order=(order[0], *reversed(order[1:])))
    run = replace(RUN, choices=(RUN.choices[0], replace(CHOICE, suggestion=turned)))
    assert [row.recipe_id for row in rows(run, PI) if row.ok] == [
        one.recipe_ids[0] for one in turned.order
    ]
    before = replace(RUN, choices=(RUN.choices[0], replace(CHOICE, suggestion=None)))
    names = [row.recipe_id for row in rows(before, PI) if row.ok]
    assert names == [r.recipe_id for r in RECORDS if r.status == "ok"]


def test_the_table_has_the_first_forms_and_no_milliseconds():
    more = tuple(
        Expected(recipe_ids=(f"x{i}",), name=f"form {i}", times=1.0, evidence=()) for i in range(20)
    )
    order = (*CHOICE.suggestion.order, *more)
    choice = replace(CHOICE, suggestion=replace(CHOICE.suggestion, order=order))
    [table] = suggested(choice, RECORDS)
    assert len(table.rows) == SHOWN
    assert f"{len(order) - SHOWN} more are in run.json." in table.about
    assert table.rows[0][1:4] == ("litert int8-dynamic", "loses 1.6 points", "5.06 MB")
    assert "24 % of the weight" in table.rows[0][4]
    assert not any(" ms" in cell for row in table.rows for cell in row)
