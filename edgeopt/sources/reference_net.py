"""A small fixed network, beside which every trial of a search is timed."""

from __future__ import annotations

import numpy as np

from edgeopt.domain.model import Value

INPUT, OUTPUT, SHAPE = "edgeopt_reference", "edgeopt_answer", (1, 8, 24, 24)
_LAYERS = 4


class ReferenceRequest(Value, kw_only=True, frozen=True):
    """To write it."""

    path: str


def write(request: ReferenceRequest) -> dict[str, list[int]]:
    """Write four 3 x 3 convolutions of 8 channels on 24 x 24: 1.3 million multiply-adds.

    Large enough that the cost of a call is not all of it, and small beside what is measured.
    """
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    rng = np.random.default_rng(0)
    nodes, weights, at = [], [], INPUT
    for layer in range(_LAYERS):
        last = layer == _LAYERS - 1
        values = rng.normal(0, 0.1, (8, 8, 3, 3)).astype(np.float32)
        weights.append(numpy_helper.from_array(values, f"w{layer}"))
        made = helper.make_node(
            "Conv", [at, f"w{layer}"], [f"c{layer}"], kernel_shape=[3, 3], pads=[1, 1, 1, 1]
        )
        at = OUTPUT if last else f"r{layer}"
        nodes += [made, helper.make_node("Relu", [f"c{layer}"], [at])]
    graph = helper.make_graph(
        nodes,
        "reference",
        [helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, SHAPE)],
        [helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, SHAPE)],
        weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(model, request.path)
    return {"shape": list(SHAPE)}
