"""A GPU, an NPU or XNNPACK: offered where a device has it, spoken of where it should."""

from __future__ import annotations

import msgspec
import pytest

from edgeopt import convert, runtimes, targets
from edgeopt.domain.recipe import Recipe
from edgeopt.domain.target import Gpu
from edgeopt.report import obstacle_words
from edgeopt.search import providers
from edgeopt.search.find import is_own_fp32, is_plain
from edgeopt.search.options import variants
from edgeopt.search.space import recipe_space
from tests.search.test_find import record
from tests.search.test_space import profile, rule, source

F32 = {"INFERENCE_PRECISION_HINT": "f32"}
BOX = profile(
    rule("openvino", "int8-static", options=F32),
    rule("openvino", "fp32", options=F32),
    rule("onnxruntime", "fp32"),
    threads=(1, 2),
)


def added(there, of=BOX):
    """What comes after the profile's own recipes."""
    own, found = (recipe_space(of, (), 4, source(), convert.find, given) for given in ({}, there))
    assert found.recipes[: len(own.recipes)] == own.recipes
    return [str(recipe) for recipe in found.recipes[len(own.recipes) :]]


HALF = "INFERENCE_PRECISION_HINT=f16"


@pytest.mark.parametrize(
    ("there", "expected"),
    [
        ({}, []),
        ({"openvino": ()}, []),
        (
            {"openvino": ("GPU",)},  # it takes no number of threads
            [
                f"openvino fp16 threads=1 DEVICE=GPU {HALF}",
                "openvino int8-static (nncf, min-max, per-channel, symmetric activations, fast "
                f"bias correction, overflow fix) threads=1 DEVICE=GPU {HALF}",
            ],
        ),
        (
            {"onnxruntime": ("XNNPACK",)},
            [
                "onnxruntime fp32 threads=2 provider=XNNPACK",
                "onnxruntime fp32 threads=1 provider=XNNPACK",
                *(
                    f"onnxruntime int8-static (onnxruntime, min-max, per-channel) threads={threads}"
                    " provider=XNNPACK"
                    for threads in (2, 1)
                ),
            ],
        ),
        ({"openvino": ("TPU",), "litert": ("GPU",)}, []),  # none that a converter knows
    ],
)
def test_what_a_device_has_is_offered_after_the_profiles_own(there, expected):
    assert added(there) == expected


def test_both_of_a_laptop():
    found = added({"openvino": ("GPU", "NPU")})
    assert [word for name in found for word in name.split() if word.startswith("DEVICE")] == [
        "DEVICE=GPU", "DEVICE=GPU", "DEVICE=NPU", "DEVICE=NPU",
    ]  # fmt: skip


def test_a_runtime_that_the_profile_does_not_serve_adds_nothing():
    assert added({"openvino": ("GPU",)}, profile(rule("onnxruntime"), threads=(1,))) == []


def left(of, there):
    found = recipe_space(of, (), 4, source(), convert.find, there).left_out
    return [(one.runtime, one.precision, obstacle_words.reason(one.why)) for one in found]


def test_it_is_missed_only_where_the_profile_says_there_is_one():
    assert left(BOX, {}) == []
    known = msgspec.structs.replace(BOX, gpu=Gpu(model="UHD Graphics 730"))
    why = "no device at hand whose openvino sees the GPU (UHD Graphics 730)"
    line = ("openvino", "DEVICE=GPU", why)
    assert left(known, {}) == left(known, {"openvino": ("NPU",)}) == [line]
    assert left(known, {"openvino": ("GPU",)}) == []


def test_of_the_shipped_profiles_two_say_so():
    found = {name: providers.left_out(targets.load(name), {}) for name in targets.names()}
    assert {name for name, those in found.items() if those} == {"intel-core-12th-gen", "intel-n100"}


def test_the_settings_of_the_processor_are_not_swept_on_a_gpu():
    on_gpu = Recipe(runtime="openvino", precision="fp16", options={"DEVICE": "GPU"}, threads=1)
    assert variants(on_gpu, (), 4, 9) == []
    assert variants(msgspec.structs.replace(on_gpu, options={}), (), 4, 9) != []


def test_it_is_never_what_others_are_compared_with():
    plain = record(runtime="onnxruntime", precision="fp32")
    helped = record(runtime="onnxruntime", precision="fp32", provider="XNNPACK")
    assert is_plain(plain)
    assert not is_plain(helped)
    assert is_own_fp32(plain, helped)
    assert not is_own_fp32(helped, plain)


@pytest.mark.parametrize("name", sorted(convert.CONVERTERS))
def test_rules_name_a_provider_that_sessions_know(name):
    spec = runtimes.spec(name)
    rules = providers.rules_of(spec)
    assert bool(rules) == bool(spec.provider_option) == hasattr(runtimes.load(name), "providers")
    for one in rules:
        assert one.runtime == name
        assert one.precision in targets.offers()[name]
        assert one.options[spec.provider_option] != "CPU"
