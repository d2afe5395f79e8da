"""From a fitted scikit-learn estimator to ONNX, in operators that many runtimes have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from edgeopt.domain.errors import BadInput, NotInstalled

if TYPE_CHECKING:
    import onnx

#: Operators of ONNX's domain ai.onnx.ml that skl2onnx can do without; only ONNX Runtime has them.
AVOIDED = {"LinearClassifier", "LinearRegressor", "Scaler", "Normalizer"}


def methods(estimator: Any) -> dict[str, str]:
    """Output name -> method of the estimator, in the order of the outputs; scores first.

    Raises:
        BadInput: it neither predicts nor transforms.
    """
    if hasattr(estimator, "classes_"):
        scores = "predict_proba" if hasattr(estimator, "predict_proba") else "decision_function"
        name = "probabilities" if scores == "predict_proba" else "scores"
        labels = {"label": "predict"} if np.asarray(estimator.classes_).dtype.kind in "iub" else {}
        return {name: scores, **labels}
    if hasattr(estimator, "cluster_centers_") and hasattr(estimator, "predict"):
        return {"distances": "transform", "label": "predict"}
    for method in ("predict", "transform"):
        if hasattr(estimator, method):
            return {"output": method}
    raise BadInput(f"a {type(estimator).__name__} neither predicts nor transforms.")


def about_classes(estimator: Any) -> list[str]:
    """What the user should know of the classes, where they are not 0, 1, 2, ..."""
    classes = getattr(estimator, "classes_", None)
    if classes is None or np.array_equal(classes, np.arange(len(classes))):
        return []
    names = ", ".join(str(name) for name in list(classes)[:20])
    return [f"column i of its scores is the class at place i of: {names}"]


def convert(estimator: Any, outputs: list[str], shape: tuple[int, ...]) -> onnx.ModelProto:
    """An ONNX model with the outputs in the order of `outputs`.

    Raises:
        NotInstalled: skl2onnx is missing. Whatever skl2onnx raises of an estimator.
    """
    try:
        import skl2onnx
        from skl2onnx.common.data_types import FloatTensorType
    except ImportError:
        raise NotInstalled(
            "a scikit-learn model needs skl2onnx.", "pip install 'edgeopt[sklearn]'"
        ) from None
    types = [("X", FloatTensorType([None, shape[1]]))]
    try:
        model = skl2onnx.convert_sklearn(
            estimator, initial_types=types, options=_options(estimator), black_op=AVOIDED
        )
    except RuntimeError:  # a model that is made of just these: trees, machines of support vectors
        model = skl2onnx.convert_sklearn(
            estimator, initial_types=types, options=_options(estimator)
        )
    _plain(model)
    _order(model, outputs)
    return model


def _options(estimator: Any) -> dict[int, dict[str, bool]]:
    """Tensors and no dictionaries; decision values where there are no probabilities."""
    if not hasattr(estimator, "classes_"):
        return {}
    if hasattr(estimator, "predict_proba"):
        return {id(estimator): {"zipmap": False}}
    last = estimator.steps[-1][1] if hasattr(estimator, "steps") else estimator
    return {id(last): {"raw_scores": True}}


def _plain(model: onnx.ModelProto) -> None:
    """Replace what only picks from a vector or a table, and name each operator set once."""
    ranks = {tensor.name: len(tensor.dims) for tensor in model.graph.initializer}
    tables = {value.name for value in model.graph.input}  # [rows, columns]
    for node in model.graph.node:
        if node.op_type != "ArrayFeatureExtractor":
            continue
        data, places = node.input
        if ranks.get(data, 2) <= 1 or (data in tables and ranks.get(places) == 1):
            node.op_type, node.domain = "Gather", ""
            node.attribute.extend([_axis(1 if data in tables else 0)])
    used = {node.domain for node in model.graph.node} | {""}
    newest: dict[str, int] = {}
    for entry in model.opset_import:
        newest[entry.domain] = max(entry.version, newest.get(entry.domain, 0))
    newest.setdefault("", 17)
    del model.opset_import[:]
    for domain, version in newest.items():
        if domain in used:
            model.opset_import.add(domain=domain, version=version)


def _axis(value: int) -> onnx.AttributeProto:
    from onnx import helper

    return helper.make_attribute("axis", value)


def _order(model: onnx.ModelProto, outputs: list[str]) -> None:
    """skl2onnx gives the label first; it goes last, or away where it is a string."""
    found = list(model.graph.output)
    if len(found) == 2:
        found = found[::-1]
    del model.graph.output[:]
    model.graph.output.extend(found[: len(outputs)])
