"""A graph model of TensorFlow.js (.json and .bin) as a TensorFlow graph, and as a LiteRT file.

TensorFlow.js keeps a GraphDef as JSON, with its weights beside it in 16 bits, and two operators of
its own: a convolution fused with its bias and activation that TensorFlow lacks in this form. Needs
TensorFlow and npm.

CenterNet's graph ends in its package's own decode (`tower_0/detections`). On five photos of
scikit-image the head `centernet` finds the same hundred boxes: off by 3e-5 of 512 pixels at most,
the same scores and classes (a person, a motorcycle, a cup). MoveNet finds the astronaut's nose.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

#: The package of npm, MIT; what was fetched when it was tested.
PACKAGE, VERSION = "@vladmandic/human", "3.3.6"
SHA256 = "425e9c51dbbca0c8934362b170cb0d54c2529c11c654b3c03092b16e9d6ad3f7"

_UNFUSED = {"_FusedConv2D": "Conv2D", "FusedDepthwiseConv2dNative": "DepthwiseConv2dNative"}
#: Attributes of the fused operators that the plain ones do not have.
_OF_FUSED = ("fused_ops", "num_args", "epsilon", "leakyrelu_alpha", "TArgs", "num_host_args")


def package() -> Path:
    """The unpacked package; downloaded by npm on first use.

    Raises:
        ValueError: it is not the file that was tested.
    """
    root = Path(os.environ.get("EDGEOPT_CACHE", Path.home() / ".cache" / "edgeopt")) / "packages"
    place = root / f"vladmandic-human-{VERSION}"
    if not (place / "ready").exists():
        place.mkdir(parents=True, exist_ok=True)
        command = ["npm", "pack", "--silent", f"{PACKAGE}@{VERSION}"]
        name = subprocess.run(command, cwd=place, check=True, capture_output=True, text=True)
        file = place / name.stdout.split()[-1]
        if hashlib.sha256(file.read_bytes()).hexdigest() != SHA256:
            raise ValueError(f"{file.name} is not the file that was tested")
        with tarfile.open(file) as archive:
            archive.extractall(place, filter="data")
        (place / "ready").touch()
    return place / "package"


def graph(model: Path) -> Any:
    """The `GraphDef` of a model.json, its weights as float32 constants."""
    from google.protobuf import json_format
    from tensorflow.core.framework import graph_pb2

    about = json.loads(model.read_text("utf-8"))
    weights = dict(_weights(about, model.parent))
    found = graph_pb2.GraphDef()
    versions = about["modelTopology"].get("versions", {})
    json_format.ParseDict({"versions": versions}, found, ignore_unknown_fields=True)
    for node in about["modelTopology"]["node"]:
        for one in _unfused(node):
            made = found.node.add()
            json_format.ParseDict(_readable(one), made, ignore_unknown_fields=True)
            if one["op"] == "Const":
                _fill(made, weights[one["name"]])
    return found


def _weights(about: dict[str, Any], folder: Path) -> Iterator[tuple[str, np.ndarray]]:
    """(name, values) of each constant."""
    for group in about["weightsManifest"]:
        data = b"".join((folder / path).read_bytes() for path in group["paths"])
        at = 0
        for one in group["weights"]:
            stored = np.dtype(one.get("quantization", {}).get("dtype", one["dtype"]))
            count = int(np.prod(one["shape"]))
            values = np.frombuffer(data, stored, count, at).reshape(one["shape"])
            at += count * stored.itemsize
            yield one["name"], values.astype(one["dtype"])


def _fill(node: Any, values: np.ndarray) -> None:
    import tensorflow as tf

    node.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(values))


def _unfused(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The operators that a fused one stands for; the last has its name."""
    if node["op"] not in _UNFUSED:
        yield node
        return
    attributes = node.get("attr", {})
    words = [base64.b64decode(s).decode() for s in attributes["fused_ops"]["list"]["s"]]
    image, kernel, *others = node["input"]
    plain = {name: one for name, one in attributes.items() if name not in _OF_FUSED}
    steps = [(_UNFUSED[node["op"]], [image, kernel], plain)]
    for word in words:
        taken = [others.pop(0)] if word == "BiasAdd" else []
        steps.append((word, taken, {"T": attributes["T"]}))
    before: list[str] = []
    for number, (kind, inputs, own) in enumerate(steps):
        last = number == len(steps) - 1
        name = node["name"] if last else f"{node['name']}/part{number}"
        yield {"name": name, "op": kind, "input": [*before, *inputs], "attr": own}
        before = [name]


def _readable(node: dict[str, Any]) -> dict[str, Any]:
    """A node without what `_fill` gives it: TensorFlow.js leaves a constant's values out."""
    attributes = node.get("attr", {})
    if node["op"] == "Const":
        attributes = {name: one for name, one in attributes.items() if name != "value"}
    return {**node, "attr": attributes}


def to_litert(model: Path, inputs: list[str], outputs: list[str], target: Path) -> None:
    """Write a model.json as a float32 LiteRT file.

    Args:
        inputs, outputs: names of tensors, such as "image:0".
    """
    import tensorflow as tf

    definition = graph(model)

    def whole() -> None:
        tf.graph_util.import_graph_def(definition, name="")

    wrapped = tf.compat.v1.wrap_function(whole, [])
    ends = [[wrapped.graph.get_tensor_by_name(name) for name in names]
            for names in (inputs, outputs)]  # fmt: skip
    pruned = wrapped.prune(*ends)
    made = tf.lite.TFLiteConverter.from_concrete_functions([pruned], pruned).convert()
    target.write_bytes(made)
