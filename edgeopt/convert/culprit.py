"""Finds the operator that a converter gets wrong, where a float form answers otherwise.

The ONNX form is cut after an operator, converted as the whole was and asked; by halving, the
first cut that answers otherwise is found. Runs in a child process.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from edgeopt import runtimes
from edgeopt.convert import worker
from edgeopt.convert.job import Converted, Job
from edgeopt.domain.errors import EdgeoptError
from edgeopt.domain.tensor import TensorSpec
from edgeopt.runtimes.binding import from_artifact, to_artifact

if TYPE_CHECKING:
    import onnx

#: Noise over signal that is no rounding of 32-bit floats: 40 dB.
WRONG = 1e-4

#: Noise, squared, below which an answer that is all zeros is right all the same.
TINY = 1e-12


def find(argument: dict[str, Any]) -> str:
    """The first operator that a runtime computes otherwise, in words; "" where none is found.

    Args:
        argument: "job", of which the recipe is of a float form, and "sample", an .npz with one
            sample of each input.
    """
    job = msgspec.convert(argument["job"], Job)
    if job.source.onnx is None or job.source.tflite or job.source.saved_model:
        return ""
    with np.load(argument["sample"], allow_pickle=False) as arrays:
        cuts = _Cuts(job, dict(arrays))
    low, high = -1, len(cuts.nodes) - 1  # up to `low` all is right, at `high` it is wrong
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if cuts.is_wrong(middle) else (middle, high)
    return described(cuts.nodes[high]) if cuts.nodes and cuts.is_wrong(high) else ""


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
        except EdgeoptError:
            return False  # a cut that no converter takes tells nothing
        noise = float(np.mean((got.astype(np.float64) - expected) ** 2))
        power = float(np.mean(expected.astype(np.float64) ** 2))
        return not noise <= max(WRONG * power, TINY)  # nor where it is NaN

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
        feed: list[Any] = [None] * len(made.inputs)
        for binding in made.inputs:
            told = msgspec.to_builtins(binding)
            feed[binding.index] = np.asarray(
                to_artifact(self._sample[binding.source][None], told)[0]
            )
        [output] = made.outputs
        answer = session.run(feed)[output.index]
        found = from_artifact(np.asarray(answer)[None], msgspec.to_builtins(output))[0]
        session.close()
        return np.asarray(found).reshape(expected.shape)


def _is_float(array: np.ndarray) -> bool:
    return array.dtype.kind == "f" and array.size > 0 and bool(np.isfinite(array).all())
