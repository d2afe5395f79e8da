"""`bench --end-to-end`: bundles that answer, from a photo to its answer."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec
import numpy as np

from edgeopt import runtimes
from edgeopt.benchmarking import trusted
from edgeopt.benchmarking.opened_files import Feeds, Opened, options_of, require_file
from edgeopt.benchmarking.opening import Opening
from edgeopt.datasets.annotations import upright
from edgeopt.datasets.image_files import found_in
from edgeopt.decoding import answering
from edgeopt.devices.device import Device, require_real
from edgeopt.domain.errors import BadInput
from edgeopt.domain.recipe import Recipe
from edgeopt.domain.run import SourceFacts
from edgeopt.domain.task import TaskFacts
from edgeopt.domain.tensor import Binding, TensorSpec
from edgeopt.harness.feed import Feed
from edgeopt.harness.files import alone, files_of
from edgeopt.harness.inputs import INPUTS
from edgeopt.harness.subject import Subject
from edgeopt.jobs import on_disk
from edgeopt.sources.source import sha256_files
from edgeopt.store import artifact_files, stored
from edgeopt.store.listed import AGAIN, BUNDLES

_HINT = "Give bundles: the folders beside a run's report.html."


class Manifest(msgspec.Struct, frozen=True):
    """What is asked of a bundle's manifest."""

    artifact: str
    files: dict[str, str]
    recipe: Recipe
    source: SourceFacts
    inputs: tuple[Binding, ...]
    outputs: tuple[Binding, ...]
    task: TaskFacts | None = None


@dataclass(frozen=True)
class _Model:
    """A model's file with what decodes it. `manifest`: of its bundle, None for any other file."""

    path: Path
    manifest: Manifest | None


def open_bundles(
    device: Device,
    paths: Sequence[Path],
    threads: Sequence[int],
    photos: Path | None,
    work: Path,
    timeout_s: float,
    trust: bool = False,
) -> Opened:
    """Open bundles to be timed from a photo to its answer.

    Args:
        paths: bundles' folders, or files; a file that is in no bundle is decoded as the first
            bundle is.
        threads: each with each of these; (): as many as its recipe says, else 1.
        photos: a photo or a folder of them; the first few are used.

    Raises:
        BadInput: none is a bundle of a model that takes images; a file that is not what its run
            made; no photos.
        NotInstalled: a file's runtime is missing.
    """
    require_real(device)
    models = [_model(path) for path in paths]
    task = _task(models)
    arrays = _photos(photos)
    feed, bindings = (
        Feed(arrays, work / "photos"),
        tuple(map(_bound, arrays, (0, 1), arrays.values())),
    )
    feeds, subjects, facts, sha256 = Feeds(), [], {}, {}
    feeds.add(bindings, feed)
    for number, model in enumerate(models):
        require_file(model.path, device)
        trusted.require(model.path, trust)
        base = _subject(model, device, work / f"model-{number}", trust, bindings, task)
        opening = Opening(
            device, model.path, base.home, base.runtime, base.options, work / "inspect.log",
            timeout_s,
        )  # fmt: skip
        about, digest = opening.look({})[1], sha256_files(_files(model))
        for count in threads or (base.threads,):
            key = f"{number}:{model.path}:{count}"
            title = f"{paths[number].name} threads={count}"
            subjects.append(replace(base, key=key, title=title, threads=count))
            facts[key], sha256[key] = about, digest
    origin = f"{len(feed)} photos of {photos}, detections scored {answering.SURE} or more"
    return Opened(tuple(subjects), facts, sha256, feeds, origin)


def _model(path: Path) -> _Model:
    folder = path if on_disk.kind(path) == "folder" else path.parent
    beside = folder / BUNDLES
    if on_disk.kind(beside) != "file":
        return _Model(path, None)
    manifest = stored.value(beside, Manifest, "bundle's manifest", _HINT)
    _require_names(manifest, beside)
    file = folder / manifest.artifact
    return _Model(file, manifest if path in (folder, file) else None)


