"""What 8 bits did to a tail, and what was won by leaving it in float, in words."""

import pytest
from msgspec.structs import replace

from edgeopt.domain.tail import Tail, TailFinding, ValueRange
from edgeopt.report import html, tail_words
from edgeopt.report.terminal import summary
from tests.report.sample import INTEL, sample_run

BOXES = ValueRange(tensor="boxes", low=-3.0, high=640.0)
SCORES = ValueRange(tensor="scores", low=0.0, high=1.0)
UNKNOWN = ValueRange(tensor="boxes", low=None, high=None)


def joined(*ranges):
    return TailFinding(kind="unlike-ranges", operators=("cat",), ranges=ranges)


def run_with(*findings, lost=0.31):
    """The sample with OpenVINO's int8 in both forms: the split one loses 0.2 points."""
    run = sample_run()
    whole = next(
        r for r in run.records
        if (r.target, r.name) == (INTEL, "openvino int8-static") and r.recipe.threads == 2
    )  # fmt: skip
    how = replace(whole.recipe.quantization, tail="float")
    recipe = replace(whole.recipe, quantization=how)
    better = replace(whole.drop, value=0.002, low=0.0, high=0.004)
    made = replace(whole, recipe=recipe, recipe_id=recipe.id, drop=better)
    worse = replace(whole, drop=replace(whole.drop, value=lost, low=lost - 0.01, high=lost + 0.01))
    records = [worse if record == whole else record for record in run.records]
    source = replace(run.source, tail=Tail(findings=findings))
    return replace(run, records=(*records, made), source=source)


def test_the_cause_and_both_figures_are_told():
    [line] = tail_words.lines(run_with(joined(BOXES, SCORES)), INTEL)
    assert line == (
        "openvino int8-static: values up to 640 and up to 1 shared one scale: loses 31.0 points "
        "(95 % CI 30.0 to 32.0 points); with the tail in float: loses 0.2 points (95 % CI 0.0 to "
        "0.4 points), 1.00 times as long."
    )


def test_no_cause_is_told_of_what_loses_nothing_by_it():
    """NNCF leaves a last concatenation in float by itself."""
    [line] = tail_words.lines(run_with(joined(BOXES, SCORES), lost=0.003), INTEL)
    start = "openvino int8-static: its tail costs nothing that these samples tell: loses 0.3 points"
    assert line.startswith(start)
    assert "with the tail in float: loses 0.2 points" in line


@pytest.mark.parametrize(
    ("findings", "cause"),
    [
        ((joined(UNKNOWN, SCORES),), "tensors of unlike ranges shared one scale:"),
        ((joined(UNKNOWN, UNKNOWN),), "tensors of unlike ranges shared one scale:"),
        ((TailFinding(kind="exp-decode", operators=("e",)),), "an exponential was in 8 bits:"),
        (
            (joined(BOXES, SCORES), TailFinding(kind="weighted-sum", operators=("s",))),
            "shared one scale (and 1 other cause):",
        ),
        (
            (
                TailFinding(kind="selection", operators=("t",)),
                TailFinding(kind="sigmoid-decode", operators=("s",)),
                TailFinding(kind="exp-decode", operators=("e",)),
            ),
            "scores were compared in 8 bits (and 2 other causes):",
        ),
    ],
)
def test_every_cause_has_words(findings, cause):
    [line] = tail_words.lines(run_with(*findings), INTEL)
    assert cause in line


def test_a_form_that_was_refused_is_said_to_be():
    run = run_with(joined(BOXES, SCORES))
    records = tuple(
        replace(r, drop=None, status="failed-parity", step="parity", reason="answers are constant")
        if (r.target, r.name) == (INTEL, "openvino int8-static")
        and r.recipe.quantization.tail == "integer"
        else r
        for r in run.records
    )
    [line] = tail_words.lines(replace(run, records=records), INTEL)
    assert "shared one scale: refused (answers are constant); with the tail" in line


@pytest.mark.slow
@pytest.mark.parametrize("findings", [(), (joined(BOXES, SCORES),)])
def test_the_page_and_the_terminal_say_it_where_there_is_something_to_say(findings):
    from rich.console import Console

    run = run_with(*findings)
    console = Console(width=100, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    console.print(summary(run))
    for text in (html.render(run, {}), console.export_text()):
        assert ("Int8 with its tail in float" in text) == bool(findings)
