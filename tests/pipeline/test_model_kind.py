"""What a model seems to be."""

from __future__ import annotations

import pytest

from edgeopt.domain.tensor import TensorSpec
from edgeopt.pipeline.model_kind import generates, kind_of
from edgeopt.sources.source import Inspected, OpenSpec


def spec(name, *shape, dtype="float32"):
    return TensorSpec(name=name, dtype=dtype, shape=shape)


IMAGE = spec("images", 1, 3, 64, 64)


@pytest.mark.parametrize(
    ("inputs", "outputs", "name", "detail"),
    [
        ([IMAGE], [spec("y", 1, 10)], "classifier", "10"),
        ([spec("x", 1, 30)], [spec("y", 1, 2)], "classifier", "2"),
        ([IMAGE], [spec("y", 1, 10, 1, 1)], "classifier", "10"),
        ([spec("x", 1, 30)], [spec("y", 1, 1)], "one number", ""),
        ([IMAGE], [spec("y", 1, 21, 64, 64)], "segmentation", "1x21x64x64"),
        ([IMAGE], [spec("a", 1, 5), spec("b", 1, 5)], "unknown", ""),
        (
            [spec("ids", 1, 16, dtype="int64")],
            [spec("logits", 1, 16, 32000)],
            "language model",
            "32000",
        ),
        ([spec("ids", 1, 16, dtype="int64")], [spec("tags", 1, 16, 9)], "unknown", ""),
        (
            [spec("x", 1, 30), spec("h_in", 1, 8)],
            [spec("y", 1, 3), spec("h_out", 1, 8)],
            "memory",
            "h_out=h_in",
        ),
    ],
)
def test_by_names_and_shapes(inputs, outputs, name, detail):
    found = kind_of(inputs, outputs, ())
    assert (found.name, found.detail) == (name, detail)


@pytest.mark.parametrize(
    ("name", "generating"),
    [("past_key_values.0.key", True), ("KV_cache_3", True), ("input_ids", False), ("state", False)],
)
def test_a_cache_of_the_past_shows_by_its_name(name, generating):
    inputs = tuple(OpenSpec(name=one, dtype="float32", shape=(1, 2)) for one in ("x", name))
    assert generates(Inspected(path="m", format="onnx", inputs=inputs)) is generating
