"""The screen of a first look, from a run made by hand."""

from __future__ import annotations

import io

import pytest
from msgspec.structs import replace

from edgeopt.domain.inspection import ModelKind
from edgeopt.domain.nearness import WholeNearness
from edgeopt.domain.open_axis import OpenAxis
from edgeopt.report import try_table, words
from edgeopt.report.answer import answer
from edgeopt.report.shown import Console
from tests.report.sample import INTEL, sample_run

COMMAND = "edgeopt optimize efficientnet-lite0.onnx --target this-machine --data DATA"


def looked(chosen=("openvino", "fp32"), **changes):
    """The sample's measured target, as if it had been tried without data."""
    run = sample_run()
    records = tuple(
        replace(
            one, random_inputs=True, latency_only=one.precision == "int8-static",
            score=None, drop=None, confirm_score=None, confirm_drop=None,
        )
        for one in run.records
        if one.target == INTEL
    )  # fmt: skip
    timed = [r for r in records if (r.runtime, r.precision) == chosen and r.latency_ms]
    best = min(timed, key=lambda one: one.latency_ms.p50)
    request = replace(run.request, targets=(INTEL,), random_inputs=True)
    return replace(
        run, records=records, request=request,
        choices=(replace(run.choices[0], recipe_id=best.recipe_id),),
        data=replace(run.data, metric="none", seems=ModelKind(name="classifier", detail="1000")),
        **changes,
    )  # fmt: skip


def lines(run, width=80):
    stream = io.StringIO()
    shown = try_table.render(run, COMMAND, 2)
    Console(file=stream, width=width).print(shown, crop=False)
    return [line.rstrip() for line in stream.getvalue().splitlines()]


@pytest.mark.parametrize("width", [80, 120])
def test_it_fits_a_screen(width):
    shown = lines(looked(), width)
    assert len(shown) <= 25
    assert max(map(len, shown)) <= width


def test_the_row_of_a_form_is_the_chosen_one_where_another_of_its_threads_is_as_fast():
    run = looked()
    slower = max(
        (r for r in run.records if r.name == "openvino fp32" and r.measured),
        key=lambda one: one.latency_ms.p50,
    )
    run = replace(run, choices=(replace(run.choices[0], recipe_id=slower.recipe_id),))
    (row,) = [line for line in lines(run) if line.startswith("✓") and "floats" not in line]
    assert row.split()[1:4] == ["openvino", "fp32", str(slower.recipe.threads)]


def test_the_fastest_in_floats_comes_first_with_its_weight():
    text = " ".join(" ".join(lines(looked())).split())
    assert "Fastest in floats: openvino fp32, 2 threads, 14.9 ms" in text
    assert "as fast as onnxruntime fp32" in text
    assert "It weighs 18.6 MB" in text
    assert text.index("Fastest in floats") < text.index("runtime, precision")


def test_static_int8_is_marked_and_is_what_data_would_add():
    shown = lines(looked())
    marked = [line for line in shown if line.startswith("*") and "int8-static" in line]
    assert len(marked) == 2
    assert any("latency only" in line and "never ship it" in line for line in shown)
    assert any(line.startswith("With data: what each form loses, static int8") for line in shown)
    assert not any("Faster, if data" in line and "int8-static" in line for line in shown)


def test_each_form_stands_once_with_chosen_and_baseline_among_them():
    shown = lines(looked())
    names = [" ".join(line.split()[1:3]) for line in shown if line.startswith(("✓ ", "b ", "* "))]
    assert len(names) == len(set(names))
    assert sum(line.startswith("✓") for line in shown) == 2, "its row, and the legend"
    assert sum(line.split()[:3] == ["b", "onnxruntime", "fp32"] for line in shown) == 1


def test_it_ends_with_the_call_to_go_on_with():
    assert lines(looked())[-1] == f"  {COMMAND}"


