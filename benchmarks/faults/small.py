"""Small models and data that cases are made of, and a target with a single runtime."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.faults import profile


def one_runtime(folder: Path, runtime: str = "onnxruntime") -> None:
    """Writes one.toml: a target with fp32 in one runtime, which nothing is timed on."""
    profile.write(folder, (runtime, "fp32"), name="one", match=None)


def linear(
    folder: Path, classes: int, width: int, noise: float, samples: int, embed: bool = False
) -> tuple[str, str]:
    """x [batch, width] -> its likeness to each class, [batch, classes]; with `embed` x, turned."""
    from onnx import TensorProto

    rng = np.random.default_rng(0)
    centres = rng.normal(size=(classes, width))
    labels = rng.integers(0, classes, samples)
    x = (centres[labels] + noise * rng.normal(size=(samples, width))).astype(np.float32)
    turn = np.linalg.qr(rng.normal(size=(width, width)))[0]
    weights = (turn if embed else centres.T).astype(np.float32)
    bias = np.zeros(width) if embed else -0.5 * (centres**2).sum(axis=1)
    _save(
        folder,
        [("MatMul", ["x", "w"], ["wx"], {}), ("Add", ["wx", "b"], ["y"], {})],
        ("x", TensorProto.FLOAT, ["batch", width]),
        ("y", TensorProto.FLOAT, ["batch", weights.shape[1]]),
        {"w": weights, "b": bias.astype(np.float32)},
    )
    np.savez(folder / "data.npz", x=x, labels=labels)
    return "model.onnx", "data.npz"


def pictures(folder: Path, mean: float, scale: float) -> tuple[str, str]:
    """image [batch, 3, 8, 10], from whole pixels -> which of its channels is the brightest."""
    from onnx import TensorProto

    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 200, (240, 3, 8, 10))
    labels = rng.integers(0, 3, 240)
    pixels[np.arange(240), labels] += 40
    _save(
        folder,
        [("Conv", ["image", "w"], ["c"], {}), ("GlobalAveragePool", ["c"], ["p"], {}),
         ("Flatten", ["p"], ["scores"], {})],
        ("image", TensorProto.FLOAT, ["batch", 3, 8, 10]),
        ("scores", TensorProto.FLOAT, ["batch", 3]),
        {"w": np.eye(3, dtype=np.float32).reshape(3, 3, 1, 1)},
    )  # fmt: skip
    image = ((pixels - mean) * scale).astype(np.float32)
    np.savez(folder / "data.npz", image=image, labels=labels)
    return "model.onnx", "data.npz"


def _save(
    folder: Path,
    nodes: list[tuple[str, list[str], list[str], dict[str, object]]],
    given: tuple[str, int, list[str | int]],
    answer: tuple[str, int, list[str | int]],
    weights: dict[str, np.ndarray],
) -> None:
    import onnx
    from onnx import helper, numpy_helper

    graph = helper.make_graph(
        [helper.make_node(kind, ins, outs, **more) for kind, ins, outs, more in nodes],
        "g",
        [helper.make_tensor_value_info(*given)],
        [helper.make_tensor_value_info(*answer)],
        [numpy_helper.from_array(array, name) for name, array in weights.items()],
    )
    opset = helper.make_opsetid("", 17)
    onnx.save(
        helper.make_model(graph, opset_imports=[opset], ir_version=8), str(folder / "model.onnx")
    )
