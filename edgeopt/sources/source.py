"""The source: the user's model, inspected and prepared."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from edgeopt.domain.fold import Fold
from edgeopt.domain.model import Value
from edgeopt.domain.open_axis import KeptAxis, OpenAxis
from edgeopt.domain.recipe import Precision
from edgeopt.domain.run import SourceFacts
from edgeopt.domain.tail import Tail
from edgeopt.domain.tensor import Binding, TensorSpec


class OpenSpec(Value, kw_only=True, frozen=True):
    """An input as the file states it: dtype and shape are None where the file is silent.

    `shape` holds ints, and the names of open dimensions.
    """

    name: str
    dtype: str | None
    shape: tuple[int | str, ...] | None


class Inspected(Value, kw_only=True, frozen=True):
    """What a model file says of itself before its shapes are fixed.

    Attributes:
        trusted: the user said `--trust`: code inside the file may run.
    """

    path: str
    format: str
    inputs: tuple[OpenSpec, ...]
    trusted: bool = False


class Source(Value, kw_only=True, frozen=True):
    """A model with fixed shapes, in the forms that converters start from.

    Attributes:
        sha256, size_bytes: of the file, together with the files that hold its weights.
        onnx: the canonical ONNX file, or None; then `onnx_reason` says why.
        exported: the exported program with fixed shapes (.pt2), PyTorch sources only.
        torchscript: the frozen TorchScript (.pt), TorchScript sources only.
        saved_model: the folder of a frozen SavedModel, TensorFlow and Keras sources only.
        tflite: the file as given, LiteRT sources only.
        stored: the precision of the weights in the file; "as-is" where it is quantized.
        reference_runtime, reference_path, reference_options: the session whose answers
            are the source's own.
        channels_last: images that are so by the user's word, and stay so.
        open_axes: those that the file leaves open and that are fixed here.
        kept: the axis that stays open; shapes are those at its largest size. open_onnx: the ONNX
            form with it open.
        states: output -> input, of a model with a memory: what goes back at the next step.
        warnings: what the user must know of the model before any figure of it.
        fold: what is folded in; then all of the above is of the folded model.
        tail: what comes after its last weights, None where there is no ONNX form to tell.
        reference_inputs, reference_outputs: how that session's tensors stand to `inputs` and
            `outputs`; empty where they are the same, in the same order.
    """

    path: str
    format: str
    sha256: str
    size_bytes: int
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    operators: dict[str, int]
    onnx: str | None
    onnx_reason: str = ""
    exported: str | None = None
    torchscript: str | None = None
    saved_model: str | None = None
    tflite: str | None = None
    stored: Precision = "fp32"
    reference_runtime: str
    reference_path: str
    reference_options: dict[str, str] = msgspec.field(default_factory=dict)
    reference_inputs: tuple[Binding, ...] = ()
    reference_outputs: tuple[Binding, ...] = ()
    channels_last: tuple[str, ...] = ()
    fold: Fold | None = None
    tail: Tail | None = None
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    open_axes: tuple[OpenAxis, ...] = ()
    kept: KeptAxis | None = None
    open_onnx: str | None = None
    states: dict[str, str] = msgspec.field(default_factory=dict)

    def batch_axis(self, output: str) -> int | None:
        """The axis of 1 in an output that counts samples, None where it has none.

        It is the first, if that is 1 and the inputs begin with a batch axis too: else the first
        axis of an answer is its own.
        """
        [spec] = [spec for spec in self.outputs if spec.name == output]
        batched = any(one.shape and one.shape[0] in (1, None) for one in self.inputs)
        return 0 if batched and spec.shape and spec.shape[0] in (1, None) else None

    def facts(self) -> SourceFacts:
        """What `run.json` keeps of it."""
        return SourceFacts(
            path=self.path,
            format=self.format,
            sha256=self.sha256,
            size_bytes=self.size_bytes,
            inputs=self.inputs,
            outputs=self.outputs,
            operators=self.operators,
            fold=self.fold,
            notes=self.notes,
            open_axes=self.open_axes,
            tail=self.tail,
            kept=self.kept,
        )


def sha256_file(path: Path) -> str:
    """SHA-256 of a file's content, in hex."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        for chunk in _chunks(file):
            digest.update(chunk)
    return digest.hexdigest()


def sha256_files(paths: Sequence[Path]) -> str:
    """One file's own SHA-256, or that of the lines "sha256  name" of several."""
    return combined_sha256([(path.name, sha256_file(path)) for path in paths])


def combined_sha256(files: Sequence[tuple[str, str]]) -> str:
    """The same of files' names, each with its SHA-256."""
    if len(files) == 1:
        return files[0][1]
    lines = "".join(f"{digest}  {name}\n" for name, digest in files)
    return hashlib.sha256(lines.encode()).hexdigest()


def _chunks(file: object) -> Iterator[bytes]:
    return iter(lambda: file.read(1 << 20), b"")  # type: ignore[attr-defined]