def test_how_near_it_is_to_the_roof_is_said_where_it_is_known():
    run = looked()
    known = WholeNearness(
        share=0.38, arithmetic="fp32", threads=2, ms=14.9, multiply_adds=385_000_000,
        peak_per_s=6.8e10, peak_runtime="onnxruntime",
    )  # fmt: skip
    told = lines(replace(run, choices=(replace(run.choices[0], roof=known),)))
    assert any("It runs at 38 %" in line for line in told[:10])
    assert not any("It runs at" in line for line in lines(run))


def test_axes_that_were_guessed_are_said():
    axis = OpenAxis(input="image", axis=2, name="height", size=224, basis="guessed")
    run = looked(source=replace(sample_run().source, open_axes=(axis,)))
    assert any("Axis 2 of image is open (height): tried with 224" in line for line in lines(run))


def test_nothing_timed_is_said_with_its_reason():
    run = looked()
    records = tuple(replace(one, latency_ms=None, kind=None) for one in run.records)
    why = "none of 3 candidates could be converted and run."
    choice = replace(run.choices[0], recipe_id=None, why=why)
    assert why in lines(replace(run, records=records, choices=(choice,)))


def test_a_runtime_that_is_not_installed_is_said_once():
    run = looked()

    def gone(one):
        lacks = "openvino" if one.precision == "fp32" else "openvino, nncf"
        return replace(
            one, status="skipped", latency_ms=None, kind=None, reason=f"not installed: {lacks}"
        )

    records = tuple(gone(one) if one.runtime == "openvino" else one for one in run.records)
    choice = replace(run.choices[0], recipe_id=run.choices[0].baseline_id)
    told = lines(replace(run, records=records[::-1], choices=(choice,)))
    assert [line for line in told if "Without openvino" in line] == [
        "Without openvino: not installed: openvino"
    ]


def test_what_was_taken_of_those_that_tie_is_not_called_the_fastest():
    run = looked()
    chosen = run.record(INTEL, run.choices[0].recipe_id)
    quicker = replace(
        chosen, runtime="litert", recipe_id="quicker", size_bytes=chosen.size_bytes + 1,
        recipe=replace(chosen.recipe, runtime="litert"),
        latency_ms=replace(chosen.latency_ms, p50=14.7),
        versus_baseline=replace(
            chosen.versus_baseline, ratio=chosen.versus_baseline.ratio * 1.01
        ),
    )  # fmt: skip
    tied = replace(run, records=(*run.records, quicker))
    assert len(lines(tied)) <= 25
    text = " ".join(" ".join(lines(tied)).split())
    assert "First in floats: openvino fp32, 2 threads, 14.9 ms" in text
    assert "as fast as litert fp32 threads=2 within 2 %, and it is smaller." in text
    assert "✓ first in floats" in text
    assert answer(tied, INTEL).startswith("first in floats, not scored: openvino fp32")
    assert answer(run, INTEL).startswith("fastest in floats, not scored: openvino fp32")
    why = words.unscored(chosen, tied.records, tied.choices[0].baseline_id, quicker)
    assert "the first in floats, p50 14.9 ms; as fast as litert fp32 threads=2 within 2 %," in why


def test_what_may_be_faster_is_named_by_its_ratio():
    run = looked()
    chosen = run.record(INTEL, run.choices[0].recipe_id)

    def at(ratio):
        versus = replace(chosen.versus_baseline, ratio=chosen.versus_baseline.ratio * ratio)
        quick = replace(
            chosen, precision="int8-weights", recipe_id="quick", versus_baseline=versus,
            recipe=replace(chosen.recipe, precision="int8-weights"),
            latency_ms=replace(chosen.latency_ms, p50=5.0),
        )  # fmt: skip
        return " ".join(lines(replace(run, records=(*run.records, quick))))

    assert "Faster, if data shows that it loses little" in at(1.1)
    assert "Faster, if data shows" not in at(1.01)
