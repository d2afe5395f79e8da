"""Into OpenVINO by its own readers: LiteRT, SavedModel and TorchScript directly, else by ONNX."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from edgeopt.convert import rewrites
from edgeopt.convert.onnxruntime import onnx_of
from edgeopt.domain.errors import EdgeoptError
from edgeopt.domain.tensor import TensorSpec
from edgeopt.jobs.child import first_line
from edgeopt.jobs.told import told
from edgeopt.sources.source import Source


def read(source: Source) -> tuple[Any, tuple[str, ...]]:
    """An `openvino.Model` with the source's names, and notes for the user.

    Raises:
        EdgeoptError: no reader takes it, and there is no ONNX form of the source.
    """
    import openvino as ov

    notes = []
    for name, reader in _direct(source):
        try:
            return _named(reader(), source), ()
        except Exception as error:
            if source.onnx is None:
                raise _told(error, f"OpenVINO does not read its {name}") from error
            why = _told(error, f"OpenVINO does not read its {name}").args[0]
            notes.append(f"read as ONNX, since {why}"[:300])
    try:
        return ov.convert_model(str(onnx_of(source))), tuple(notes)
    except EdgeoptError:
        raise
    except Exception as error:
        return _rewritten(source, _told(error, "OpenVINO does not read it"), notes)


def _rewritten(
    source: Source, refusal: EdgeoptError, notes: list[str]
) -> tuple[Any, tuple[str, ...]]:
    """Read it in words that OpenVINO knows, where there are such.

    Raises:
        EdgeoptError: there are none: the refusal of the file as it is.
    """
    import openvino as ov

    with rewrites.written(source, "openvino") as (path, changed):
        if changed:
            return ov.convert_model(str(path)), (*notes, *changed)
    raise refusal


#: The line of OpenVINO's account that names operators.
_NAMED = re.compile(r"No conversion rule found for operations: .+|-- \S+ with a message:")


def _told(error: Exception, sentence: str) -> EdgeoptError:
    return told(error, EdgeoptError(f"{sentence}: {_why(error)}"))


def _why(error: Exception) -> str:
    found = _NAMED.search(str(error))
    if found is None:
        return first_line(error)
    return found[0].removeprefix("-- ").replace(" with a message:", " cannot be converted")


def _direct(source: Source) -> list[tuple[str, Callable[[], Any]]]:
    import openvino as ov

    if source.tflite:
        return [("LiteRT file", lambda: ov.convert_model(source.tflite))]
    if source.saved_model:
        return [("SavedModel", lambda: ov.convert_model(source.saved_model))]
    if source.torchscript:
        return [("TorchScript", lambda: _torchscript(source))]
    return []


def _torchscript(source: Source) -> Any:
    import openvino as ov
    import torch

    example = tuple(
        torch.zeros(list(spec.sizes), dtype=getattr(torch, spec.dtype)) for spec in source.inputs
    )
    module = torch.jit.load(str(source.torchscript), map_location="cpu")
    model = ov.convert_model(module, example_input=example)
    shapes = {port: list(tensor.shape) for port, tensor in zip(model.inputs, example, strict=True)}
    model.reshape(shapes)
    return model


def _named(model: Any, source: Source) -> Any:
    """Inputs and outputs under the source's names, which calibration uses; by name or place."""
    for specs, ports in ((source.inputs, model.inputs), (source.outputs, model.outputs)):
        found = [set(port.get_names()) for port in ports]
        if all(any(spec.name in names for names in found) for spec in specs):
            continue
        for spec, port in _paired(specs, ports):
            port.get_tensor().set_names({spec.name})
    return model


def _paired(specs: tuple[TensorSpec, ...], ports: list[Any]) -> list[tuple[TensorSpec, Any]]:
    if len(specs) != len(ports):
        raise EdgeoptError(f"it has {len(ports)} tensors there, the source {len(specs)}")
    return list(zip(specs, ports, strict=True))
