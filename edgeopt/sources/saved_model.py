"""TensorFlow SavedModels, read under `--trust`. The functions here run in a child process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from edgeopt.domain.errors import BadInput
from edgeopt.jobs.child import first_line
from edgeopt.jobs.told import told
from edgeopt.sources import frozen_graph
from edgeopt.sources.request import InspectRequest, PrepareRequest
from edgeopt.sources.source import Inspected, Source, sha256_files

SIGNATURE = "serving_default"


def inspect(request: InspectRequest) -> Inspected:
    """See `load.inspect`."""
    path = request.path
    _, signature = read(path)
    inputs = tuple(
        frozen_graph.open_spec(
            name,
            spec.dtype,
            None if spec.shape.rank is None else spec.shape.as_list(),
            path,
        )
        for name, spec in signature.structured_input_signature[1].items()
    )
    return Inspected(path=path, format="saved-model", inputs=inputs)


def read(path: str) -> tuple[Any, Any]:
    """The loaded object, which must live as long as its signature, and the signature.

    Raises:
        BadInput: it does not load, or has no signature to serve.
    """
    tf = frozen_graph.require_tensorflow(path)
    try:
        loaded = tf.saved_model.load(path)
    except Exception as error:
        otherwise = BadInput(
            f"{path} is no SavedModel that TensorFlow {tf.__version__} reads: {first_line(error)}",
            "Copy the whole folder again, or save it anew with model.export(folder).",
        )
        raise told(error, otherwise) from None
    signatures = dict(loaded.signatures)
    if SIGNATURE not in signatures and len(signatures) != 1:
        found = ", ".join(sorted(signatures)) or "none"
        raise BadInput(
            f"{path} has no signature {SIGNATURE!r}; it has: {found}.",
            "Save it with model.export(folder), which writes that one.",
        )
    signature = signatures.get(SIGNATURE) or next(iter(signatures.values()))
    return loaded, signature


def prepare(request: PrepareRequest) -> Source:
    """See `load.prepare`. TensorFlow's own answers are the reference."""
    path = Path(request.path)
    loaded, signature = read(str(path))
    files = sorted(file for file in path.rglob("*") if file.is_file())
    size_bytes = sum(file.stat().st_size for file in files)
    source = frozen_graph.prepare(
        lambda tensors: dict(signature(**tensors)), request, sha256_files(files), size_bytes
    )
    del loaded  # the signature needed it
    return source
