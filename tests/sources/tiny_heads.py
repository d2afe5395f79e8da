"""Tiny nets that end as detectors do, and some that do not: x[1, 3, 16, 16] on a grid of 8 by 8."""

import numpy as np
from onnx import helper, numpy_helper

from tests.sources.tiny_onnx import FLOAT, graph, tensor

SIZE, GRID, BINS, CLASSES = 16, 8, 8, 3
PLACES = GRID * GRID


class Net:
    """A graph that grows node by node; a tensor is called as the node that makes it."""

    def __init__(self, seed=0):
        self.nodes, self.weights = [], []
        self._rng = np.random.default_rng(seed)

    def add(self, kind, name, *inputs, outputs=(), **attributes):
        made = list(outputs) or [name]
        self.nodes.append(helper.make_node(kind, list(inputs), made, name, **attributes))
        return made if outputs else name

    def constant(self, name, values, kind=np.float32):
        self.weights.append(numpy_helper.from_array(np.asarray(values, kind), name))
        return name

    def conv(self, name, given, shape, scale=1.0, bias=0.0, **attributes):
        spread = scale / np.sqrt(np.prod(shape[1:]))
        weights = self.constant(f"{name}.weight", spread * self._rng.normal(size=shape))
        shift = self.constant(f"{name}.bias", np.full(shape[0], bias))
        return self.add("Conv", name, given, weights, shift, **attributes)

    def body(self):
        """Two convolutions: 8 channels."""
        down = {"strides": [2, 2], "pads": [1, 1, 1, 1]}
        first = self.add("Relu", "relu1", self.conv("stem", "x", (8, 3, 3, 3), **down))
        same = {"pads": [1, 1, 1, 1]}
        return self.add("Relu", "relu2", self.conv("neck", first, (8, 8, 3, 3), **same))

    def rows(self, name, given, channels):
        """[1, channels, GRID, GRID] as [1, channels, PLACES]."""
        shape = self.constant(f"{name}.shape", [1, channels, PLACES], np.int64)
        return self.add("Reshape", name, given, shape)

    def model(self, **outputs):
        return graph(
            self.nodes,
            [tensor("x", [1, 3, SIZE, SIZE])],
            [tensor(name, shape, FLOAT) for name, shape in outputs.items()],
            self.weights,
        )


def branches(net, boxes=4, classes=CLASSES):
    """The raw boxes and scores of two branches, as rows."""
    body = net.body()
    box = net.rows("box_rows", net.conv("box", body, (boxes, 8, 1, 1), scale=3.0), boxes)
    cls = net.rows("cls_rows", net.conv("cls", body, (classes, 8, 1, 1), 6.0, -1.0), classes)
    return box, cls


def dfl():
    """YOLOv8's: raw tensors joined and split again, bins weighted, pixels beside scores."""
    net = Net()
    raw = net.add("Concat", "raw", *branches(net, boxes=4 * BINS), axis=1)
    sizes = net.constant("sizes", [4 * BINS, CLASSES], np.int64)
    box, cls = net.add("Split", "split", raw, sizes, outputs=("bins", "logits"), axis=1)
    shape = net.constant("bins.shape", [1, 4, BINS, PLACES], np.int64)
    turned = net.add(
        "Transpose", "turned", net.add("Reshape", "shaped", box, shape), perm=[0, 2, 1, 3]
    )
    counts = net.constant("counts", np.arange(BINS).reshape(1, BINS, 1, 1))
    mean = net.add("Conv", "mean", net.add("Softmax", "softmax", turned, axis=1), counts)
    sides = net.rows("sides", mean, 4)
    centre = net.constant("centre", np.arange(4 * PLACES).reshape(1, 4, PLACES) % GRID)
    pixels = net.add("Mul", "pixels", net.add("Add", "placed", sides, centre),
                     net.constant("stride", [40.0]))  # fmt: skip
    net.add("Concat", "y", pixels, net.add("Sigmoid", "scores", cls), axis=1)
    return net.model(y=[1, 4 + CLASSES, PLACES])


