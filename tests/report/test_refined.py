"""What was done about a fast int8 form that loses too much, in the terminal and on the page."""

import pytest
from msgspec.structs import replace

from edgeopt.domain.layers import Group, Price, Refinement, TriedForm
from edgeopt.report import html, refine_words
from edgeopt.search.worth import less_lossy
from tests.report.sample import sample_run


def price(name, gain, cost):
    group = Group(first=0, last=1, layers=(f"{name}.a", f"{name}.b"), elements=9)
    known = cost is not None
    return Price(
        group=group, gain=gain, cost_ms=cost, fp32_ms=2.0 if known else None,
        int8_ms=1.0 if known else None,
    )  # fmt: skip


def refinement(**changes):
    fields = {
        "runtime": "openvino",
        "recipe_id": "begun",
        "result": "done",
        "steps": (
            TriedForm(what="fast bias correction", recipe_id="x", drop=0.031, predicted_ms=5.0),
            TriedForm(what="1 of 2 groups in float", recipe_id="y", drop=None, kept=1),
        ),
        "kept": (price("blocks.<3>", 0.4, 0.21),),
        "prices": (price("blocks.<3>", 0.4, 0.21), price("head", 0.1, 0.5)),
        "sentence": "it lost much & now little.",
        "offer": "another is as fast",
    }
    return Refinement(**{**fields, **changes})


def run_with(done):
    run = sample_run()
    return replace(run, choices=(replace(run.choices[0], refinements=(done,)), *run.choices[1:]))


def test_the_page_names_the_forms_and_the_prices_and_escapes_both():
    page = html.render(run_with(refinement()), {}).replace("\u00a0", " ")
    assert "openvino int8, refined" in page
    assert "it lost much &amp; now little. Instead: another is as fast." in page
    assert "✓ blocks.&lt;3&gt;" in page
    assert "✓ head" not in page
    assert "+0.210 ms" in page
    assert "3.1 points" in page
    assert "failed" in page


def test_the_page_says_why_there_are_no_milliseconds():
    done = refinement(
        kept=(), prices=(price("head", 0.1, None),), why_no_cost="there is no profiler"
    )
    assert "No milliseconds: there is no profiler." in html.render(run_with(done), {})


def test_the_page_of_a_run_without_one_is_silent():
    assert "refined" not in html.render(sample_run(), {})


@pytest.mark.parametrize("cost", [0.21, None])
def test_lines_of_the_terminal(cost):
    done = refinement(kept=(price("b", 0.4, cost),), why_no_cost="" if cost else "none of them")
    lines = list(refine_words.lines(done))
    assert lines[0] == done.sentence
    gain = "in float: b: gives back 40.0 % of the error"
    assert lines[1] == (f"{gain} for +0.210 ms, by the runtime's profile" if cost else gain)
    assert lines[-1] == "instead: another is as fast"
    assert any("no prices in milliseconds" in line for line in lines) == (cost is None)


def records():
    run = sample_run()
    return {
        r.recipe_id: r for r in run.records if r.recipe_id and r.target == run.choices[0].target
    }


def test_the_sentence_of_a_success_and_of_none():
    known = list(records().values())
    plain, best = (r for r in known if r.precision == "int8-static" and r.runtime == "openvino")
    said = refine_words.sentence(refinement(), plain, best, 0.01)
    assert said.startswith("openvino int8-static loses ")
    assert "with 1 group of layers in float (blocks.<3>) it loses" in said
    nothing = refine_words.sentence(refinement(result=None), plain, best, 0.01, "it ended")
    assert (
        "2 other forms of it tried, and none keeps the allowed 1.0 points; the nearest, openvino"
        in nothing
    )
    assert nothing.endswith("; it ended.")


def test_an_offer_is_not_told_to_be_slower_and_loses_less():
    known = [r for r in records().values() if r.drop and r.versus_baseline]
    ordered = sorted(known, key=lambda r: r.versus_baseline.ratio)
    fast, slow = ordered[-1], ordered[0]
    lossless = replace(fast, recipe_id="other", drop=replace(fast.drop, value=-1.0, relative=None))
    found = less_lossy(fast, [fast, slow, lossless])
    assert found is lossless
    said = refine_words.offer(found, fast)
    assert said == f"{lossless.recipe} gains 100.0 points and is not told to be slower"
    quicker = replace(
        lossless, versus_baseline=replace(fast.versus_baseline, ratio=9.0, low=8.0, high=9.9)
    )
    assert refine_words.offer(quicker, fast).endswith("gains 100.0 points and is faster")
    slower = replace(slow, drop=replace(slow.drop, value=-1.0, relative=None))
    assert less_lossy(fast, [fast, slower]) is None
    assert refine_words.offer(None, fast) == ""


def test_what_is_several_times_slower_is_no_offer_however_wide_its_interval():
    fast = next(r for r in records().values() if r.precision == "int8-static" and r.versus_baseline)
    lossless = replace(fast, recipe_id="other", drop=replace(fast.drop, value=-1.0, relative=None))
    wide = replace(fast.versus_baseline, ratio=fast.versus_baseline.ratio / 5, low=0.01, high=99.0)
    assert less_lossy(fast, [replace(lossless, versus_baseline=wide)]) is None
    other = replace(
        fast.latency_ms, stage="screen" if fast.latency_ms.stage == "final" else "final"
    )
    assert less_lossy(fast, [replace(lossless, latency_ms=other)]) is None
    assert less_lossy(fast, [lossless]) is lossless


@pytest.mark.parametrize(
    ("relative", "said"),
    [(None, "the allowed 1.0 points"), (0.05, "the allowed 1.0 %")],
)
def test_what_is_allowed_has_its_unit(relative, said):
    known = [r for r in records().values() if r.precision == "int8-static"]
    plain, best = (replace(r, drop=replace(r.drop, relative=relative)) for r in known[:2])
    assert said in refine_words.sentence(refinement(result=None), plain, best, 0.01)
