"""Bundles of small models whose outputs are what a test wants, a little moved by their inputs."""

from __future__ import annotations

import hashlib

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from edgeopt.bundle.write import write
from edgeopt.domain.artifact import Artifact
from edgeopt.domain.recipe import Recipe
from edgeopt.domain.record import Record
from edgeopt.domain.run import SourceFacts
from edgeopt.domain.tensor import Binding, TensorSpec

FEW = 1e-4


def bundle(folder, task, inputs, outputs, fold=None):
    """Write `folder/bundle`, and `folder/m.onnx` beside it.

    Args:
        inputs: {name: (dtype, shape)}. outputs: {name: float32 array}: the model adds `FEW` of the
            sum of the inputs' means to each; what becomes of a state is half of it and that sum.
    """
    folder.mkdir()
    real = {name: ("float32", np.shape(array)) for name, array in outputs.items()}
    states = {output: inputs[name] for output, name in task.states.items()}
    model = _model(inputs, outputs, {**real, **states}, task.states)
    onnx.save(model, str(folder / "m.onnx"))
    digest = hashlib.sha256((folder / "m.onnx").read_bytes()).hexdigest()
    recipe = Recipe(runtime="onnxruntime", precision="fp32", threads=1)
    artifact = Artifact(
        recipe=recipe, path="a/m.onnx", files={"m.onnx": digest}, sha256=digest, size_bytes=0,
        inputs=_bindings(inputs), outputs=_bindings({**real, **states}), source_sha256="",
        tools={}, convert_s=0.0,
    )  # fmt: skip
    facts = SourceFacts(
        path="m.onnx", format="onnx", sha256="", size_bytes=0, operators={}, fold=fold,
        inputs=_specs(inputs), outputs=_specs({**real, **states}),
    )  # fmt: skip
    record = Record(
        target="t", device="local", runtime="onnxruntime", precision="fp32", recipe_id=recipe.id,
        recipe=recipe, status="ok", step=None,
    )  # fmt: skip
    write(folder / "bundle", record, artifact, folder, facts, {}, task)
    return folder / "bundle"


def _model(inputs, outputs, shapes, states):
    few = numpy_helper.from_array(np.array(FEW, np.float32), "few")
    half = numpy_helper.from_array(np.array(0.5, np.float32), "half")
    node, constants = helper.make_node, [few, half]
    nodes = [
        made
        for name in inputs
        for made in (
            node("Cast", [name], [f"{name}:real"], to=TensorProto.FLOAT),
            node("ReduceMean", [f"{name}:real"], [f"{name}:mean"], keepdims=0),
        )
    ]
    nodes.append(node("Sum", [f"{name}:mean" for name in inputs], ["sum"]))
    nodes.append(node("Mul", ["sum", "few"], ["moved"]))
    for name, array in outputs.items():
        constants.append(numpy_helper.from_array(array.astype(np.float32), f"{name}:0"))
        nodes.append(node("Add", [f"{name}:0", "moved"], [name]))
    for output, name in states.items():
        nodes.append(node("Mul", [name, "half"], [f"{name}:half"]))
        nodes.append(node("Add", [f"{name}:half", "sum"], [output]))
    graph = helper.make_graph(nodes, "g", _values(inputs), _values(shapes), constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def _values(shapes):
    return [
        helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(np.dtype(dtype)), shape)
        for name, (dtype, shape) in shapes.items()
    ]


def _bindings(shapes):
    return tuple(
        Binding(source=name, name=name, index=i, dtype=dtype, shape=tuple(shape))
        for i, (name, (dtype, shape)) in enumerate(shapes.items())
    )


def _specs(shapes):
    return tuple(
        TensorSpec(name=name, dtype=dtype, shape=tuple(shape))
        for name, (dtype, shape) in shapes.items()
    )
