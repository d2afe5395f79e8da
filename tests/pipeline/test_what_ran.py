"""What ran is read back, and decides the label and the tolerance: on a stand-in for a processor

with bfloat16 and without half precision (AMD's Zen 5), which OpenVINO itself keeps to.
"""

from __future__ import annotations

import itertools
from pathlib import Path

import msgspec
import numpy as np
import pytest

from edgeopt.domain import arithmetic
from edgeopt.domain.errors import StepFailed
from edgeopt.domain.latency import Latency
from edgeopt.domain.recipe import Recipe
from edgeopt.domain.record import Executed
from edgeopt.domain.run import Constraints
from edgeopt.domain.session_facts import SessionFacts
from edgeopt.pipeline.call import Call
from edgeopt.pipeline.parity_check import REQUIRED_DB, REQUIRED_DB_INT8
from edgeopt.pipeline.record_ends import blank
from edgeopt.pipeline.session_account import executed
from edgeopt.search import find
from edgeopt.search.baseline import baseline_of
from tests import processor
from tests.pipeline.opened_run import opened

HERE = Path(__file__).parent


@pytest.mark.parametrize(
    ("precision", "facts", "instead", "held_to"),
    [
        ("fp32", {"precisions": {"fp32": 3}}, "", "fp32"),
        ("fp32", {"precisions": {"fp32": 3, "bf16": 1}}, "bf16", "bf16"),
        ("fp32", {"precisions": {"fp16": 3}}, "fp16", "fp16"),
        ("fp32", {"precisions": {"fp32": 1, "int8": 2}}, "int8", "int8"),
        ("fp16", {"precisions": {"fp16": 3}}, "", "fp16"),
        ("fp16", {"precisions": {"fp32": 3}}, "", "fp16"),  # 16-bit weights, widened
        ("fp16", {"precisions": {"bf16": 2, "fp32": 1}}, "bf16", "bf16"),
        ("bf16", {"precisions": {"bf16": 2, "fp32": 1}}, "", "bf16"),
        ("bf16", {"precisions": {"fp32": 3}}, "fp32", "fp16"),
        ("bf16", {"precisions": {"fp16": 3}}, "fp16", "fp16"),
        ("int8-static", {"precisions": {"int8": 3, "fp32": 1}}, "", "int8-static"),
        (
            "int8-static",
            {"precisions": {"int8": 3}, "float_asked": "fp16", "float_ran": "bf16"},
            "bf16",
            "int8-static",
        ),
        ("int8-static", {"float_asked": None, "float_ran": "bf16"}, "", "int8-static"),
        ("int8-weights", {"precisions": {"fp32": 3}}, "", "int8-weights"),
        ("int8-weights", {"precisions": {"int8": 3}}, "int8", "int8-weights"),
        ("int8-dynamic", {"precisions": {"int8": 3}}, "", "int8-dynamic"),
        ("as-is", {"precisions": {"int8": 3}}, "", "as-is"),
        ("fp32", {"precisions": {}}, "", "fp32"),
        ("fp32", {"precisions": {}, "float_ran": "fp32"}, "", "fp32"),
        ("fp16", {"precisions": {}, "float_ran": "bf16"}, "bf16", "bf16"),
        ("int8-static", {"precisions": {}, "float_ran": "bf16"}, "", "int8-static"),
        ("fp32", {"precisions": None}, "", "fp32"),
    ],
)
def test_what_ran_instead(precision, facts, instead, held_to):
    facts = SessionFacts(version="1", **facts)
    assert arithmetic.instead(precision, facts) == instead
    assert arithmetic.held_to(precision, instead) == held_to
    account = executed(Recipe(runtime="openvino", precision=precision), facts)
    assert account.instead == instead


def test_no_tolerance_is_looser_than_that_of_what_ran():
    """Fewer bits are held to less; a name alone buys nothing."""
    assert REQUIRED_DB["fp32"] > REQUIRED_DB["fp16"] > REQUIRED_DB["bf16"] > REQUIRED_DB_INT8
    for precision, ran in itertools.product(("fp32", "fp16", "bf16"), ("", "fp16", "bf16")):
        held = REQUIRED_DB[arithmetic.held_to(precision, ran)]
        assert held == REQUIRED_DB[ran or precision]


