"""Published latencies and what is predicted from them; pure, but for reading the file."""

from __future__ import annotations

import contextlib
import io
import math
import re
from pathlib import Path

import msgspec
import pytest

from edgeopt import targets
from edgeopt.domain.published import Published, model_key
from edgeopt.report import published_table
from edgeopt.targets import predict, published

ROWS = published.rows()
PI3, PI4, PI5, ZERO = (
    targets.load(f"raspberry-pi-{name}") for name in ("3b-plus", "4", "5", "zero-2w")
)


def row(**fields) -> Published:
    plain = dict.fromkeys(Published.__struct_fields__, "")
    plain |= {"unit": "CPU", "threads": "4", "precision": "fp32", "runtime": "ncnn",
              "latency_ms": 1.0, "latency_min_ms": None, "source": "a table"}  # fmt: skip
    return Published(**{**plain, **fields})


def pairs(ratios, **fields) -> list[Published]:
    """A figure of 10 ms on a Pi 4, and of 10 * ratio on a Pi 3B+, for each of several models."""
    found = []
    for number, ratio in enumerate(ratios):
        name = f"model{chr(ord('a') + number)}"
        found.append(row(target=PI4.name, model=name, latency_ms=10.0, **fields))
        found.append(row(target=PI3.name, model=name, latency_ms=10.0 * ratio, **fields))
    return found


def test_every_row_has_a_source_a_time_and_a_known_target():
    assert len(ROWS) == 974
    for one in ROWS:
        assert one.source.startswith("github.com/")
        assert one.source_ref
        assert 0.05 < one.latency_ms < 20_000, one  # ms: neither us nor s
        assert one.latency_min_ms is None or one.latency_min_ms <= one.latency_ms * 1.001
        assert one.target in ("", *targets.names())


def test_a_device_stands_for_one_target_and_no_overclocked_or_32_bit_one_does():
    stands = {one.device: one.target for one in ROWS}
    assert all(stands[one.device] == one.target for one in ROWS)
    assert stands["Raspberry Pi 4B"] == stands["Raspberry Pi 4B (ARM64)"] == "raspberry-pi-4"
    for word in ("OVERCLOCKED", "armhf", "Coral"):
        assert {target for device, target in stands.items() if word in device} == {""}


def test_the_figures_that_profiles_quote_are_in_the_table():
    """targets/raspberry-pi-4.toml: MobileNetV2 in 17 ms int8 and 46 ms fp32, ncnn in 62 ms."""
    found = {
        (one.runtime, one.as_precision): one.latency_ms
        for one in published.of_target("raspberry-pi-4")
        if model_key(one.model) == "mobilenetv2" and one.threads in ("4", "all")
    }
    assert found == {
        ("XNNPACK end2end-bench", "fp32"): 46.0,
        ("XNNPACK end2end-bench", "int8-static"): 17.0,
        ("ncnn", "fp32"): pytest.approx(62, abs=0.5),
    }


def test_a_band_of_the_very_model_on_the_very_target():
    found = predict.from_published(ROWS, PI4, "mobilenet_v2", "fp32")
    times = [46.0, 61.91, 93.53]  # XNNPACK all threads, ncnn 4 and 1
    assert found.n == 3
    assert found.p50_ms == pytest.approx(times[1], rel=0.01)
    assert found.low_ms == pytest.approx(0.6 * times[0])
    assert found.high_ms == pytest.approx(1.7 * times[2], rel=0.01)
    assert len(found.sources) == 2


def test_no_band_for_what_is_not_published():
    assert predict.from_published(ROWS, PI4, "my_model", "fp32") is None
    assert predict.from_published(ROWS, PI4, "mobilenet_v2", "int8-dynamic") is None
    assert predict.from_published(ROWS, PI5, "efficientnet_b0", "fp32") is None  # fp16 ran there


def test_figures_of_the_same_cores_serve_scaled_by_the_clock():
    own = predict.from_published(ROWS, PI3, "resnet50", "int8-static")
    assert predict.from_published(ROWS, ZERO, "resnet50", "int8-static") is None
    found = predict.from_published(ROWS, ZERO, "resnet50", "int8-static", (PI5, PI3))
    assert found.p50_ms == pytest.approx(own.p50_ms * 1.4)
    assert "raspberry-pi-3b-plus" in found.basis
    assert "clock" in found.basis


