"""Prepares a source and asks it about a few samples: whether it answers the same again, and with

outputs of one shape. What cannot be compared is refused here, before a conversion is blamed.
Runs in a child process.
"""

from __future__ import annotations

import importlib
import time
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import numpy as np

from edgeopt import runtimes
from edgeopt.domain.errors import BadInput
from edgeopt.domain.tensor import Binding, TensorSpec
from edgeopt.jobs.child import first_line
from edgeopt.jobs.told import told
from edgeopt.runtimes.binding import feed, read
from edgeopt.sources import onnx_tail, samples
from edgeopt.sources.formats import FORMATS
from edgeopt.sources.request import PrepareRequest
from edgeopt.sources.source import Source

#: Seconds after which no further sample is asked about.
PATIENCE_S = 5.0

#: How far two answers to the same question may differ, of the largest value: threads add in turn.
_SAME = 1e-3

#: Parts of operators' names, in ONNX and elsewhere.
_RANDOM = ("Dropout", "Random", "Bernoulli", "Multinomial", "rand", "dropout",
           "bernoulli", "multinomial", "normal_functional")  # fmt: skip


def prepare(request: PrepareRequest) -> Source:
    """See `load.prepare`.

    Raises:
        BadInput: it does not run, is random, or its outputs change their shape.
    """
    module = importlib.import_module(FORMATS[request.format].module)
    source: Source = module.prepare(request)
    path, options = source.reference_path, source.reference_options
    trials = _samples(request, source.inputs)
    session = runtimes.load(source.reference_runtime).open_session(path, 1, options)
    try:
        first = _answers(session, source, trials[0])
        again = _answers(session, source, trials[0])
        _require_same(first, again, source)
        shapes = {name: [array.shape] for name, array in first.items()}
        began = time.monotonic()
        for sample in trials[1:]:
            for name, array in _answers(session, source, sample).items():
                shapes[name].append(array.shape)
            if time.monotonic() - began > PATIENCE_S:
                break
    finally:
        session.close()
    _require_shapes(shapes, source)
    return onnx_tail.with_tail(source, trials)


def _samples(request: PrepareRequest, specs: Sequence[TensorSpec]) -> list[dict[str, np.ndarray]]:
    """A few samples of each input, {name: [*shape]}; one of zeros where there are none."""
    if not request.trials and request.sample:
        return [samples.of(request)]
    if not request.trials:
        return [{spec.name: np.zeros(spec.sizes, spec.dtype) for spec in specs}]
    with np.load(request.trials, allow_pickle=False) as file:
        arrays = dict(file)
    count = len(next(iter(arrays.values())))
    return [{name: array[i] for name, array in arrays.items()} for i in range(count)]


def _answers(session: Any, source: Source, sample: Mapping[str, np.ndarray]) -> Any:
    """{output: array} as the source gives it."""
    inputs = source.reference_inputs or _in_order(source.inputs)
    outputs = source.reference_outputs or _in_order(source.outputs)
    try:
        results = session.run(feed(dict(sample), msgspec.to_builtins(inputs)))
    except Exception as error:
        otherwise = BadInput(
            f"{source.path} does not run on a sample of the data: {first_line(error)}",
            "It ran on the first one: look at what is different in the others.",
        )
        raise told(error, otherwise) from error
    return read(results, msgspec.to_builtins(outputs))


def _in_order(specs: Sequence[TensorSpec]) -> tuple[Binding, ...]:
    return samples.bindings(specs, [spec.name for spec in specs])


def _require_same(first: Any, again: Any, source: Source) -> None:
    """Refuse a source that answers otherwise when asked the same again."""
    other = [name for name in first if not _same(first[name], again[name])]
    if not other:
        return
    random = [name for name in source.operators if any(word in name for word in _RANDOM)]
    which = f" It has {', '.join(random)}." if random else ""
    raise BadInput(
        f"{source.path} answers differently when asked the same again ({', '.join(other)}): it is "
        f"random, or keeps a state from one call to the next.{which}",
        "No conversion can be compared with it. Export it in evaluation mode (model.eval()), with "
        "random numbers and states as inputs.",
    )


def _same(one: np.ndarray, other: np.ndarray) -> bool:
    if one.shape != other.shape:
        return False
    if one.dtype.kind != "f":
        return bool(np.array_equal(one, other))
    finite = one[np.isfinite(one)]
    reach = _SAME * float(np.abs(finite).max(initial=0.0))
    return bool(np.allclose(one, other, rtol=0.0, atol=reach, equal_nan=True))


def _require_shapes(shapes: dict[str, list[tuple[int, ...]]], source: Source) -> None:
    """Refuse outputs whose shape depends on what is fed."""
    open_ones = {name: seen for name, seen in shapes.items() if len(set(seen)) > 1}
    if not open_ones:
        return
    listed = "; ".join(
        f"{name!r} is {', then '.join(str(list(s)) for s in dict.fromkeys(seen))}"[:120]
        for name, seen in open_ones.items()
    )
    inside = [name for name in ("NonMaxSuppression", "NonZero") if name in source.operators]
    last = f"its {' and '.join(inside)}" if inside else "the step that makes them"
    raise BadInput(
        f"outputs of {source.path} change their shape from sample to sample: {listed}. Answers of "
        "varying length are not compared or scored.",
        f"Export the model without {last} and do that step after it, or pad the outputs to a "
        "fixed length inside the model.",
    )