def raw_grid():
    """YOLOX's: boxes as they come beside scores of 0 to 1."""
    net = Net()
    box, cls = branches(net)
    net.add("Concat", "y", box, net.add("Sigmoid", "scores", cls), axis=1)
    return net.model(y=[1, 4 + CLASSES, PLACES])


def one_convolution():
    """YOLOv5's: places and scores from one sigmoid."""
    net = Net()
    raw = net.rows("rows", net.conv("head", net.body(), (5, 8, 1, 1)), 5)
    sizes = net.constant("sizes", [4, 1], np.int64)
    box, score = net.add("Split", "split", net.add("Sigmoid", "shares", raw), sizes,
                         outputs=("box", "score"), axis=1)  # fmt: skip
    twice = net.add("Mul", "twice", box, net.constant("two", [2.0]))
    placed = net.add("Sub", "placed", twice, net.constant("half", [0.5]))
    pixels = net.add("Mul", "pixels", placed, net.constant("stride", [80.0]))
    net.add("Concat", "y", pixels, score, axis=1)
    return net.model(y=[1, 5, PLACES])


def exponential():
    """SSD's with its boxes decoded: sizes are exponentials; boxes and scores are two outputs."""
    net = Net()
    box, cls = branches(net)
    net.add("Mul", "boxes", net.add("Exp", "grown", box), net.constant("prior", [16.0]))
    net.add("Softmax", "scores", cls, axis=1)
    return net.model(boxes=[1, 4, PLACES], scores=[1, CLASSES, PLACES])


def best():
    """End to end: the best of all scores, in the graph."""
    net = Net()
    box, cls = branches(net, classes=1)
    number = net.constant("number", [5], np.int64)
    net.add("TopK", "topk", net.add("Sigmoid", "shares", cls), number,
            outputs=("scores", "places"), axis=2)  # fmt: skip
    net.add("Identity", "boxes", box)
    return net.model(boxes=[1, 4, PLACES], scores=[1, 1, 5])


def classifier():
    """Softmax over classes, and nothing behind it."""
    net = Net()
    shape = net.constant("flat", [1, 8], np.int64)
    pooled = net.add("Reshape", "row", net.add("GlobalAveragePool", "pool", net.body()), shape)
    weights = net.constant("head", np.random.default_rng(1).normal(size=(8, CLASSES)))
    net.add("Softmax", "y", net.add("MatMul", "logits", pooled, weights), axis=1)
    return net.model(y=[1, CLASSES])


def gated():
    """Sigmoids, a concatenation of unlike ranges and a softmax inside the body alone."""
    net = Net()
    body = net.body()
    gate = net.add("Sigmoid", "gate", net.conv("squeeze", body, (8, 8, 1, 1)))
    gated = net.add("Mul", "gated", body, gate)
    share = net.add("Softmax", "share", net.add("Mul", "large", gated,
                    net.constant("hundred", [100.0])), axis=1)  # fmt: skip
    both = net.add("Concat", "both", share, "large", axis=1)
    net.conv("y", both, (2, 16, 1, 1))
    return net.model(y=[1, 2, GRID, GRID])


def alike():
    """Two outputs, and a concatenation of two branches of one kind."""
    net = Net()
    body = net.body()
    one, other = (net.conv(name, body, (4, 8, 1, 1)) for name in ("left", "right"))
    net.add("Concat", "y", one, other, axis=1)
    net.add("Relu", "features", one)
    return net.model(y=[1, 8, GRID, GRID], features=[1, 4, GRID, GRID])


HEADS = {
    "dfl": ("unlike-ranges", "one-scale", "weighted-sum"),
    "raw_grid": ("unlike-ranges", "one-scale"),
    "one_convolution": ("unlike-ranges", "one-scale", "sigmoid-decode"),
    "exponential": ("exp-decode",),
    "best": ("selection",),
}
OTHERS = ("classifier", "gated", "alike")


def images(count, seed=0):
    """Samples [count, 1, 3, SIZE, SIZE] of 0 to 1."""
    rng = np.random.default_rng(seed)
    return rng.uniform(size=(count, 1, 3, SIZE, SIZE)).astype(np.float32)
