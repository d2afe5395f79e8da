"""Which two candidates are explained where the user names none, one or both."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace

import msgspec
import pytest

from edgeopt.benchmarking.explaining import Question, chosen_pair
from edgeopt.benchmarking.sides import verdict as verdict_of
from edgeopt.domain.errors import BadInput
from edgeopt.domain.latency import Latency, Verdict
from edgeopt.domain.recipe import Recipe
from edgeopt.domain.record import Record
from edgeopt.domain.session_facts import SessionFacts
from edgeopt.pipeline.session_account import executed


@dataclass
class Finished:
    """As much of a run as a choice of candidates looks at."""

    records: list[Record]
    choices: tuple

    def choice(self, target):
        return next((c for c in self.choices if c.target == target), None)

    def record(self, target, recipe_id):
        return next((r for r in self.records if r.recipe_id == recipe_id), None)


def record(runtime, precision, threads=1, p50=None):
    recipe = Recipe(runtime=runtime, precision=precision, threads=threads)
    latency = None
    if p50 is not None:
        latency = Latency(
            p50=p50, p50_low=p50, p50_high=p50, p90=None, n=9, launches=1, stage="screen"
        )
    return Record(
        target="here", device="local", runtime=runtime, precision=precision, recipe_id=recipe.id,
        recipe=recipe, status="ok", step=None, latency_ms=latency,
    )  # fmt: skip


A, A2 = record("litert", "int8-static", 1, 4.0), record("litert", "int8-static", 2, 3.0)
B, B2 = record("litert", "fp32", 1, 6.0), record("litert", "fp32", 2, 5.0)
ORT = record("onnxruntime", "fp32", 2, 5.5)
ORT8 = record("onnxruntime", "int8-static", 2, 7.0)
OV8 = record("openvino", "int8-static", 1)
ALL = [A, A2, B, B2, ORT, ORT8, OV8]


def pair(chosen=None, baseline=ORT, records=ALL, **asked):
    choice = SimpleNamespace(
        target="here",
        recipe_id=chosen and chosen.recipe_id,
        baseline_id=baseline and baseline.recipe_id,
    )
    return chosen_pair(Finished(records, (choice,)), "here", records, Question(**asked))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"chosen": A2}, (A2, B2)),
        ({"chosen": A}, (A, B)),
        ({"chosen": B2}, (B2, ORT)),  # fp32 itself: against the baseline
        ({"chosen": ORT}, (ORT, ORT8)),  # the baseline itself: against its own integers
        ({"chosen": OV8}, (OV8, ORT)),  # its runtime has no fp32
        ({"chosen": A2, "runtime": "onnxruntime"}, (ORT8, ORT)),
        ({"a": "litert int8-static"}, (A2, B2)),
        ({"a": "litert int8-static threads=1"}, (A, B)),
        ({"a": "litert int8-static threads=1", "b": "litert fp32"}, (A, B)),
        ({"a": "litert int8-static", "b": "litert fp32 threads=1"}, (A, B)),
        ({"a": "litert int8-static", "b": "onnxruntime fp32"}, (A2, ORT)),
        ({"chosen": A, "b": "onnxruntime fp32"}, (A, ORT)),
    ],
)
def test_the_pair(given, expected):
    assert pair(**given) == expected


def test_what_the_run_compared_it_with_comes_before_what_is_faster():
    swept = Recipe(runtime="litert", precision="fp32", threads=1, options={"xnnpack": "latest"})
    faster = msgspec.structs.replace(B, recipe_id=swept.id, recipe=swept, latency_ms=B2.latency_ms)
    verdict = Verdict(
        word="FASTER", ratio=1.5, low=1.4, high=1.6, over=str(B.recipe_id), pairs=36, launches=3,
        margin=0.02,
    )  # fmt: skip
    compared = msgspec.structs.replace(A, speedup=verdict)
    assert pair(chosen=A, records=[A, B, faster, ORT]) == (A, faster)
    assert pair(chosen=A, records=[compared, B, faster, ORT]) == (compared, B)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "nothing was chosen for here"),
        ({"a": "litert fp32", "b": "litert fp32"}, "is compared with itself"),
        ({"chosen": A, "runtime": "torch"}, "no int8-static of 'torch'"),
        ({"chosen": OV8, "records": [OV8], "baseline": None}, "nothing to compare"),
    ],
)
def test_no_pair(given, words):
    with pytest.raises(BadInput, match=words):
        pair(**given)


def hint(**given):
    with pytest.raises(BadInput) as caught:
        pair(**given)
    return str(caught.value)


def test_what_is_missing_for_a_pair_is_said_with_what_to_do():
    lone = hint(chosen=OV8, records=[OV8], baseline=None)
    assert "it is the only candidate of here in this run" in lone
    assert "Make a run with more of them" in lone
    others = hint(chosen=OV8, records=[OV8, A, B], baseline=None)
    assert "apart from it here has no baseline in this run, and openvino no fp32" in others
    assert "Name the second one after the first. There are:" in others
    assert f"{A.recipe_id} {A.recipe}" in others
    assert f"{B.recipe_id} {B.recipe}" in others
    assert str(OV8.recipe_id) not in others
    own = hint(chosen=ORT, records=[ORT, B])  # it is the baseline itself
    assert "apart from it here has no baseline" in own
    assert f"{A.recipe_id} {A.recipe}" in hint()
    assert hint(records=[]).endswith("The run has none.")


def test_the_verdict_is_the_runs_own_in_either_direction():
    verdict = Verdict(
        word="FASTER", ratio=1.6, low=1.5, high=1.7, over=str(B2.recipe_id), pairs=36, launches=3,
        margin=0.02,
    )  # fmt: skip
    known = msgspec.structs.replace(A2, speedup=verdict)
    assert verdict_of(known, B2) is verdict
    turned = verdict_of(B2, known)
    assert (turned.word, turned.over) == ("SLOWER", A2.recipe_id)
    assert verdict_of(known, ORT) is None


def test_records_say_how_many_operators_ran_where_they_are_meant_to():
    facts = SessionFacts(version="2.3", precisions={"int8-dynamic": 50}, total=60, delegated=44)
    found = executed(A.recipe, facts)
    assert (found.operators_total, found.operators_delegated) == (60, 44)
    why = {"precisions": "not told", "delegated": "not listed"}
    silent = executed(A.recipe, SessionFacts(version="2.3", why_null=why))
    assert silent.operators_total is None
    assert silent.why_null["precision"] == "not told"
    assert silent.why_null["operators_delegated"] == "not listed"
