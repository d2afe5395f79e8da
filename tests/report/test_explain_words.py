"""The sentence that explains a difference, on recorded profiles."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from edgeopt.attribution.compare import compute_costs, costs, layer_costs
from edgeopt.attribution.layers import named
from edgeopt.attribution.reasons import reasons
from edgeopt.domain.explanation import Explanation, Side
from edgeopt.domain.latency import Latency, Verdict
from edgeopt.report import explain_table
from edgeopt.report.explain_words import caveats, headline, sentence
from tests.attribution import recorded
from tests.attribution.recorded import SOURCE, op, profile


def side(found, precision, p50=None, stage="final", threads=2):
    latency = None
    if p50 is not None:
        latency = Latency(
            p50=p50, p50_low=p50, p50_high=p50, p90=None, n=99, launches=3, stage=stage
        )
    return Side(
        recipe_id=precision,
        title=f"{found.runtime} {precision} threads={threads}",
        runtime=found.runtime,
        precision=precision,
        threads=threads,
        latency_ms=latency,
        profile=named(found, SOURCE),
    )


def verdict(word, ratio, low=None, high=None):
    return Verdict(
        word=word, ratio=ratio, low=low, high=high, over="b", pairs=36, launches=3, margin=0.02
    )


def said(a, b, found=None):
    x, y = a.profile, b.profile
    return sentence(a, b, found, costs(x, y), compute_costs(x, y), layer_costs(x, y))


def test_a_slower_one_names_what_slows_it_the_largest_first():
    text = said(
        side(recorded.ORT_DYNAMIC, "int8-dynamic", 178.0),
        side(recorded.ORT_FP32, "fp32", 10.0),
        verdict("SLOWER", 0.058, 0.052, 0.066),
    )
    assert text.startswith(
        "onnxruntime int8-dynamic is slower than onnxruntime fp32, 0.0580× as fast "
        "(SLOWER, 95 % CI 0.0520 to 0.0660, p50 178 ms and 10.0 ms): "
    )
    # one of three convolutions was left in float, and is no slower by it
    parts = text.split(": ", 1)[1].split("; ")
    assert parts[0].startswith("3 convolutions and matrix products take 37.2 ms instead of 2.19 ms")
    assert parts[1].startswith("4 other operators cost 5.16 ms instead of 0.0760 ms for 2")
    assert "The layers that differ most: node_Conv_877 (21.8 ms instead of 0.766 ms), " in text


def test_what_fell_back_to_float_is_told_apart():
    back = profile(
        "onnxruntime",
        op("node_Conv_877_token_1", "QLinearConv", 300),
        op("node_Conv_878", "Conv", 1900, "fp32"),
        op("node_Conv_809", "Conv", 900, "fp32"),
        op("hardtanh_DequantizeLinear", "DequantizeLinear", 450, "int8", "fp32"),
        op("hardtanh_1_QuantizeLinear", "QuantizeLinear", 450, "fp32", "int8"),
        op("node_linear", "QGemm", 200),
    )
    text = said(
        side(back, "int8-static"),
        side(recorded.ORT_FP32, "fp32"),
        verdict("SLOWER", 0.7, 0.6, 0.8),
    )
    assert "2 convolutions and matrix products fell back to float and take 2.80 ms" in text
    assert "2 conversions cost 0.900 ms instead of 0.0630 ms for 1" in text
    against = text.split("Against that: ")[1]
    assert against.startswith("2 convolutions and matrix products take 0.500 ms instead of 1.54 ms")
    assert "(int8 against fp32)" in against
    weights = said(side(back, "int8-weights"), side(recorded.ORT_FP32, "fp32"))
    assert "fell back" not in weights, "its arithmetic is meant to be in float"


def test_reasons_are_values_with_what_they_rest_on():
    a, b = side(recorded.LITERT_DYNAMIC, "int8-dynamic"), side(recorded.LITERT_FP32, "fp32")
    x, y = a.profile, b.profile
    why = reasons(a, b, None, costs(x, y), compute_costs(x, y), layer_costs(x, y))
    [slow] = [one for one in why.because if one.kind == "slow-kernels"]
    assert (slow.a_count, slow.arithmetics) == (1, ("int8-dynamic", "fp32"))
    assert slow.more_ms == pytest.approx(6.23 - 0.656, abs=0.01)
    ordered = [one.more_ms for one in why.because]
    assert ordered == sorted(ordered, reverse=True)
    assert all(one.more_ms < 0 for one in why.against)
    assert why.layers[0].layer == "node_Conv_878"


def test_what_ran_outside_of_the_fast_kernels_is_told_apart():
    text = said(
        side(recorded.LITERT_DYNAMIC, "int8-dynamic"),
        side(recorded.LITERT_FP32, "fp32"),
        verdict("SLOWER", 0.47, 0.4, 0.5),
    )
    assert (
        "1 convolution or matrix product run outside of the runtime's fast kernels and takes "
        "6.23 ms instead of 0.656 ms (int8-dynamic against fp32)"
    ) in text
    assert "node_Conv_878 (6.23 ms instead of 0.656 ms)" in text


def test_a_faster_one():
    text = said(
        side(recorded.OV_STATIC, "int8-static", 5.15),
        side(recorded.ORT_FP32, "fp32", 10.0, stage="screen"),
        verdict("FASTER", 1.96, 1.8, 2.1),
    )
    assert text.startswith("openvino int8-static is 1.96× as fast as onnxruntime fp32 (FASTER, ")
    assert "p50" not in text, "figures of two schedules are not comparable"
    assert "4 convolutions and matrix products take 1.32 ms instead of 2.61 ms" in text
    assert "Against that: 2 conversions cost 0.262 ms instead of 0.0630 ms for 1" in text


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (verdict("EQUIVALENT", 1.004, 0.99, 1.01), "is as fast as"),
        (verdict("INCONCLUSIVE", 0.98), "is not shown to differ from"),
        (None, "the run has no verdict on these two, p50 2.00 ms and 3.00 ms; by the profile"),
    ],
)
def test_nothing_is_claimed_that_the_run_does_not_say(found, words):
    a = side(recorded.ORT_STATIC, "int8-static", 2.0)
    b = side(recorded.ORT_FP32, "fp32", 3.0)
    assert words in headline(a, b, found)


def test_two_that_are_alike_have_no_reasons():
    a = side(recorded.ORT_FP32, "fp32")
    text = said(a, side(recorded.ORT_FP32, "fp16"), verdict("EQUIVALENT", 1.0, 0.99, 1.01))
    assert text.endswith(": no kind of operator differs by 3.0 % of the slower one's time.")


def test_a_verdict_the_other_way_round():
    found = verdict("FASTER", 2.0, 1.6, 2.5).reversed("a")
    assert (found.word, found.ratio, found.over) == ("SLOWER", 0.5, "a")
    assert (found.low, found.high) == pytest.approx((0.4, 0.625))
    assert verdict("INCONCLUSIVE", 2.0).reversed("a").word == "INCONCLUSIVE"


def test_caveats():
    a = side(profile("litert", *recorded.LITERT_FP32.operators, plain_us=1200), "fp32", 0.9)
    b = side(recorded.ORT_FP32, "fp32", 2.8, threads=1)
    text = "\n".join(caveats(a, b))
    assert "not a measurement of latency" in text
    assert "litert fp32: an inference took 2.54 ms with the profiler and 1.20 ms without" in text
    assert "takes 1.20 ms now, 0.900 ms in the run" in text
    assert "No name of a layer survived in litert" in text
    assert "different numbers of threads" in text
    faster = profile("litert", *recorded.LITERT_FP32.operators, plain_us=4000)
    assert "session is a faster one" in "\n".join(caveats(side(faster, "fp32"), b))
    alike = caveats(b, b)
    assert len(alike) == 1


def test_the_tables_hold_every_kind_and_the_layers_that_differ_most():
    a, b = side(recorded.LITERT_DYNAMIC, "int8-dynamic"), side(recorded.LITERT_FP32, "fp32")
    x, y = a.profile, b.profile
    found = Explanation(
        target="here", a=a, b=b, verdict=None, costs=costs(x, y), layers=layer_costs(x, y),
        inputs="random, seed 0", device="this machine", sentence="So.", caveats=("Beware.",),
    )  # fmt: skip
    screen = io.StringIO()
    Console(file=screen, width=100).print(explain_table.render(found, top=2))
    text = screen.getvalue()
    lines = [line for line in text.splitlines() if line.strip()]
    assert lines[0] == "So."
    assert "7.50 ms in 4" in text
    assert "6.23 ms int8-dynamic, fallback" in text
    assert "DEPTHWISE_CONV_2D" in text
    assert "5 more with smaller differences" in text
    assert "random, seed 0; on this machine" in text
    assert lines[-1] == " - Beware."
    assert max(map(len, lines)) <= 100


def test_a_difference_that_no_kind_explains_is_not_said_to_be_many_small_ones():
    """One kind differs, and in the other direction."""
    a = profile("onnxruntime", op("node_Conv_877", "Conv", 500, "fp32"))
    b = profile("onnxruntime", op("node_Conv_877", "Conv", 900, "fp32"))
    text = said(side(a, "fp32"), side(b, "fp16"), verdict("SLOWER", 0.8, 0.7, 0.9))
    assert (
        ": no kind of operator differs by 3.0 % of the slower one's time in this direction. "
    ) in text
    assert "Against that: 1 convolution or matrix product takes 0.500 ms instead of 0.900" in text


ONE = profile("litert", op("node_Conv_877", "CONV_2D", 900, "fp32"), op("add", "ADD", 700, "fp32"))
BARE = profile("litert", op("delegate", "DELEGATE", 700, "fp32", layers=()))


def test_what_a_profile_does_not_name_is_not_said_to_take_no_time():
    text = said(side(BARE, "fp16"), side(ONE, "fp32"), verdict("FASTER", 2.0, 1.8, 2.2))
    assert "0 ms" not in text.replace("0.900 ms", "").replace("0.700 ms", "")
    assert (
        "its profile names none of the other's 1 convolution or matrix product (0.900 ms)" in text
    )
    assert "node_Conv_877 (0.900 ms in the other one's profile alone)" in text
    text = said(side(ONE, "fp32"), side(BARE, "fp16"), verdict("SLOWER", 0.5, 0.4, 0.6))
    assert (
        "1 convolution or matrix product takes 0.900 ms, and the other's profile names none of them"
    ) in text
    assert "node_Conv_877 (0.900 ms, and not in the other one's profile)" in text


def test_the_rest_of_the_layers_is_counted_of_those_that_took_time():
    idle = profile(
        "onnxruntime",
        *recorded.ORT_FP32.operators,
        *(op(f"view_{i}", "Reshape", 0, "fp32") for i in range(5)),
    )
    a, b = side(idle, "fp32"), side(idle, "fp16")
    x, y = a.profile, b.profile

    def shown(layers, top):
        found = Explanation(
            target="here", a=a, b=b, verdict=None, costs=costs(x, y), layers=layers,
            inputs="random, seed 0", device="this machine", sentence="So.", caveats=(),
        )  # fmt: skip
        screen = io.StringIO()
        Console(file=screen, width=100).print(explain_table.render(found, top=top))
        return screen.getvalue()

    layers = layer_costs(x, y)
    timed = sum(bool(row.a_ms or row.b_ms) for row in layers)
    assert len(layers) > timed
    assert f"… {timed - 2} more with smaller differences" in shown(layers, 2)
    assert "more with smaller" not in shown(layers, timed)
    nothing = tuple(row for row in layers if not row.a_ms)
    assert nothing
    assert "more with smaller" not in shown(nothing, 2)
    assert "layer" not in shown(nothing, 2)
