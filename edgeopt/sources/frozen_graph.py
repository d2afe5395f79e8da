"""What Keras and SavedModel sources become: a SavedModel with fixed shapes and no variables.

TensorFlow's LiteRT converter, OpenVINO and tf2onnx all start from it, and TensorFlow runs it
as the reference. With variables inside, LiteRT's calibration and OpenVINO's reader both fail.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import numpy as np

from edgeopt.domain.errors import BadInput, EdgeoptError, NotInstalled
from edgeopt.jobs.child import first_line
from edgeopt.jobs.told import reason, told
from edgeopt.sources import onnx_form, samples, tensorflow_operators
from edgeopt.sources.formats import SAVED_MODEL
from edgeopt.sources.onnx_form import OnnxForm
from edgeopt.sources.request import PrepareRequest
from edgeopt.sources.source import OpenSpec, Source

#: TensorFlow's tensors by name.
Tensors = dict[str, Any]
#: From inputs to outputs.
Call = Callable[[Tensors], Tensors]

#: tf2onnx is tested up to opset 18; the canonical form raises what is lower than 17.
OPSET = 17


def require_tensorflow(path: str) -> ModuleType:
    """TensorFlow, kept to the CPU.

    Raises:
        NotInstalled: it is not there.
    """
    try:
        import tensorflow
    except ImportError:
        raise NotInstalled(
            f"{path} needs TensorFlow.", "pip install 'edgeopt[tensorflow]'"
        ) from None
    tensorflow.config.set_visible_devices([], "GPU")
    return tensorflow


def open_spec(name: str, dtype: Any, shape: Any, path: str) -> OpenSpec:
    """One input, as the file states it.

    Args:
        dtype: a `tf.DType`. shape: with None where a dimension is open, or None.

    Raises:
        BadInput: it is not one of numbers.
    """
    kind = np.dtype(dtype.as_numpy_dtype)
    if kind.kind not in samples.NUMBERS:
        raise BadInput(
            f"input {name!r} of {path} is a tensor of type {dtype.name}, not of numbers that "
            "numpy has.",
            "Take what works on text or objects out of the model.",
        )
    dims = None if shape is None else tuple(_dim(name, i, dim) for i, dim in enumerate(shape))
    return OpenSpec(name=name, dtype=kind.name, shape=dims)


def _dim(name: str, index: int, dim: int | None) -> int | str:
    if dim is not None:
        return int(dim)
    return "batch" if index == 0 else f"{name}_dim_{index}"


def prepare(call: Call, request: PrepareRequest, sha256: str, size_bytes: int) -> Source:
    """Fix the shapes of a function of tensors, freeze it, and write its forms.

    Args:
        sha256, size_bytes: of the file.

    Raises:
        BadInput: it does not run at these shapes.
    """
    folder, arrays = request.place, samples.of(request)
    tf = require_tensorflow(request.path)
    try:
        results = _as_arrays(call({name: tf.constant(a) for name, a in arrays.items()}))
        frozen = _frozen(tf, call, arrays, list(results))
        _save(tf, frozen, arrays, list(results), folder / "saved_model")
    except Exception as error:
        shapes = ", ".join(f"{name}: {list(array.shape)}" for name, array in arrays.items())
        otherwise = BadInput(
            f"{request.path} does not run at {shapes}: {first_line(error)}",
            "Give shapes that the model takes: --shape NAME=1x224x224x3.",
        )
        raise told(error, otherwise) from None
    inputs, outputs = samples.specs(arrays), samples.specs(results)
    form = _onnx(tf, frozen, arrays, list(results), folder)
    return Source(
        path=request.path,
        format=request.format,
        sha256=sha256,
        size_bytes=size_bytes,
        inputs=inputs,
        outputs=outputs,
        saved_model=str(folder / "saved_model"),
        reference_runtime="tensorflow",
        reference_path=str(folder / "saved_model" / SAVED_MODEL),
        reference_inputs=samples.bindings(inputs, sorted(arrays)),
        reference_outputs=samples.bindings(outputs, sorted(results)),
        **msgspec.structs.asdict(form),
    )


def _as_arrays(results: Tensors) -> dict[str, np.ndarray]:
    arrays = {name: np.asarray(value) for name, value in results.items()}
    for name, array in arrays.items():
        if array.dtype.kind not in samples.NUMBERS:
            raise EdgeoptError(f"output {name!r} is of type {array.dtype}, not of numbers")
    return arrays


def _frozen(tf: ModuleType, call: Call, arrays: dict[str, np.ndarray], outputs: list[str]) -> Call:
    """The function without variables, at the shapes of the arrays."""
    from tensorflow.python.framework.convert_to_constants import (
        convert_variables_to_constants_v2,
    )

    # Positions stand for names here: a graph lists what it is given by name.
    places = {f"in_{i:03}": name for i, name in enumerate(arrays)}
    specs = {
        place: tf.TensorSpec(arrays[name].shape, arrays[name].dtype, place)
        for place, name in places.items()
    }

    def flat(**given: Any) -> list[Any]:
        results = call({name: given[place] for place, name in places.items()})
        return [tf.identity(results[name]) for name in outputs]

    concrete = tf.function(flat).get_concrete_function(**specs)
    frozen = convert_variables_to_constants_v2(concrete, lower_control_flow=False)
    order = [places[tensor.name.split(":")[0]] for tensor in frozen.inputs]

    def run(tensors: Tensors) -> Tensors:
        results = frozen(*[tensors[name] for name in order])
        values = results if isinstance(results, (list, tuple)) else [results]
        return dict(zip(outputs, values, strict=True))

    return run


def _save(
    tf: ModuleType,
    frozen: Call,
    arrays: dict[str, np.ndarray],
    outputs: list[str],
    folder: Path,
) -> None:
    specs = {name: tf.TensorSpec(a.shape, a.dtype, name) for name, a in arrays.items()}
    for name in (*arrays, *outputs):
        if not re.fullmatch(r"[A-Za-z]\w*", name):
            raise EdgeoptError(f"{name!r} is no name that a signature can have")
    module = tf.Module()
    module.run = tf.function(lambda **given: frozen(given))
    tf.saved_model.save(
        module,
        str(folder),
        signatures={"serving_default": module.run.get_concrete_function(**specs)},
    )


def _onnx(
    tf: ModuleType,
    frozen: Call,
    arrays: dict[str, np.ndarray],
    outputs: list[str],
    folder: Path,
) -> OnnxForm:
    """The ONNX form by tf2onnx."""
    try:
        import tf2onnx
    except ImportError:
        return onnx_form.missing(
            "tf2onnx is not installed, which turns TensorFlow into ONNX (pip install "
            "edgeopt[tensorflow])"
        )
    specs = [tf.TensorSpec(array.shape, array.dtype, name) for name, array in arrays.items()]
    function = tf.function(
        lambda *given: list(frozen(dict(zip(arrays, given, strict=True))).values()),
        input_signature=specs,
    )
    try:
        model, _ = tf2onnx.convert.from_function(
            function,
            input_signature=specs,
            opset=OPSET,
            custom_op_handlers=tensorflow_operators.handlers(),
        )
        return onnx_form.write(model, arrays, outputs, folder)
    except Exception as error:
        return onnx_form.missing(reason(error, "tf2onnx does not turn it into ONNX"))


def plain(name: str) -> str:
    """A name that a TensorFlow signature can have."""
    word = re.sub(r"\W", "_", name)
    return word if re.match(r"[A-Za-z]", word) else f"x_{word.strip('_')}"
