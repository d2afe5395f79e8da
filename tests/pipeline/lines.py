"""A reader of lines of any width, made by hand, and lines that it can read."""

from __future__ import annotations

from pathlib import Path

import numpy as np

#: Height of a line, width of a letter; it is light above ("a"), below ("b") or all over ("c").
HEIGHT, WIDTH = 8, 4
LETTERS = "abc"
SIZES = (16, 32, 64)


def model(path: Path, dtype: str = "float32") -> Path:
    """[1, 1, 8, "width"] -> [1, width / 4, 4]: a step a letter, class 0 is the blank.

    The width passes through a Shape and a Reshape, as exporters write it.
    """
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    above = np.zeros((HEIGHT, WIDTH), np.float32)
    above[: HEIGHT // 2] = 1 / 16
    below = above[::-1]
    # Weights of the blank, a, b and c; pixels are -1 to 1.
    kernels = np.stack([-above - below, above - below, below - above, above + below])[:, None]
    constants = {
        "w": 4 * kernels.astype(np.float32),
        "bias": np.zeros(4, np.float32),
        "at": np.array([3], np.int64),
        "lead": np.array([1, 4], np.int64),
    }
    nodes = [
        helper.make_node("Conv", ["line", "w", "bias"], ["map"], strides=[HEIGHT, WIDTH]),
        helper.make_node("Shape", ["map"], ["sides"]),
        helper.make_node("Gather", ["sides", "at"], ["steps"]),
        helper.make_node("Concat", ["lead", "steps"], ["flat"], axis=0),
        helper.make_node("Reshape", ["map", "flat"], ["rows"]),
        helper.make_node("Transpose", ["rows"], ["logits"], perm=[0, 2, 1]),
        helper.make_node("Softmax", ["logits"], ["y"], axis=2),
    ]
    kind = TensorProto.FLOAT
    graph = helper.make_graph(
        nodes,
        "reader",
        [helper.make_tensor_value_info("line", kind, ["batch", 1, HEIGHT, "width"])],
        [helper.make_tensor_value_info("y", kind, ["batch", "steps", 4])],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    opset = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=8), path)
    return path


def pixels(text: str) -> np.ndarray:
    """uint8[8, 8 * letters - 4]: each letter, and a dark gap between two."""
    image = np.zeros((HEIGHT, 2 * WIDTH * len(text) - WIDTH), np.uint8)
    for i, letter in enumerate(text):
        rows = {"a": slice(0, 4), "b": slice(4, 8), "c": slice(0, 8)}[letter]
        image[rows, 2 * WIDTH * i : 2 * WIDTH * i + WIDTH] = 255
    return image


def texts(count: int) -> list[str]:
    """Of 1 to 8 letters, so that all sizes occur."""
    rng = np.random.default_rng(3)
    return ["".join(rng.choice(list(LETTERS), 1 + i % 8)) for i in range(count)]


def write(folder: Path, count: int) -> Path:
    """Images, lines.tsv and alphabet.txt; returns the file of lines."""
    from PIL import Image

    (folder / "lines").mkdir(parents=True)
    rng, rows = np.random.default_rng(4), []
    for i, text in enumerate(texts(count)):
        image = pixels(text)
        noisy = np.clip(image + rng.normal(0, 8, image.shape), 0, 255).astype(np.uint8)
        Image.fromarray(noisy).save(folder / "lines" / f"{i:03d}.png")
        rows.append(f"{i:03d}.png\t{text}")
    (folder / "lines.tsv").write_text("\n".join(rows) + "\n")
    (folder / "alphabet.txt").write_text("\n".join(LETTERS) + "\n")
    return folder / "lines.tsv"
