"""From a path to a prepared source: picks the format's file and runs it in a child."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TypeVar

import msgspec

from edgeopt.domain.errors import BadInput
from edgeopt.domain.model import Value
from edgeopt.domain.open_axis import KeptAxis
from edgeopt.jobs import child, warm
from edgeopt.sources.formats import FORMATS, SAFER, recognise
from edgeopt.sources.index_ranges import Ranges, RangesRequest
from edgeopt.sources.look import Look, LookRequest
from edgeopt.sources.request import InspectRequest, PrepareRequest
from edgeopt.sources.source import Inspected, Source
from edgeopt.sources.structure import Structure, StructureRequest

Answer = TypeVar("Answer", Inspected, Source, Look, Ranges, Structure)


def inspect(
    path: Path, trust: bool, log: Path, timeout_s: float, format: str | None = None
) -> Inspected:
    """What the file says of its inputs. No code in it runs without `trust`.

    Args:
        format: as `recognise` said, which reads archives as a whole; None: it is asked.

    Raises:
        BadInput: it is no model, has no inputs, or cannot be read; one sentence says why.
        NotInstalled: its format needs a package that is missing.
    """
    name = format or recognise(path)
    program = FORMATS[name].program
    if program and not trust:
        hint = f"If you made it yourself, say --trust; {SAFER[name]}"
        raise BadInput(f"{path} is a {program}.", hint)
    request = InspectRequest(path=str(path), format=name, trust=trust)
    inspected = _child("inspect", request, Inspected, path, log, timeout_s)
    inspected = msgspec.structs.replace(inspected, trusted=trust)
    if not inspected.inputs:
        raise BadInput(
            f"{path} has no inputs: it answers the same whatever is asked.",
            "Export it with what it is asked as an input.",
        )
    return inspected


def prepare(
    inspected: Inspected,
    shapes: dict[str, tuple[int, ...]],
    sample: Path | None,
    folder: Path,
    log: Path,
    timeout_s: float,
    trials: Path | None = None,
    kept: KeptAxis | None = None,
    stop: threading.Event | None = None,
) -> Source:
    """Write the forms that converters start from into `folder`.

    Args:
        shapes: the fixed shape of each input.
        sample: an .npz with one sample of each input at that shape, for checking the
            prepared forms against the original; None: zeros.
        trials: an .npz with a few samples [n, *shape] of each input, which the source answers once.
        kept: an axis that stays open.
        stop: ends it when it is set.

    Raises:
        BadInput: as `inspect`; it is random; its outputs change their shape.
        NotInstalled: as `inspect`.
    """
    request = PrepareRequest(
        path=inspected.path,
        format=inspected.format,
        inputs=inspected.inputs,
        shapes=shapes,
        folder=str(folder),
        trust=inspected.trusted,
        sample=str(sample) if sample else None,
        trials=str(trials) if trials else None,
        kept=kept,
    )
    if FORMATS[inspected.format].torch:
        warm.settle(stop)  # a child of its own would import as much as is under way already
    return _child("prepare", request, Source, Path(inspected.path), log, timeout_s, stop)


def look(source: Source, sample: Path | None, answers: Path, log: Path, timeout_s: float) -> Look:
    """What the ONNX form costs, and its answers to the samples, written to `answers`.

    Args:
        sample: an .npz with a few samples [n, *shape] of each input; None: it is not asked.

    Raises:
        BadInput: it has no ONNX form, or does not run.
    """
    if source.onnx is None:
        raise BadInput(f"{source.path} has no ONNX form: {source.onnx_reason}.")
    given = str(sample) if sample else None
    request = LookRequest(onnx=source.onnx, samples=given, answers=str(answers))
    return _child("look", request, Look, Path(source.path), log, timeout_s)


def index_ranges(source: Source, log: Path, timeout_s: float) -> dict[str, tuple[int, int]]:
    """Input -> (least, largest) row that it may choose; {} where none chooses, or nothing tells.

    Raises:
        BadInput: the ONNX form cannot be read.
    """
    words = ("gather", "onehot", "one_hot", "embedding")  # of ONNX and of LiteRT
    if source.onnx is None or not any(w in op.lower() for op in source.operators for w in words):
        return {}
    request = RangesRequest(onnx=source.onnx)
    return _child("index_ranges", request, Ranges, Path(source.path), log, timeout_s).of


def structure(source: Source, log: Path, timeout_s: float) -> Structure:
    """The graph and the shapes of a source, without its weights.

    Raises:
        BadInput: it has no ONNX form, or one that cannot be read.
    """
    if source.onnx is None:
        raise BadInput(f"{source.path} has no ONNX form: {source.onnx_reason}.")
    request = StructureRequest(onnx=source.onnx)
    return _child("structure", request, Structure, Path(source.path), log, timeout_s)


def _child(
    function: str,
    request: Value,
    answer: type[Answer],
    path: Path,
    log: Path,
    timeout_s: float,
    stop: threading.Event | None = None,
) -> Answer:
    worker = f"edgeopt.sources.worker:{function}"
    try:
        reply = child.run(worker, msgspec.to_builtins(request), log, timeout_s, stop)
    except child.ChildFailed as error:
        raise BadInput(f"{path} cannot be read: {error.args[0]}", error.hint) from error
    return msgspec.convert(reply, answer)
