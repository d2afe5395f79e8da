"""Finds the operator that a converter gets wrong, where a float form answers otherwise.

The ONNX form is cut after an operator, converted as the whole was and asked; by halving, the
first cut that answers otherwise is found. Runs in a child process.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from edgeopt import runtimes
from edgeopt.convert import matching, worker
from edgeopt.convert.job import Converted, Job
from edgeopt.domain.errors import CannotWrite, EdgeoptError
from edgeopt.domain.model import Value
from edgeopt.domain.tensor import TensorSpec

if TYPE_CHECKING:
    import onnx

#: Noise over signal that is no rounding of 32-bit floats: 40 dB.
WRONG = 1e-4

#: Noise, squared, below which an answer that is all zeros is right all the same.
TINY = 1e-12

#: Of a value: what the order of additions may change of it in 32-bit floats.
ROUNDING = 1e-6


class Difference(Value, kw_only=True, frozen=True):
    """The first operator whose answers differ.

    Attributes:
        operator: in words.
        reach: the largest value that it is given, where its answers differ as much when what it
            is given is rounded differently: no conversion is at fault then. None: it is.
    """

    operator: str
    reach: float | None = None


def find(argument: dict[str, Any]) -> Any:
    """The first operator that a runtime computes otherwise: a `Difference`, or None.

    Args:
        argument: "job", of which the recipe is of a float form, and "sample", an .npz with one
            sample of each input.
    """
    job = msgspec.convert(argument["job"], Job)
    if job.source.onnx is None or job.source.tflite or job.source.saved_model:
        return None
    with np.load(argument["sample"], allow_pickle=False) as arrays:
        cuts = _Cuts(job, dict(arrays))
    low, high = -1, len(cuts.nodes) - 1  # up to `low` all is right, at `high` it is wrong
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if cuts.is_wrong(middle) else (middle, high)
    if not cuts.nodes or not cuts.is_wrong(high):
        return None
    found = Difference(operator=described(cuts.nodes[high]), reach=cuts.reach(high))
    return msgspec.to_builtins(found)


def described(node: onnx.NodeProto) -> str:
    """An operator with the words among its attributes: "Resize (asymmetric, nearest)"."""
    words = ", ".join(sorted(a.s.decode() for a in node.attribute if a.s))
    named = f" {node.name!r}" if node.name else ""
    return f"{node.op_type}{named}" + (f" ({words})" if words else "")


class _Cuts:
    """A model cut after each of its operators that answers with floats."""

    def __init__(self, job: Job, sample: dict[str, np.ndarray]) -> None:
        import onnx
        import onnxruntime as ort

        self._job, self._sample = job, sample
        self._model = onnx.shape_inference.infer_shapes(onnx.load(str(job.source.onnx)))
        every = [node.output[0] for node in self._model.graph.node if node.output]
        shown = onnx.ModelProto()
        shown.CopyFrom(self._model)
        known = {value.name for value in shown.graph.output}
        shown.graph.output.extend(onnx.ValueInfoProto(name=n) for n in every if n not in known)
        session = ort.InferenceSession(
            shown.SerializeToString(), providers=["CPUExecutionProvider"]
        )
        results = session.run(every, sample)
        self._expected = dict(zip(every, results, strict=True))
        self._known = sample | self._expected
        self.nodes = [
            node
            for node in self._model.graph.node
            if node.output and _is_float(self._expected[node.output[0]])
        ]

    def is_wrong(self, index: int) -> bool:
        """Whether what is made up to an operator answers otherwise, or cannot be made."""
        name = self.nodes[index].output[0]
        expected = self._expected[name]
        try:
            got = self._answer(name, expected, Path(self._job.folder) / f"cut{index}")
        except CannotWrite:
            raise
        except EdgeoptError:
            return False  # a cut that no converter takes tells nothing
        return _differ(got, expected)

    def reach(self, index: int) -> float | None:
        """See `Difference`: the operator alone is asked again about rounded values."""
        node = self.nodes[index]
        given = {name: self._known[name] for name in node.input if name in self._known}
        rng = np.random.default_rng(0)
        rounded = {
            name: array * (1 + ROUNDING * rng.choice([-1, 1], array.shape)).astype(array.dtype)
            if _is_float(array)
            else array
            for name, array in given.items()
        }
        expected = self._expected[node.output[0]]
        floats = [float(np.abs(array).max()) for array in given.values() if _is_float(array)]
        if not floats or not _differ(self._alone(node, rounded), expected):
            return None
        return max(floats)

    def _alone(self, node: onnx.NodeProto, given: dict[str, np.ndarray]) -> np.ndarray:
        import onnx
        import onnxruntime as ort

        alone = onnx.utils.Extractor(self._model).extract_model(list(given), [node.output[0]])
        session = ort.InferenceSession(
            alone.SerializeToString(), providers=["CPUExecutionProvider"]
        )
        taken = {value.name for value in session.get_inputs()}
        fed = {name: array for name, array in given.items() if name in taken}
        return np.asarray(session.run(None, fed)[0])

    def _answer(self, name: str, expected: np.ndarray, folder: Path) -> np.ndarray:
        import onnx

        folder.mkdir(parents=True, exist_ok=True)
        inputs = [spec.name for spec in self._job.source.inputs]
        cut = onnx.utils.Extractor(self._model).extract_model(inputs, [name])
        read = {given for node in cut.graph.node for given in node.input}
        kept = [value for value in cut.graph.input if value.name in read]
        del cut.graph.input[:]
        cut.graph.input.extend(kept)
        onnx.save_model(cut, str(folder / "cut.onnx"))
        spec = TensorSpec(name=name, dtype=expected.dtype.name, shape=expected.shape)
        source = msgspec.structs.replace(
            self._job.source,
            onnx=str(folder / "cut.onnx"),
            exported=None,
            torchscript=None,
            inputs=tuple(spec for spec in self._job.source.inputs if spec.name in read),
            outputs=(spec,),
            reference_inputs=(),
            reference_outputs=(),
        )
        job = msgspec.structs.replace(self._job, source=source, folder=str(folder), base=None)
        made = msgspec.convert(worker.make(msgspec.to_builtins(job)), Converted)
        path = str(folder / made.main)
        session = runtimes.load(job.recipe.runtime).open_session(path, 1, job.recipe.options)
        with contextlib.closing(session):
            results = session.run(matching.fed(made.inputs, self._sample))
        return matching.read(made.outputs, results)[name].reshape(expected.shape)


def _differ(got: np.ndarray, expected: np.ndarray) -> bool:
    """By more than rounding explains; so do NaNs."""
    noise = float(np.mean((got.astype(np.float64) - expected) ** 2))
    power = float(np.mean(expected.astype(np.float64) ** 2))
    return not noise <= max(WRONG * power, TINY)


def _is_float(array: np.ndarray) -> bool:
    return array.dtype.kind == "f" and array.size > 0 and bool(np.isfinite(array).all())
