"""A detector of red and green squares that needs no training, and scenes for it."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from edgeopt.datasets.annotations.annotated import Annotated, Objects
from edgeopt.datasets.marked_images import MarkedImages
from edgeopt.datasets.samples import Samples
from edgeopt.decoding.placement import placement
from edgeopt.decoding.preparation import Preparation

SIDE, CELL = 64, 8
NAMES = ("red", "green")


def scenes(count, seed=0):
    """(float32[count, 3, 64, 64] of 0..1, Objects of each): squares of 8 pixels on a dim ground."""
    rng = np.random.default_rng(seed)
    images = rng.uniform(0, 0.15, (count, 3, SIDE, SIDE)).astype(np.float32)
    objects = []
    for image in images:
        cells = rng.choice(64, int(rng.integers(1, 5)), replace=False)
        classes = rng.integers(0, 2, len(cells))
        boxes = [
            _painted(image, *divmod(int(cell), 8), int(of), rng)
            for cell, of in zip(cells, classes, strict=True)
        ]
        objects.append(_objects(np.array(boxes, np.float64), classes.astype(np.int64)))
    return images, tuple(objects)


def _painted(image, row, column, of, rng):
    top, left = row * CELL, column * CELL
    image[of, top : top + CELL, left : left + CELL] = rng.uniform(0.3, 1.0)
    return left, top, left + CELL, top + CELL


def _objects(boxes, classes):
    none = np.zeros(len(boxes), bool)
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    return Objects(boxes, classes, none, none, areas)


def write(folder, count, seed=0):
    """The scenes as Ultralytics has them: images, a text file of boxes each, data.yaml."""
    from PIL import Image

    for name in ("images/val", "labels/val"):
        (folder / name).mkdir(parents=True)
    images, objects = scenes(count, seed)
    for i, (image, of) in enumerate(zip(images, objects, strict=True)):
        pixels = np.round(image.transpose(1, 2, 0) * 255).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"images/val/{i:04}.png")
        lines = [f"{c} {(x + CELL / 2) / SIDE} {(y + CELL / 2) / SIDE} {CELL / SIDE} {CELL / SIDE}"
                 for c, (x, y, _, _) in zip(of.classes, of.boxes, strict=True)]  # fmt: skip
        (folder / f"labels/val/{i:04}.txt").write_text("\n".join(lines), "utf-8")
    names = "".join(f"  {i}: {name}\n" for i, name in enumerate(NAMES))
    text = f"path: {folder}\ntrain: images/val\nval: images/val\nnames:\n{names}"
    (folder / "data.yaml").write_text(text, "utf-8")
    return folder / "data.yaml"


def samples(folder, count, seed=0):
    """The same as annotated images in memory; their files lie in `folder`."""
    write(folder, count, seed)
    images, objects = scenes(count, seed)
    paths = tuple(sorted((folder / "images/val").iterdir()))
    annotated = Annotated(paths, np.full((count, 2), SIDE), objects, names=NAMES, origin="scenes")
    place = placement("letterbox", (SIDE, SIDE), (SIDE, SIDE))
    prepared = Preparation("letterbox", (SIDE, SIDE), scale=(1 / 255,) * 3)
    marks = MarkedImages(annotated, (place,) * count, prepared)
    return Samples({"images": images}, origin="scenes", marks=marks)


def model(path):
    """Ultralytics' layout [1, 4 + classes, points] of strides 8, 16 and 32."""
    points = 64 + 16 + 4
    boxes = np.concatenate([_grid(8), _grid(16), _grid(32)], axis=1).astype(np.float32)[None]
    mean = np.zeros((2, 3, CELL, CELL), np.float32)
    mean[0, 0] = mean[1, 1] = 1 / CELL**2
    nodes = [
        helper.make_node("Conv", ["images", "mean"], ["small"], strides=[8, 8]),
        helper.make_node("Reshape", ["small", "flat"], ["fine"]),
        helper.make_node("MaxPool", ["small"], ["half"], kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("MaxPool", ["small"], ["quarter"], kernel_shape=[4, 4], strides=[4, 4]),
        helper.make_node("Reshape", ["half", "flat"], ["coarse"]),
        helper.make_node("Reshape", ["quarter", "flat"], ["coarsest"]),
        helper.make_node("Mul", ["coarse", "less"], ["coarse_less"]),
        helper.make_node("Mul", ["coarsest", "less"], ["coarsest_less"]),
        helper.make_node("Concat", ["fine", "coarse_less", "coarsest_less"], ["scores"], axis=2),
        helper.make_node("Concat", ["boxes", "scores"], ["output0"], axis=1),
    ]
    constants = {"mean": mean, "flat": np.array([1, 2, -1]), "boxes": boxes,
                 "less": np.array(0.001, np.float32)}  # fmt: skip
    graph = helper.make_graph(
        nodes, "squares",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, SIDE, SIDE])],
        [helper.make_tensor_value_info("output0", TensorProto.FLOAT, [1, 6, points])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )  # fmt: skip
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(made)
    onnx.save(made, path)
    return path


def _grid(stride):
    """x, y of the middle, width and height of each cell, [4, cells]."""
    cells = SIDE // stride
    y, x = np.divmod(np.arange(cells * cells), cells)
    side = np.full(cells * cells, stride)
    return np.stack([(x + 0.5) * stride, (y + 0.5) * stride, side, side])
