"""Which candidate a user means."""

from __future__ import annotations

import pytest

from edgeopt.domain.errors import BadInput
from edgeopt.domain.latency import Latency
from edgeopt.domain.recipe import Quantization, Recipe
from edgeopt.domain.record import Record
from edgeopt.search.find import best_of, candidate, own_fp32


def record(runtime, precision, threads=1, p50=None, **options):
    quantization = Quantization(library="nncf") if precision.startswith("int8") else None
    recipe = Recipe(
        runtime=runtime,
        precision=precision,
        quantization=quantization,
        threads=threads,
        options=options,
    )
    latency = None
    if p50 is not None:
        latency = Latency(
            p50=p50, p50_low=p50, p50_high=p50, p90=None, n=9, launches=1, stage="screen"
        )
    return Record(
        target="here", device="local", runtime=runtime, precision=precision, recipe_id=recipe.id,
        recipe=recipe, status="ok", step=None, latency_ms=latency,
    )  # fmt: skip


LEFT_OUT = Record(
    target="here", device="none", runtime="litert", precision="bf16", recipe_id=None, recipe=None,
    status="skipped", step="space",
)  # fmt: skip
SLOW, FAST = record("litert", "int8-static", 1, 4.0), record("litert", "int8-static", 2, 3.0)
FP32, WIDE = record("litert", "fp32", 1, 6.0), record("litert", "fp32", 2, 7.0)
HALF = record("openvino", "fp16", 2, HINT="f16")
PLAIN = record("openvino", "fp16", 2, HINT="f32")
RECORDS = [SLOW, FAST, FP32, WIDE, HALF, PLAIN, LEFT_OUT]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("litert int8-static", FAST),  # the faster of two that differ in threads alone
        ("int8-static litert threads=1", SLOW),
        ("litert/fp32", FP32),
        ("openvino fp16 HINT=f16", HALF),
        ("openvino fp16 HINT=f32", PLAIN),
        ("openvino fp16", HALF),  # the settings that were tried first
        ("nncf", FAST),
        ("nncf per-channel threads=1", SLOW),  # words of a phrase in brackets, without its commas
        ("litert int8-static threads=1", SLOW),
        (str(WIDE.recipe_id), WIDE),
        (str(WIDE.recipe_id)[:6], WIDE),
    ],
)
def test_by_words_or_the_beginning_of_an_id(words, expected):
    assert candidate(RECORDS, words) is expected


def test_threads_are_taken_where_they_are_wanted():
    assert candidate(RECORDS, "litert int8-static", threads=1) is SLOW
    assert candidate(RECORDS, "litert int8-static", threads=7) is FAST


@pytest.mark.parametrize("words", ["litert int4", "", "  ", "litert bf16", "zzzz", "fp"])
def test_what_is_not_there_is_refused_with_what_is(words):
    with pytest.raises(BadInput) as caught:
        candidate(RECORDS, words)
    for found in RECORDS[:-1]:
        assert f"{found.recipe_id} {found.recipe}" in str(caught.value)


def test_more_than_one_is_refused_with_those_that_are_meant():
    with pytest.raises(BadInput, match="'litert' is more than one candidate") as caught:
        candidate(RECORDS, "litert")
    assert str(FAST.recipe_id) in caught.value.hint
    assert str(HALF.recipe_id) not in caught.value.hint


def test_a_run_without_candidates():
    with pytest.raises(BadInput, match="The run has none"):
        candidate([LEFT_OUT], "litert bf16")


def test_its_own_fp32_and_the_best_of_a_kind():
    assert own_fp32(RECORDS, SLOW) is FP32
    assert own_fp32(RECORDS, FAST) is WIDE
    assert own_fp32(RECORDS, HALF) is None
    assert best_of(RECORDS, "litert", "int8-static") is FAST
    assert best_of(RECORDS, "onnxruntime", "int8-static") is None


def test_a_setting_is_one_word_whatever_is_in_it():
    shaped = record("openvino", "bf16", SHAPE="1,3(8)")
    assert candidate([*RECORDS, shaped], "SHAPE=1,3(8)") is shaped


@pytest.mark.parametrize("recipe", [r.recipe for r in RECORDS if r.recipe], ids=str)
def test_an_artifacts_title_is_the_recipes_without_its_session(recipe):
    assert str(recipe) == " ".join(
        (recipe.artifact_title, f"threads={recipe.threads}", *recipe.settings)
    )
    title = str(recipe).replace("(", "").replace(")", "").replace(",", "")
    assert recipe.words == set(title.split())