def test_one_scale_is_the_median_ratio_and_errs_as_models_left_out_do():
    rows = pairs([1.8, 1.9, 2.0, 2.1, 2.6])
    found = predict.by_transfer(rows, 20.0, PI4, PI3, "openvino", "fp32", 4)
    assert found.p50_ms == pytest.approx(40.0)
    assert found.n == 5
    error = 2.6 / 1.95 - 1  # the last, left out; the others' median is the mean of two logs
    low, high = found.p50_ms / found.low_ms, found.high_ms / found.p50_ms
    assert low == high == pytest.approx((1 + error) * predict.OTHER_RUNTIME, rel=0.001)


def test_agreement_of_all_models_still_claims_no_less_than_the_method_allows():
    rows = pairs([2.0] * 6, runtime="XNNPACK end2end-bench")
    found = predict.by_transfer(rows, 20.0, PI4, PI3, "litert", "fp32", 4)
    assert found.high_ms / found.p50_ms == pytest.approx(1 + predict.OTHER_CORE)
    near = [
        msgspec.structs.replace(r, target=ZERO.name) if r.target == PI4.name else r for r in rows
    ]
    found = predict.by_transfer(near, 20.0, ZERO, PI3, "litert", "fp32", 4)
    assert found.high_ms / found.p50_ms == pytest.approx(1 + predict.SAME_CORE)


@pytest.mark.parametrize(
    "why",
    [
        {"runtime": "litert", "precision": "int8-static"},  # only fp32 is published
        {"runtime": "litert", "precision": "fp32", "threads": 1},  # only 4 threads are
        {"runtime": "litert", "precision": "int8-dynamic"},
    ],
)
def test_nothing_is_predicted_across_precisions_or_threads(why):
    rows = pairs([1.8, 1.9, 2.0, 2.1, 2.2])
    asked = {"threads": 4, **why}
    assert predict.by_transfer(rows, 20.0, PI4, PI3, **asked) is None


def test_nothing_is_predicted_from_few_models_or_other_units():
    assert predict.by_transfer(pairs([2.0] * 3), 20.0, PI4, PI3, "litert", "fp32", 4) is None
    other = pairs([2.0] * 6, unit="GPU(Vulkan)")
    assert predict.by_transfer(other, 20.0, PI4, PI3, "litert", "fp32", 4) is None


def test_fp32_of_a_pi_4_says_nothing_about_a_pi_5_where_fp16_ran():
    """ncnn computes in fp16 on a Raspberry Pi 5: the label is another, so nothing is claimed."""
    assert predict.by_transfer(ROWS, 20.0, PI4, PI5, "litert", "fp32", 4) is None
    assert predict.by_transfer(ROWS, 20.0, PI4, PI5, "litert", "int8-static", 4) is not None


def test_the_interval_holds_for_nine_in_ten_published_models():
    """Each model of ncnn's table in turn is measured on one board and known on the other."""
    held = []
    for one, other in ((PI4, PI3), (PI3, PI4)):
        for precision, threads in (("fp32", 1), ("fp32", 4), ("int8-static", 4)):
            for model in {r.model for r in ROWS if r.target == one.name}:
                held += _held(one, other, precision, threads, model)
    assert len(held) > 60
    assert sum(held) / len(held) >= 0.9


def _held(one, other, precision, threads, model) -> list[bool]:
    def ms(target):
        return [
            r.latency_min_ms
            for r in ROWS
            if (r.target, r.model, r.as_precision, r.threads, r.runtime)
            == (target.name, model, precision, str(threads), "ncnn")
        ]

    rest = [r for r in ROWS if r.model != model and r.runtime == "ncnn"]
    measured, known = ms(one), ms(other)
    if not measured or not known:
        return []
    found = predict.by_transfer(rest, measured[0], one, other, "litert", precision, threads)
    spread = predict.OTHER_RUNTIME  # the same runtime here: its own width only
    return [found.low_ms * spread <= known[0] <= found.high_ms / spread]


def test_the_table_names_figures_with_their_sources():
    rows, sources = published_table.rows(
        [row(model="m", threads="1", latency_ms=20.0), row(model="m", source="b"), row(model="n")]
    )
    assert rows[0].figures == ("1.00 ms ncnn, 4 threads [2]", "20.0 ms ncnn, 1 thread [1]")
    assert [r.model for r in rows] == ["m", "n"]
    assert sources == ["a table @", "b @"]


def test_the_table_of_errors_is_what_its_script_prints():
    text = (Path(__file__).parents[2] / "docs" / "targets.md").read_text("utf-8")
    (script,) = re.findall(r"^```python\n([^`]*left_out_error[^`]*)^```$", text, re.MULTILINE)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(script, {})
    assert printed.getvalue().count("\n") > 6
    assert printed.getvalue() in text


def test_left_out_error_of_equal_ratios_is_none():
    assert predict.left_out_error([math.log(2)] * 5) == 0.0
