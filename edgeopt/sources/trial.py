"""Prepares a source and asks it about a few samples: whether it answers the same again, and with

outputs of one shape. What cannot be compared is refused here, before a conversion is blamed.
Runs in a child process.
"""

from __future__ import annotations

import importlib
import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from edgeopt import runtimes
from edgeopt.domain.errors import BadInput
from edgeopt.jobs.child import first_line
from edgeopt.jobs.told import told
from edgeopt.runtimes.binding import feed, read
from edgeopt.sources import samples

#: Seconds after which no further sample is asked about.
PATIENCE_S = 5.0

#: How far two answers to the same question may differ, of the largest value: threads add in turn.
_SAME = 1e-3

#: Parts of operators' names, in ONNX and elsewhere.
_RANDOM = ("Dropout", "Random", "Bernoulli", "Multinomial", "rand", "dropout",
           "bernoulli", "multinomial", "normal_functional")  # fmt: skip


def prepare(argument: dict[str, Any]) -> dict[str, Any]:
    """See `load.prepare`; `argument` has the format's "module" and "trials", an .npz, besides.

    Raises:
        BadInput: it does not run, is random, or its outputs change their shape.
    """
    made: dict[str, Any] = importlib.import_module(argument["module"]).prepare(argument)
    path, options = made["reference_path"], made.get("reference_options", {})
    trials = _samples(argument, made["inputs"])
    session = runtimes.load(made["reference_runtime"]).open_session(path, 1, options)
    try:
        first = _answers(session, made, trials[0])
        again = _answers(session, made, trials[0])
        _require_same(first, again, made)
        shapes = {name: [array.shape] for name, array in first.items()}
        began = time.monotonic()
        for sample in trials[1:]:
            for name, array in _answers(session, made, sample).items():
                shapes[name].append(array.shape)
            if time.monotonic() - began > PATIENCE_S:
                break
    finally:
        session.close()
    _require_shapes(shapes, made)
    return made


def _samples(argument: dict[str, Any], specs: list[dict[str, Any]]) -> list[dict[str, np.ndarray]]:
    """A few samples of each input, {name: [*shape]}; one of zeros where there are none."""
    if not argument.get("trials") and argument.get("sample"):
        return [samples.given(argument)]
    if not argument.get("trials"):
        return [{spec["name"]: np.zeros(spec["shape"], spec["dtype"]) for spec in specs}]
    with np.load(argument["trials"], allow_pickle=False) as arrays:
        given = dict(arrays)
    count = len(next(iter(given.values())))
    return [{name: array[i] for name, array in given.items()} for i in range(count)]


def _answers(session: Any, made: dict[str, Any], sample: Mapping[str, np.ndarray]) -> Any:
    """{output: array} as the source gives it."""
    inputs = made.get("reference_inputs") or _plain(made["inputs"])
    outputs = made.get("reference_outputs") or _plain(made["outputs"])
    try:
        results = session.run(feed(dict(sample), inputs))
    except Exception as error:
        otherwise = BadInput(
            f"{made['path']} does not run on a sample of the data: {first_line(error)}",
            "It ran on the first one: look at what is different in the others.",
        )
        raise told(error, otherwise) from error
    return read(results, outputs)


def _plain(specs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**spec, "source": spec["name"], "index": i} for i, spec in enumerate(specs)]


def _require_same(first: Any, again: Any, made: dict[str, Any]) -> None:
    """Refuse a source that answers otherwise when asked the same again."""
    other = [name for name in first if not _same(first[name], again[name])]
    if not other:
        return
    random = [name for name in made["operators"] if any(word in name for word in _RANDOM)]
    which = f" It has {', '.join(random)}." if random else ""
    raise BadInput(
        f"{made['path']} answers differently when asked the same again ({', '.join(other)}): it is "
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


def _require_shapes(shapes: dict[str, list[tuple[int, ...]]], made: dict[str, Any]) -> None:
    """Refuse outputs whose shape depends on what is fed."""
    open_ones = {name: found for name, found in shapes.items() if len(set(found)) > 1}
    if not open_ones:
        return
    seen = "; ".join(
        f"{name!r} is {', then '.join(str(list(s)) for s in dict.fromkeys(found))}"[:120]
        for name, found in open_ones.items()
    )
    inside = [name for name in ("NonMaxSuppression", "NonZero") if name in made["operators"]]
    last = f"its {' and '.join(inside)}" if inside else "the step that makes them"
    raise BadInput(
        f"outputs of {made['path']} change their shape from sample to sample: {seen}. Answers of "
        "varying length are not compared or scored.",
        f"Export the model without {last} and do that step after it, or pad the outputs to a "
        "fixed length inside the model.",
    )