def _require_names(manifest: Manifest, place: Path) -> None:
    """Refuse names of files elsewhere, before anything is read or linked by them."""
    outside = [name for name in manifest.files if not artifact_files.is_inside(name)]
    if outside:
        raise BadInput(
            f"{place} names a file outside of its folder ({outside[0][:100]!r}).",
            AGAIN,
        )
    if not artifact_files.is_listed(manifest.artifact, manifest.files):
        raise BadInput(
            f"{place}: its artifact is none of its own files ({manifest.artifact[:100]!r}).", AGAIN
        )


def _task(models: Sequence[_Model]) -> TaskFacts:
    """What the models are decoded as."""
    tasks = [model.manifest.task for model in models if model.manifest]
    known = [task for task in tasks if task is not None and task.preparation]
    answered = [task for task in known if task.name in answering.KNOWN]
    if not answered:
        raise BadInput(
            "--end-to-end needs a bundle whose manifest says how photos become its input and its "
            "outputs answers, and none of the artifacts is one.",
            f"Run `edgeopt optimize` with annotated images. {_HINT}",
        )
    return answered[0]


def _subject(
    model: _Model,
    device: Device,
    folder: Path,
    trust: bool,
    bindings: tuple[Binding, ...],
    first: TaskFacts,
) -> Subject:
    runtime = runtimes.suffixes()[model.path.suffix.lower()]
    known = model.manifest
    task = (known.task if known else None) or first
    served: dict[str, Any] = {
        "task": msgspec.to_builtins(task),
        "bindings": {} if known is None else _bindings(known),
        "least": answering.SURE,
    }
    if known is None:
        home = alone(model.path, folder)
        return Subject(
            "", "", runtime, model.path, 1, bindings, (),
            trusted.options(runtime, options_of(model.path), trust), home, served=served,
        )  # fmt: skip
    recipe = known.recipe
    return Subject(
        "", "", recipe.runtime, model.path, recipe.threads, bindings, (),
        trusted.options(runtime, dict(recipe.options), trust), _linked(model, folder),
        recipe.affinity, served,
    )  # fmt: skip


def _folder(model: _Model) -> Path:
    """The bundle's, from which its names start: its artifact may lie below it."""
    assert model.manifest is not None
    return model.path.parents[len(PurePosixPath(model.manifest.artifact).parts) - 1]


def _files(model: _Model) -> list[Path]:
    if model.manifest is None:
        return files_of(model.path)
    return sorted(_folder(model) / name for name in model.manifest.files)


def _linked(model: _Model, folder: Path) -> Path:
    """A folder that holds a bundle's model and nothing else."""
    assert model.manifest is not None
    for name in model.manifest.files:
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(_folder(model) / name, place)
        except OSError:  # another disk
            shutil.copyfile(_folder(model) / name, place)
    return folder


def _bindings(manifest: Manifest) -> dict[str, list[dict[str, Any]]]:
    source = manifest.source
    return {
        "inputs": [_fields(binding, source.inputs) for binding in manifest.inputs],
        "outputs": [_fields(binding, source.outputs) for binding in manifest.outputs],
    }


def _fields(binding: Binding, originals: Sequence[TensorSpec]) -> dict[str, Any]:
    [spec] = [spec for spec in originals if spec.name == binding.source]
    about = {"original_shape": list(spec.sizes), "original_dtype": spec.dtype}
    return {**msgspec.to_builtins(binding), **about}


def _photos(photos: Path | None) -> dict[str, np.ndarray]:
    """Photos of any size in one array: {"photo": uint8[n, most bytes], "size": int64[n, 2]}."""
    if photos is None:
        raise BadInput(
            "--end-to-end needs photos: how long decoding takes depends on what is found in them.",
            "Add --data PHOTO or --data FOLDER.",
        )
    found = found_in(photos)[0] if on_disk.kind(photos) == "folder" else [photos]
    if not found:
        raise BadInput(f"{photos}: no images lie there.", "Give a photo or a folder of them.")
    images = [np.asarray(upright.open_image(path).convert("RGB")) for path in found[:INPUTS]]
    flat = np.zeros((len(images), max(image.size for image in images)), np.uint8)
    for row, image in zip(flat, images, strict=True):
        row[: image.size] = image.ravel()
    return {"photo": flat, "size": np.array([image.shape[:2] for image in images], np.int64)}


def _bound(name: str, index: int, array: np.ndarray) -> Binding:
    shape = tuple(array.shape[1:])
    return Binding(source=name, name=name, index=index, dtype=array.dtype.name, shape=shape)
