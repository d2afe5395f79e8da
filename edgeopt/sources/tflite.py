"""LiteRT (TFLite) files as input. The functions here run in a child process."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from edgeopt.domain.errors import BadInput, NotInstalled
from edgeopt.jobs.child import first_line
from edgeopt.jobs.told import reason, told
from edgeopt.runtimes.binding import to_artifact
from edgeopt.sources import onnx_form, samples, sparse_tflite
from edgeopt.sources.source import sha256_file


def inspect(argument: dict[str, Any]) -> dict[str, Any]:
    """See `load.inspect`. A quantized tensor is told as the real numbers that it stands for."""
    path = argument["path"]
    session = _open(path)
    inputs = [_real(spec) for spec in _listed(session, "inputs")]
    for spec in inputs:
        for axis in session.open_axes()[spec["name"]]:
            spec["shape"][axis] = "batch" if axis == 0 else f"{spec['name']}_dim_{axis}"
    return {"path": path, "format": "tflite", "inputs": inputs}


def _open(path: str) -> Any:
    """A session of the file.

    Raises:
        BadInput: no LiteRT model, or one that needs more than LiteRT has.
        NotInstalled: there is no LiteRT.
    """
    from edgeopt.runtimes import litert

    try:
        return litert.open_session(path, 1, {})
    except ImportError:
        raise NotInstalled(f"{path} needs ai-edge-litert.", "pip install edgeopt[litert]") from None
    except Exception as error:
        otherwise = BadInput(
            f"{path} does not open in LiteRT: {first_line(error)}",
            "Copy it again; operators outside LiteRT's own set are not served.",
        )
        raise told(error, otherwise) from None


def _listed(session: Any, role: str) -> list[dict[str, Any]]:
    """Inputs or outputs as the session tells them, with their "index" there.

    They come in the order of the file, which other readers of it keep.
    """
    specs = session.inputs if role == "inputs" else session.outputs
    return [{**specs[index], "index": index} for index in session.order(role)]


def _real(spec: dict[str, Any]) -> dict[str, Any]:
    dtype = "float32" if "scale" in spec else spec["dtype"]
    return {"name": spec["name"], "dtype": dtype, "shape": list(spec["shape"])}


def prepare(argument: dict[str, Any]) -> dict[str, Any]:
    """See `load.prepare`. The file itself, run by LiteRT, is the reference."""
    path, folder = Path(argument["path"]), Path(argument["folder"])
    kept = folder / "model.tflite"
    _keep(path, kept, argument["shapes"])
    session = _open(str(kept))
    inputs, outputs = _listed(session, "inputs"), _listed(session, "outputs")
    form = _onnx(kept, argument, inputs, outputs)
    notes = [*_explained(inputs), *_explained(outputs), *form.pop("notes", [])]
    return {
        "path": str(path),
        "format": "tflite",
        "sha256": sha256_file(path),
        "size_bytes": path.stat().st_size,
        "inputs": [_real(spec) for spec in inputs],
        "outputs": [_real(spec) for spec in outputs],
        "tflite": str(kept),
        "stored": _stored(str(path)),
        "reference_runtime": "litert",
        "reference_path": str(kept),
        "reference_inputs": [_binding(spec) for spec in inputs],
        "reference_outputs": [_binding(spec) for spec in outputs],
        "notes": notes,
        **form,
    }


def _keep(path: Path, kept: Path, shapes: dict[str, list[int]]) -> None:
    """The file as it is, or with its open dimensions fixed."""
    session = _open(str(path))
    if not any(session.open_axes().values()):
        shutil.copyfile(path, kept)
        return
    from ai_edge_litert.tools import flatbuffer_utils

    model = flatbuffer_utils.read_model(str(path))
    graph = model.subgraphs[0]
    for index, spec in zip(graph.inputs, _listed(session, "inputs"), strict=True):
        graph.tensors[index].shape = shapes[spec["name"]]
    for tensor in graph.tensors:  # what follows from the inputs is inferred when it is opened
        tensor.shapeSignature = None
    flatbuffer_utils.write_model(model, str(kept))


def _binding(spec: dict[str, Any]) -> dict[str, Any]:
    return {**spec, "source": spec["name"]}


def _explained(specs: list[dict[str, Any]]) -> list[str]:
    return [
        f"{spec['name']!r} is {spec['dtype']} in the file (scale {spec['scale']:.6g}, zero point "
        f"{spec['zero_point']}): data and answers are the real numbers that it stands for"
        for spec in specs
        if "scale" in spec
    ]


def _stored(path: str) -> str:
    """The precision of what the file holds; "as-is" where it is quantized."""
    from edgeopt.runtimes import litert

    kinds = litert.stored(path)
    if kinds & {"int8", "uint8", "int16"}:
        return "as-is"
    return "fp16" if "float16" in kinds else "fp32"


def _onnx(
    path: Path,
    argument: dict[str, Any],
    inputs: list[dict[str, Any]],
    outputs: list[dict[str, Any]],
) -> dict[str, Any]:
    """The ONNX form by tf2onnx: its tensors are those of the file, integers included."""
    try:
        import tf2onnx
    except ImportError:
        return onnx_form.missing(
            "tf2onnx is not installed, which turns LiteRT into ONNX (pip install "
            "edgeopt[tensorflow])"
        )
    arrays = samples.given(argument)
    own = {spec["name"]: to_artifact(arrays[spec["name"]][None], spec)[0] for spec in inputs}
    try:
        # tf2onnx reads a packed weight as if it were whole.
        whole = sparse_tflite.dense(path, path.with_name("dense.tflite"))
        model, _ = tf2onnx.convert.from_tflite(str(whole), opset=17)
        return onnx_form.write(
            model, own, [spec["name"] for spec in outputs], Path(argument["folder"])
        )
    except Exception as error:
        return onnx_form.missing(reason(error, "tf2onnx does not turn it into ONNX"))
