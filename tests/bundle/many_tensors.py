"""An artifact by hand with tensors of many kinds; no runtime opens it."""

from __future__ import annotations

import numpy as np

from edgeopt.domain.artifact import Artifact
from edgeopt.domain.recipe import Recipe
from edgeopt.domain.record import Record
from edgeopt.domain.run import SourceFacts
from edgeopt.domain.tensor import Binding, TensorSpec

#: An image channels first, quantized and channels last in the file; a number; indices; a mask.
NAMES = ("image", "rate", "ids", "mask", "scores", "class", "flags")


def made(runtime, names=NAMES, file="model.bin"):
    """(record, artifact, source facts, {file: bytes}).

    Args:
        names: of four inputs and three outputs, in the source; the file's have ":0" behind them.
    """
    own = dict(zip(NAMES, names, strict=True))
    quantized = {"dtype": "int8", "scale": 0.05, "zero_point": -7}
    inputs = (
        _bound(own["image"], 0, (1, 4, 5, 3), permute=(0, 2, 3, 1), **quantized),
        _bound(own["rate"], 2, (1,), dtype="uint8", scale=0.01, zero_point=128),
        _bound(own["ids"], 1, (2, 3), dtype="int32"),
        _bound(own["mask"], 3, (1, 2), dtype="bool"),
    )
    outputs = (
        _bound(own["scores"], 1, (1, 4, 5, 2), permute=(0, 2, 3, 1), **quantized),
        _bound(own["class"], 0, (1,), dtype="int32"),
        _bound(own["flags"], 2, (6,), dtype="float32"),
    )
    recipe = Recipe(runtime=runtime, precision="int8-static", threads=2)
    facts = SourceFacts(
        path="m.onnx", format="onnx", sha256="a" * 64, size_bytes=1, operators={},
        inputs=(
            TensorSpec(name=own["image"], dtype="float32", shape=(1, 3, 4, 5)),
            TensorSpec(name=own["rate"], dtype="float64", shape=()),
            TensorSpec(name=own["ids"], dtype="int64", shape=(2, 3)),
            TensorSpec(name=own["mask"], dtype="bool", shape=(1, 2)),
        ),
        outputs=(
            TensorSpec(name=own["scores"], dtype="float32", shape=(1, 2, 4, 5)),
            TensorSpec(name=own["class"], dtype="int64", shape=(1,)),
            TensorSpec(name=own["flags"], dtype="float64", shape=(2, 3)),
        ),
    )  # fmt: skip
    artifact = Artifact(
        recipe=recipe, path=f"artifacts/a/{file}", files={file: "0" * 64}, sha256="0" * 64,
        size_bytes=1, inputs=inputs, outputs=outputs, source_sha256="a" * 64, tools={},
        convert_s=1.0,
    )  # fmt: skip
    record = Record(
        target="t", device="local", runtime=runtime, precision="int8-static", recipe_id=recipe.id,
        recipe=recipe, status="ok", step=None,
    )  # fmt: skip
    return record, artifact, facts


def _bound(source, index, shape, dtype, permute=None, scale=None, zero_point=None):
    return Binding(
        source=source, name=f"{source}:0", index=index, dtype=dtype, shape=shape, permute=permute,
        scale=scale, zero_point=zero_point,
    )  # fmt: skip


def sample(seed=0):
    """One of each input: values at the ends of the integers' range, and halves between steps."""
    rng = np.random.default_rng(seed)
    image = rng.normal(0, 4, (1, 3, 4, 5)).astype(np.float32)
    image[0, 0, 0] = [100, -100, 0.025, 0.075, -0.025]
    return {
        "image": image,
        "rate": np.float64(0.735),
        "ids": rng.integers(-5, 1 << 20, (2, 3)),
        "mask": np.array([[True, False]]),
    }


def answers(seed=0):
    """What the runtime would give, by position."""
    rng = np.random.default_rng(seed)
    return [
        np.array([7], np.int32),
        rng.integers(-128, 128, (1, 4, 5, 2), np.int8),
        rng.normal(size=6).astype(np.float32),
    ]
