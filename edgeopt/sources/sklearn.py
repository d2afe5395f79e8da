"""scikit-learn estimators: .skops, and under `--trust` .joblib and .pkl. Runs in a child."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from edgeopt.domain.errors import BadInput, EdgeoptError, NotInstalled
from edgeopt.jobs import interpreter
from edgeopt.jobs.child import first_line
from edgeopt.jobs.told import reason, told
from edgeopt.sources import estimator_onnx, onnx_form, samples
from edgeopt.sources.estimator_columns import by_position
from edgeopt.sources.request import InspectRequest, PrepareRequest
from edgeopt.sources.source import Inspected, OpenSpec, Source, sha256_file

#: Plain state of scikit-learn's perceptrons, which skops 0.16 does not list.
_HARMLESS = {
    "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
    "sklearn.neural_network._stochastic_optimizers.SGDOptimizer",
}

#: The one input: a row of numbers.
INPUT = "X"


def inspect(request: InspectRequest) -> Inspected:
    """See `load.inspect`."""
    estimator = read(request)
    width = getattr(estimator, "n_features_in_", None)
    spec = OpenSpec(name=INPUT, dtype="float32", shape=("batch", width or "features"))
    return Inspected(path=request.path, format=request.format, inputs=(spec,))


def read(request: InspectRequest | PrepareRequest) -> Any:
    """Load an estimator.

    Raises:
        BadInput: it is none, or is of types that nobody said to trust.
        NotInstalled: skops is missing.
    """
    path = request.path
    if request.trust:
        sys.path.extend(interpreter.own_places())  # its class may be the user's own
    load = _from_skops if request.format == "skops" else _unpickled
    try:
        estimator = load(path, request.trust)
    except EdgeoptError:
        raise
    except Exception as error:
        otherwise = BadInput(
            f"{path} cannot be read: {first_line(error)}",
            "Copy it again, or save it anew; its classes must be importable from here.",
        )
        raise told(error, otherwise) from None
    if not hasattr(estimator, "predict") and not hasattr(estimator, "transform"):
        raise BadInput(
            f"{path} holds no estimator but {type(estimator).__name__}.",
            "Save the fitted estimator or pipeline itself.",
        )
    return estimator


def _from_skops(path: str, trust: bool) -> Any:
    try:
        from skops import io
    except ImportError:
        raise NotInstalled(f"{path} needs skops.", "pip install 'edgeopt[sklearn]'") from None
    foreign = io.get_untrusted_types(file=path)
    unknown = [name for name in foreign if name not in _HARMLESS]
    if unknown and not trust:
        raise BadInput(
            f"{path} holds types that skops does not know to be safe: {', '.join(unknown)}.",
            "If you made it yourself, say --trust.",
        )
    return io.load(path, trusted=foreign)


def _unpickled(path: str, trust: bool) -> Any:
    import joblib

    assert trust, "load.inspect lets no pickle through without --trust"
    return joblib.load(path)


def prepare(request: PrepareRequest) -> Source:
    """See `load.prepare`. scikit-learn's own answers are the reference."""
    import joblib

    path, folder = Path(request.path), request.place
    estimator, arrays = by_position(read(request)), samples.of(request)
    methods = estimator_onnx.methods(estimator)
    notes = estimator_onnx.about_classes(estimator)
    outputs = samples.specs(_answers(estimator, methods, arrays[INPUT], path))
    inputs, kept = samples.specs(arrays), folder / "estimator.joblib"
    joblib.dump(
        {
            "estimator": estimator,
            "methods": list(methods.values()),
            "inputs": msgspec.to_builtins(inputs),
            "outputs": msgspec.to_builtins(outputs),
        },
        kept,
    )
    try:
        model = estimator_onnx.convert(estimator, list(methods), arrays[INPUT].shape)
        form = onnx_form.write(model, arrays, list(methods), folder)
    except NotInstalled:
        raise
    except Exception as error:
        form = onnx_form.missing(reason(error, "skl2onnx does not turn it into ONNX"))
    return Source(
        path=str(path),
        format=request.format,
        sha256=sha256_file(path),
        size_bytes=path.stat().st_size,
        inputs=inputs,
        outputs=outputs,
        operators=form.operators,
        onnx=form.onnx,
        onnx_reason=form.onnx_reason,
        reference_runtime="sklearn",
        reference_path=str(kept),
        notes=(*notes, *form.notes),
    )


def _answers(
    estimator: Any, methods: dict[str, str], rows: np.ndarray, path: Path
) -> dict[str, np.ndarray]:
    found = {}
    for name, method in methods.items():
        try:
            result = np.asarray(getattr(estimator, method)(rows))
        except Exception as error:
            if type(error).__name__ == "NotFittedError":
                why = f"{path} holds an estimator that is not fitted: {first_line(error)}"
                raise BadInput(why, "Fit it, and save it anew.") from None
            otherwise = BadInput(
                f"{path} does not take rows of {rows.shape[1]} numbers: {first_line(error)}",
                "Take what works on text out of the pipeline.",
            )
            raise told(error, otherwise) from None
        # One value a row is a column in ONNX; scores are 32-bit floats there.
        column = result.reshape(len(rows), -1) if name != "label" else result
        found[name] = column.astype(np.int64 if name == "label" else np.float32)
    return found
