"""Reads the request: profiles, source, data. Bad input is refused before anything is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from edgeopt import targets
from edgeopt.datasets import (
    asked_task,
    check,
    corruptions,
    metrics,
    slices,
    split,
    task_labels,
    training,
)
from edgeopt.datasets.samples import Samples
from edgeopt.datasets.split import Parts
from edgeopt.domain.compression import Compression
from edgeopt.domain.errors import BadInput
from edgeopt.domain.model import content_id
from edgeopt.domain.open_axis import OpenAxis
from edgeopt.domain.progress import Listener
from edgeopt.domain.run import Request
from edgeopt.domain.target import Profile
from edgeopt.domain.task import TaskAsked
from edgeopt.jobs import beside, disk, on_disk
from edgeopt.pipeline import at_odds, batches, data_read, folding, kept_open, memory, without_data
from edgeopt.pipeline.call import Call
from edgeopt.pipeline.trials import few_samples, trial_samples
from edgeopt.report import open_axis_words
from edgeopt.sources import shapes
from edgeopt.sources.formats import recognise
from edgeopt.sources.load import inspect, prepare
from edgeopt.sources.source import Inspected, Source, sha256_file
from edgeopt.store.out import check_free


@dataclass(frozen=True)
class Intake:
    """A request that can be worked on.

    Attributes:
        batched: batch -> the source that takes so many samples at once.
    """

    profiles: tuple[Profile, ...]
    source: Source
    parts: Parts
    train: Samples | None
    output: str
    request: Request
    warnings: tuple[str, ...]
    batched: Mapping[int, Source] = field(default_factory=dict)


def take_in(
    call: Call, work: Path, progress: Listener, preparing: Callable[[str], None] = lambda _: None
) -> Intake:
    """Read everything that was given.

    Args:
        work: a scratch folder for the source's prepared forms.
        preparing: told the source's format when that begins, which takes long.

    Raises:
        BadInput: anything of it is unusable.
        NotInstalled: the source's format needs a package that is missing.
    """
    at_odds.refuse(call)
    asked_task.require(call.task)
    on_disk.kind(call.out)  # a circle of links, or a name that no system takes
    check_free(call.out)
    disk.require_room([call.out])
    profiles = targets.load_all(call.targets)
    if call.metric is not None:
        metrics.require_known(call.metric)
    source_format = recognise(call.model)  # what is not there is said at once
    data_read.require(call)
    log, limit_s = work / "source.log", call.source_timeout_s
    progress(f"reading {call.model.name}")
    inspected = inspect(call.model, call.trust, log, limit_s, source_format)
    kept, inspected = kept_open.asked(call, inspected)
    _unknown_names(call.shapes, inspected)
    progress("reading the data")
    first = data_read.judged(call, inspected)
    expected = memory.expected(call.task.states, inspected, first)
    single = expected.single(first)
    fixed = _fix_shapes(call, inspected, single)
    progress(f"preparing {call.model.name}")
    sample = _sample(single, inspected, fixed, work)
    trials = trial_samples(single, inspected, fixed, work)
    with beside.made(
        lambda stop: prepare(inspected, fixed, sample, work, log, limit_s, trials, kept, stop)
    ) as prepared:
        preparing(source_format)
        raw = (first, *data_read.others(call, inspected, first))
    source = prepared.result()
    raw, told = without_data.settled(call, source, raw, log)
    batched = batches.sources(call, inspected, fixed, source, work, progress)
    source = msgspec.structs.replace(
        source,
        open_axes=without_data.axes(call, _open_axes(call, inspected, single)),
        states=expected.settled(source, raw[0]),
    )
    data, calibration, confirm = (_checked(call, samples, source) for samples in raw)
    assert data is not None
    _require_effects(call, [data, *([confirm] if confirm else [])])
    warnings = [*told, *source.warnings, *open_axis_words.advice(source.open_axes, fixed)]
    warnings += [str(one) for one in memory.advice(source, data)]
    warnings += [str(advice) for advice in check.constant_inputs(data, source.states.values())]
    warnings += [*data_read.advice(data), *kept_open.advice(source, data)]
    output = _output(call.output, source)
    if call.fold is not None:
        progress(f"folding into {call.model.name}")
        read = data, calibration, confirm
        source, (data, calibration, confirm), more = folding.fold(
            call.fold, source, output, read, work, log, limit_s
        )
        assert data is not None
        warnings += more
    parts = without_data.parts(call, data) or split.split(data, calibration, confirm, call.seed)
    train = _train(call, source, parts)
    return Intake(
        profiles=profiles,
        source=source,
        parts=parts,
        train=train,
        output=output,
        request=_request(call, profiles, source, (data, calibration, confirm), train),
        warnings=tuple(warnings),
        batched=batched,
    )


def _unknown_names(shapes_asked: dict[str, tuple[int, ...]], inspected: Inspected) -> None:
    names = [spec.name for spec in inspected.inputs]
    for name in shapes_asked:
        if name not in names:
            raise BadInput(
                f"--shape names an input {name!r}, but the model has {', '.join(names)}.",
                "Use one of those names.",
            )


def _fix_shapes(call: Call, inspected: Inspected, data: Samples) -> dict[str, tuple[int, ...]]:
    fixed = {request[0]: shapes.fix(*request) for request in _asked_shapes(call, inspected, data)}
    for name, shape in fixed.items():
        shapes.require_size(name, shape)
    return fixed


def _open_axes(call: Call, inspected: Inspected, data: Samples) -> tuple[OpenAxis, ...]:
    """The axes that are fixed here and open in the source."""
    requests = _asked_shapes(call, inspected, data)
    return tuple(axis for one in requests for axis in shapes.open_axes(*one))


def _asked_shapes(call: Call, inspected: Inspected, data: Samples) -> list[Any]:
    """What `shapes.fix` takes, for each input."""
    batch = shapes.batch_symbols([spec.shape for spec in inspected.inputs if spec.shape])
    return [
        (
            spec.name,
            spec.shape,
            batch,
            call.shapes.get(spec.name),
            _seen(spec.name, inspected, data),
        )
        for spec in inspected.inputs
    ]


def _seen(name: str, inspected: Inspected, data: Samples) -> tuple[int, ...] | None:
    array = data.inputs.get(name)
    if array is None and len(inspected.inputs) == len(data.inputs) == 1:
        array = next(iter(data.inputs.values()))
    return None if array is None else tuple(array.shape[1:])


def _sample(
    data: Samples, inspected: Inspected, fixed: dict[str, tuple[int, ...]], work: Path
) -> Path | None:
    """One real sample as an .npz at the fixed shapes, None where the data does not fit them.

    What does not fit is explained later, by `check`, against the source's own specs.
    """
    few = few_samples(data, inspected, fixed, 1)
    if few is None:
        return None
    path = work / "sample.npz"
    np.savez(path, **{name: array[0] for name, array in few.items()})
    return path


def _checked(call: Call, samples: Samples | None, source: Source) -> Samples | None:
    if samples is None:
        return None
    text = task_labels.may_be_text(call.task)
    fitted = check.check(samples, source.inputs, samples.origin, text, source.states.values())
    return kept_open.in_sizes(fitted, source.kept)


def _require_effects(call: Call, judged: list[Samples]) -> None:
    """Refuse slices and corruptions that the judged samples cannot serve."""
    for samples in judged:
        for name in call.slice_by:
            slices.column(samples, name)
    if call.corruptions and not corruptions.applicable(judged[0].inputs):
        raise BadInput(
            f"--corruptions needs an input that holds a signal, and {judged[0].origin} has none.",
            "Floats and bytes are corrupted; whole numbers are ids or tokens.",
        )


def _train(call: Call, source: Source, parts: Parts) -> Samples | None:
    """The samples that are there to train; None where only those that calibrate do."""
    if call.train is None:
        return None
    train = _checked(call, data_read.train(call, source, parts.choose), source)
    assert train is not None
    training.refuse_seen(train, parts)
    return train


def _output(name: str | None, source: Source) -> str:
    names = [spec.name for spec in source.outputs if spec.name not in source.states]
    if name is None:
        return names[0]
    if name not in names:
        raise BadInput(f"the model has no output {name!r}.", f"It has: {', '.join(names)}.")
    return name


def _request(
    call: Call,
    profiles: tuple[Profile, ...],
    source: Source,
    samples: tuple[Samples | None, Samples | None, Samples | None],
    train: Samples | None,
) -> Request:
    data, calibration, confirm = samples
    assert data is not None
    hashes = [part.sha256() for part in samples if part is not None]
    if call.task.alphabet:
        hashes.append(sha256_file(Path(call.task.alphabet)))
    return Request(
        source=call.title or str(call.model),
        source_sha256=source.sha256,
        targets=tuple(profile.name for profile in profiles),
        profiles=tuple(content_id(profile) for profile in profiles),
        data=data.origin,
        data_sha256="+".join(hashes),
        metric=folding.metric(call.metric, source.fold, data.labels),
        constraints=call.constraints,
        calibration=calibration.origin if calibration else None,
        confirm=confirm.origin if confirm else None,
        output=_output(call.output, source),
        budget=call.budget,
        seed=call.seed,
        slice_by=call.slice_by,
        corruptions=call.corruptions,
        pictures=call.pictures,
        fold=source.fold,
        compression=_compression(call, train),
        task=None if call.task == TaskAsked() else call.task,
        random_inputs=without_data.is_asked(call),
        later=call.later,
        aim=call.aim,
        batches=call.batches,
        open_axis=call.open_axis,
        time_s=call.time_s,
    )


def _compression(call: Call, train: Samples | None) -> Compression | None:
    if call.compression is None or train is None:
        return call.compression
    return msgspec.structs.replace(
        call.compression, train=train.origin, train_sha256=train.sha256()
    )
