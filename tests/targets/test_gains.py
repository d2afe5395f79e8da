"""What another precision gave on a core, by published figures."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from msgspec.structs import replace

from benchmarks.suggestions import by_published
from edgeopt import targets
from edgeopt.search import suggest
from edgeopt.targets import gains, published
from tests.targets.test_published import row

PAIRS = gains.pairs(published.rows())
PI3, PI4, PI5, ZERO = (
    targets.load(f"raspberry-pi-{name}") for name in ("3b-plus", "4", "5", "zero-2w")
)
PROFILES = [targets.load(name) for name in targets.names()]
INT8 = ("litert", "int8-static")


def of(target, form=INT8, pairs=PAIRS):
    return gains.of_forms(pairs, [form], target, PROFILES).get(form)


def figures(models, share=0.5, target="raspberry-pi-4", **more):
    """XNNPACK's figures in fp32 and int8 of so many models."""
    made = []
    for number in range(models):
        name = f"model{'abcdef'[number]}"
        one = row(
            target=target, model=name, runtime="XNNPACK end2end-bench", latency_ms=10.0,
            device=target, **more,
        )  # fmt: skip
        made += [one, replace(one, precision="int8", latency_ms=10.0 * share)]
    return gains.pairs(made)


def test_a_pair_is_of_one_model_device_runtime_and_number_of_threads():
    one = row(model="m", runtime="ncnn", precision="int8", latency_ms=5.0)
    other = row(model="m", runtime="ncnn", latency_ms=10.0)
    [found] = gains.pairs([one, other])
    assert found.log_times == pytest.approx(math.log(0.5))
    assert (found.runtime, found.over) == ("ncnn", "fp32")
    for field in ("model", "input", "device", "threads", "runtime", "soc"):
        changed = "TFLite" if field == "runtime" else "other"
        assert gains.pairs([one, replace(other, **{field: changed})]) == []
    assert gains.pairs([one, replace(other, unit="GPU(Vulkan)")]) == []
    assert gains.pairs([one, replace(other, notes="loops=8 powersave=1")]) == []


def test_a_label_that_may_mislead_is_in_no_pair():
    one = row(model="m", precision="int8")
    assert gains.pairs([one, row(model="m", precision="fp32 label")]) == []
    halves = gains.pairs([one, row(model="m", precision="fp16")])
    assert [pair.over for pair in halves] == ["fp16"]


def test_the_nearest_is_the_same_runtime_on_the_same_cores():
    assert of(PI4).same_core
    assert of(PI4).where == ("raspberry-pi-4",)
    assert of(ZERO).where == ("raspberry-pi-3b-plus",)  # the same cores in another board
    assert of(ZERO).same_core
    elsewhere = of(PI5)
    assert not elsewhere.same_core
    assert elsewhere.off_by > of(PI4).off_by
    assert 0.3 < math.exp(of(PI4).log_times) < 0.4


def test_few_models_another_architecture_and_another_runtime_tell_nothing():
    assert of(PI4, pairs=figures(2)).n == 2
    assert of(PI4, pairs=figures(1)) is None
    assert of(targets.load("intel-n100"), pairs=figures(4)) is None
    assert of(PI4, ("onnxruntime", "int8-static"), figures(4)) is None
    assert of(PI4, ("litert", "int8-dynamic"), figures(4)) is None


def test_what_an_evidence_is_worth_is_what_published_figures_give():
    off = by_published.off_by(PAIRS)
    claimed = (
        gains.SAME_CORE,
        gains.OTHER_CORES,
        suggest.HERE_SAME_ARCH,
        suggest.HERE_OTHER_ARCH,
    )
    assert tuple(round(one, 2) for one in off.values()) == claimed
    assert list(off.values()) == sorted(off.values())


def test_with_each_model_left_out_the_faster_form_is_suggested_in_85_percent():
    told = by_published.told()
    share = told["share"]
    assert told["pairs"] == len(told["rows"]) == 72
    assert share["suggested"] >= 0.85
    assert share["suggested, family left out"] >= 0.85
    assert share["suggested"] > 0.81 > share["int8 always first"] >= share["profile's order"]
    kept = Path(by_published.__file__).with_name("published.json")
    assert json.loads(kept.read_text("utf-8")) == told
