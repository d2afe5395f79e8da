"""Candidates whose tail is in float: which there are, and what each is compared with."""

import pytest
from msgspec.structs import replace

from edgeopt import convert
from edgeopt.domain.latency import Latency, Verdict
from edgeopt.domain.quantizers import QUANTIZERS
from edgeopt.domain.recipe import Quantization, Recipe
from edgeopt.domain.record import Record
from edgeopt.domain.tail import Tail, TailFinding
from edgeopt.search.alternatives import with_tail_in_float
from edgeopt.search.tails import pairs
from tests.search.test_space import found, rule, source

HEAD = Tail(findings=(TailFinding(kind="exp-decode", operators=("e",)),))


def tails(of, *rules):
    made = found(*rules, of=of, threads=(1, 2))
    return [
        (r.runtime, r.threads, r.quantization.tail if r.quantization else None)
        for r in made.recipes
    ]


def test_what_integers_do_badly_is_tried_in_float_first():
    both = tails(source(tail=HEAD), rule("litert", "int8-static"), rule("litert", "fp32"))
    assert both == [
        ("litert", 2, "float"), ("litert", 1, "float"), ("litert", 2, "integer"),
        ("litert", 1, "integer"), ("litert", 2, None), ("litert", 1, None),
    ]  # fmt: skip


@pytest.mark.parametrize("tail", [None, Tail(operators=("softmax",))])
def test_a_model_without_findings_has_one_form(tail):
    rules = rule("litert", "int8-static"), rule("onnxruntime", "int8-static")
    assert {each for _, _, each in tails(source(tail=tail), *rules)} == {"integer"}


@pytest.mark.parametrize("precision", ["int8-dynamic", "int8-weights", "fp16"])
def test_other_precisions_have_none(precision):
    made = tails(source(("MatMul",), tail=HEAD), rule("litert", precision))
    assert len(made) == 2
    assert "float" not in {tail for _, _, tail in made}


#: Libraries that quantize the whole model, and whose runtimes have no other one.
WHOLE = ("mnn", "coremltools")


@pytest.mark.parametrize("library", WHOLE)
def test_a_library_that_quantizes_all_has_no_tail_in_float(library):
    assert with_tail_in_float(Quantization(library=library, calibration="min-max")) is None
    assert not QUANTIZERS[library].splits_tail


@pytest.mark.parametrize("library", sorted(set(QUANTIZERS) - set(WHOLE)))
def test_a_form_with_its_tail_in_float_is_one_that_its_library_takes(library):
    usual = Quantization(library=library, calibration="min-max")
    split = with_tail_in_float(usual)
    assert split is not None
    assert split.tail == "float"
    refused = [why for refuses, why in QUANTIZERS[split.library].refused if refuses(split)]
    usual_refused = [
        why
        for refuses, why in QUANTIZERS[split.library].refused
        if refuses(replace(split, tail="integer"))
    ]
    assert refused == usual_refused


def test_tensorflows_integers_are_split_by_another_library():
    split = with_tail_in_float(Quantization(library="tensorflow", calibration="min-max"))
    assert split is not None
    assert split.library == "ai-edge-quantizer"


@pytest.mark.parametrize("runtime", convert.CONVERTERS)
def test_every_converters_usual_form_keeps_its_identity(runtime):
    """A field that came later counts where it is used."""
    how = convert.load(runtime).quantization("int8-static")
    made = Recipe(runtime=runtime, precision="int8-static", quantization=how)
    assert how is None or "tail" not in how.identity
    assert how is None or replace(made, quantization=replace(how, tail="float")).id != made.id


def record(p50, tail="integer", threads=1, ratio=None, runtime="litert", **changes):
    how = Quantization(library="ai-edge-quantizer", calibration="min-max", tail=tail)
    recipe = Recipe(runtime=runtime, precision="int8-static", quantization=how, threads=threads)
    verdict = ratio and Verdict(
        word="FASTER", ratio=ratio, low=ratio, high=ratio, over="base", pairs=9, launches=1,
        margin=0.03,
    )  # fmt: skip
    fields = {
        "target": "t", "device": "local", "runtime": runtime, "precision": "int8-static",
        "recipe_id": recipe.id, "recipe": recipe, "status": "ok", "step": None,
        "versus_baseline": verdict or None,
        "latency_ms": Latency(
            p50=p50, p50_low=p50, p50_high=p50, p90=None, n=9, launches=1, stage="screen"
        ),
    }  # fmt: skip
    return Record(**{**fields, **changes})


def test_the_fastest_is_compared_with_its_own_like():
    slow = record(5.0, "float"), record(4.8)
    fast = record(3.0, "float", threads=2, ratio=2.0), record(2.9, threads=2, ratio=2.1)
    [pair] = pairs([*slow, *fast])
    assert (pair.split, pair.whole) == fast
    assert pair.times_as_long == pytest.approx(1.05)


def test_a_refused_like_is_compared_as_well_and_has_no_time():
    whole = record(2.9, status="failed-parity", step="parity", latency_ms=None)
    [pair] = pairs([record(3.0, "float", ratio=2.0), whole])
    assert pair.whole == whole
    assert pair.times_as_long is None


@pytest.mark.parametrize(
    "records",
    [
        [record(3.0, "float")],
        [record(3.0)],
        [record(3.0, "float", status="failed-run"), record(2.9)],
        [record(3.0, "float"), record(2.9, threads=2)],
        [record(3.0, "float"), record(2.9, runtime="onnxruntime")],
    ],
)
def test_what_has_no_like_is_no_pair(records):
    assert pairs(records) == []


def test_what_has_its_like_comes_before_what_is_faster():
    """A refinement's form, say, whose integers differ in more than the tail."""
    split, whole = record(3.0, "float"), record(2.9)
    how = replace(split.recipe.quantization, bias_correction="fast")
    recipe = replace(split.recipe, quantization=how)
    refined = replace(record(2.0, "float"), recipe=recipe, recipe_id=recipe.id)
    [pair] = pairs([refined, split, whole])
    assert (pair.split, pair.whole) == (split, whole)


def test_times_of_two_schedules_are_not_compared():
    split, whole = record(3.0, "float", ratio=2.0), record(2.9, ratio=2.1)
    later = replace(split, latency_ms=replace(split.latency_ms, stage="final"))
    assert pairs([later, whole])[0].times_as_long is None


def test_without_latencies_there_are_pairs_too():
    untimed = [replace(one, latency_ms=None) for one in (record(3.0, "float"), record(2.9))]
    assert len(pairs(untimed)) == 1
