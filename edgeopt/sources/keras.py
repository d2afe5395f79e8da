"""Keras 3 models (.keras) and HDF5 files that it reads (.h5). Runs in a child process."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from edgeopt.domain.errors import BadInput
from edgeopt.jobs.child import first_line
from edgeopt.jobs.told import told
from edgeopt.sources import frozen_graph
from edgeopt.sources.request import InspectRequest, PrepareRequest
from edgeopt.sources.source import Inspected, Source, sha256_file


def inspect(request: InspectRequest) -> Inspected:
    """See `load.inspect`."""
    path = request.path
    model = read(path, request.trust)
    tf = frozen_graph.require_tensorflow(path)
    inputs = tuple(
        frozen_graph.open_spec(name, tf.as_dtype(tensor.dtype), tensor.shape, path)
        for name, tensor in zip(_input_names(model), model.inputs, strict=True)
    )
    return Inspected(path=path, format=request.format, inputs=inputs)


def read(path: str, trust: bool) -> Any:
    """Load a model. Python code inside it (Lambda layers) is run only with `trust`.

    Raises:
        BadInput: Keras does not read it, or it does not state its inputs.
    """
    os.environ["KERAS_BACKEND"] = "tensorflow"
    frozen_graph.require_tensorflow(path)
    import keras

    try:
        model = keras.saving.load_model(path, compile=False, safe_mode=not trust)
    except Exception as error:
        raise told(error, BadInput(*_explained(path, keras.__version__, error))) from None
    if not getattr(model, "inputs", None):
        raise BadInput(
            f"{path} does not state its inputs: it was saved before it was built.",
            "Begin it with keras.Input(shape), or save it with model.export(folder).",
        )
    if isinstance(model, keras.Sequential):  # which does not give its `input` before it is called
        return keras.Model(model.inputs, model.outputs)
    return model


def _explained(path: str, version: str, error: Exception) -> tuple[str, str]:
    """A sentence and a hint."""
    text, export = str(error), "Save it with model.export(folder), a SavedModel."
    if "Lambda" in text and "arbitrary code" in text:
        return (
            f"{path} has a Lambda layer: reading it runs the Python code inside it.",
            f"If you made it yourself, say --trust. Better: {export[0].lower()}{export[1:]}",
        )
    if "Could not locate" in text or "Unknown layer" in text:
        return (
            f"{path} has a layer or function of its own, whose code is not in the file: "
            f"{first_line(error)}",
            f"{export} It carries what the layer computes.",
        )
    return f"{path} is no model that Keras {version} reads: {first_line(error)}", export


def _input_names(model: Any) -> list[str]:
    """In the order of `model.inputs`: keys where the model takes a dict, else tensors' names."""
    names = [tensor.name for tensor in model.inputs]
    given = model.input
    if isinstance(given, dict):
        keys = {id(tensor): key for key, tensor in given.items()}
        names = [keys.get(id(tensor), tensor.name) for tensor in model.inputs]
    return [frozen_graph.plain(name) for name in names]


def _output_names(model: Any, count: int) -> list[str]:
    made = model.output
    names = list(made) if isinstance(made, dict) else list(model.output_names)
    if len(names) != count or len(set(names)) != count:
        names = ["output"] if count == 1 else [f"output_{i}" for i in range(count)]
    return [frozen_graph.plain(name) for name in names]


def prepare(request: PrepareRequest) -> Source:
    """See `load.prepare`. TensorFlow's own answers are the reference."""
    path = Path(request.path)
    model = read(str(path), request.trust)
    names = _input_names(model)

    def call(tensors: frozen_graph.Tensors) -> frozen_graph.Tensors:
        import keras

        flat = [tensors[name] for name in names]
        made = model(keras.tree.pack_sequence_as(model.input, flat), training=False)
        # Not keras.tree.flatten: it sorts a dict's keys, and the first output is scored.
        values = list(made.values()) if isinstance(made, dict) else keras.tree.flatten(made)
        return dict(zip(_output_names(model, len(values)), values, strict=True))

    return frozen_graph.prepare(call, request, sha256_file(path), path.stat().st_size)