@pytest.fixture(scope="module")
def run(tiny_onnx, tmp_path_factory):
    processor.needs_any("avx512_bf16", "avx512_vnni")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(processor.STAND_IN, "AVX512_CORE_BF16")
        call = Call(
            model=tiny_onnx / "tiny.onnx",
            targets=(str(HERE / "what-ran.toml"),),
            data=tiny_onnx / "tiny.npz",
            metric="accuracy",
            constraints=Constraints(max_drop=0.03),
            out=tmp_path_factory.mktemp("what-ran") / "run",
            budget="quick",
        )
        with opened(call) as at_work:
            yield at_work


@pytest.fixture(scope="module")
def records(run):
    made = run.evaluated(run.space.recipes)
    return {record.precision: record for record in made}


@pytest.mark.slow
def test_rows_say_what_ran(records):
    assert {p: (r.status, r.executed.precision, r.instead) for p, r in records.items()} == {
        "fp32": ("ok", "fp32", ""),
        "fp16": ("ok", "bf16", "bf16"),
        "int8-weights": ("ok", "bf16", "bf16"),
        "bf16": ("ok", "fp32", "fp32"),
    }
    assert [record.name for record in records.values()] == [
        "openvino fp32",
        "openvino fp16 (ran in bf16)",
        "openvino int8-weights (its float part ran in bf16)",
        "openvino bf16 (ran in fp32)",
    ]
    half = records["fp16"]
    assert half.title.endswith("threads=1 INFERENCE_PRECISION_HINT=f16 (ran in bf16)")
    assert half.notes[-1] == (
        "asked for fp16 INFERENCE_PRECISION_HINT=f16, openvino reports: ran in bf16"
    )
    assert records["fp32"].notes == ()


@pytest.mark.slow
def test_what_ran_is_what_it_is_held_to(records):
    required = {p: r.parity.required_db for p, r in records.items()}
    assert required == {
        "fp32": REQUIRED_DB["fp32"],
        "fp16": REQUIRED_DB["bf16"],
        "int8-weights": REQUIRED_DB_INT8,
        "bf16": REQUIRED_DB["fp16"],
    }


@pytest.mark.slow
def test_a_refusal_names_what_ran(run, records):
    recipe, half = records["fp16"].recipe, records["fp16"]
    noise = np.random.default_rng(0)
    answers = {
        name: array + noise.normal(0, np.abs(array).max(), array.shape)
        for name, array in run.evaluator.choose.source.items()
    }
    facts = SessionFacts(version="1", precisions={"bf16": 1})
    with pytest.raises(StepFailed, match=r"reports: ran in bf16; .* bf16 must keep 15 dB"):
        run.evaluator._parity(recipe, answers, facts)
    assert half.status == "ok"


def test_a_false_fp32_is_no_reference(sample_record):
    """Neither the baseline nor an fp32 that others are compared with; and its name says why."""
    assert find.is_plain(sample_record(""))
    false = sample_record("bf16")
    assert not find.is_plain(false)
    assert not find.is_own_fp32(false, sample_record(""))
    assert false.title == "openvino fp32 threads=1 (ran in bf16)"


@pytest.fixture
def sample_record():
    def made(instead):
        recipe = Recipe(runtime="openvino", precision="fp32")
        account = Executed(
            runtime_version="1", precision="fp32", instead=instead, threads=1, options={},
            load_ms=None, first_infer_ms=None, peak_rss_bytes=None, why_null={},
        )  # fmt: skip
        return msgspec.structs.replace(blank("t", "local", recipe), executed=account)

    return made


@pytest.mark.parametrize(
    ("precisions", "own_runtime", "baseline"),
    [
        ({"onnxruntime": "fp32", "litert": "fp32"}, "litert", "onnxruntime"),
        ({"onnxruntime": "as-is", "litert": "as-is"}, "litert", "litert"),
        ({"openvino": "as-is", "onnxruntime": "as-is"}, "onnxruntime", "onnxruntime"),
        ({"openvino": "as-is"}, "onnxruntime", "openvino"),
        ({"openvino": "int8-static"}, "onnxruntime", None),
    ],
)
def test_the_baseline_is_a_float_or_the_file_itself(precisions, own_runtime, baseline):
    latency = Latency(
        p50=1.0, p50_low=0.9, p50_high=1.1, p90=None, n=64, launches=1, stage="screen"
    )
    records = [
        msgspec.structs.replace(
            blank("t", "local", Recipe(runtime=runtime, precision=precision)), latency_ms=latency
        )
        for runtime, precision in precisions.items()
    ]
    found = baseline_of(records, own_runtime)
    assert next((r.runtime for r in records if r.recipe_id == found), None) == baseline
