"""`--data random`: what is fed where there is no data, and which options that rules out."""

from __future__ import annotations

from pathlib import Path

import msgspec

from edgeopt.datasets import random_inputs
from edgeopt.datasets.random_inputs import Kind
from edgeopt.datasets.samples import Samples
from edgeopt.datasets.split import Parts
from edgeopt.domain.errors import BadInput
from edgeopt.domain.inspection import ModelKind
from edgeopt.domain.open_axis import OpenAxis
from edgeopt.domain.task import TaskAsked
from edgeopt.pipeline.call import Call
from edgeopt.pipeline.guessed_shapes import guessed
from edgeopt.pipeline.model_kind import NO_TOOL, generates, kind_of
from edgeopt.pipeline.parity_check import Answers
from edgeopt.sources import load
from edgeopt.sources.source import Inspected, Source

#: As `data_read` reads them: what --data, --calibration and --confirm hold.
Given = tuple[Samples, Samples | None, Samples | None]

NO_DATA = (
    "No data: the inputs are random ({}). So nothing is scored, and what a form loses is not "
    "known. Static int8 has its ranges from them: it is timed (latency only), never shipped."
)


def is_asked(call: Call) -> bool:
    """Whether a call has no data, and says so."""
    return random_inputs.is_asked(call.data)


def require(call: Call) -> None:
    """Refuse what only data can serve.

    Raises:
        BadInput: an option asks for a score, or for samples beside the random ones.
    """
    asked = {
        "--metric": call.metric,
        "--calibration": call.calibration,
        "--confirm": call.confirm,
        "--slice-by": call.slice_by,
        "--corruptions": call.corruptions,
        "--max-slice-drop": call.constraints.max_slice_drop is not None,
        "--preprocess": call.preprocessing,
        "--prune, --low-rank, --sparse, --input-size and --qat": call.compression,
        "--train": call.train,
        "--task and what belongs to it": call.task != TaskAsked(),
    }
    names = [name for name, given in asked.items() if given]
    if names:
        raise BadInput(
            f"{names[0]} needs data, and --data random has none: nothing is scored then.",
            "Give your own samples with --data, or leave that option out.",
        )


def read(call: Call, inspected: Inspected) -> Samples:
    """Samples that fit every model, while what its inputs choose from is not known.

    Raises:
        BadInput: edgeopt is not for such a model; or it leaves a shape open that nothing says.
    """
    if generates(inspected):
        raise BadInput(f"{call.model.name} is a language model: {NO_TOOL}")
    shapes = guessed(inspected, call.shapes)
    kinds = {one.name: Kind(one.dtype or "float32", shapes[one.name]) for one in inspected.inputs}
    return random_inputs.cautious(kinds, random_inputs.COUNT, call.seed)


def settled(call: Call, source: Source, given: Given, log: Path) -> tuple[Given, list[str]]:
    """The samples that are fed, and what is said of them; of a call with data those given.

    Raises:
        BadInput: a first look is asked at a model that edgeopt is not for.
    """
    if not is_asked(call):
        return given, []
    if call.glance and kind_of(source.inputs, source.outputs, ()).name == "language model":
        raise BadInput(f"{call.model.name} seems to be a language model: {NO_TOOL}")
    rows = load.index_ranges(source, log, call.source_timeout_s)
    kinds = {one.name: Kind(one.dtype, one.sizes, rows.get(one.name)) for one in source.inputs}
    samples = random_inputs.made(kinds, seed=call.seed)
    return (samples, None, None), [NO_DATA.format("; ".join(random_inputs.words(kinds)))]


def axes(call: Call, found: tuple[OpenAxis, ...]) -> tuple[OpenAxis, ...]:
    """Open axes; random samples say nothing of them, so that their size is a usual one."""
    if not is_asked(call):
        return found
    return tuple(
        msgspec.structs.replace(one, basis="guessed") if one.basis == "data" else one
        for one in found
    )


def parts(call: Call, samples: Samples) -> Parts | None:
    """The random samples divided; None of a call with data."""
    return random_inputs.parts(samples) if is_asked(call) else None


def seems(source: Source, answers: Answers) -> ModelKind:
    """What the model seems to be, by its answers to random inputs."""
    count = len(next(iter(answers.values())))
    each = [{name: array[i] for name, array in answers.items()} for i in range(count)]
    return kind_of(source.inputs, source.outputs, each)
