"""Model files as things to run: opened once, with inputs that fit them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edgeopt import runtimes
from edgeopt.datasets.check import check
from edgeopt.datasets.npz import load_npz
from edgeopt.devices.device import Device, require_real
from edgeopt.devices.local import Local
from edgeopt.devices.registry import LOCAL
from edgeopt.domain.artifact import Artifact
from edgeopt.domain.errors import BadInput, DeviceFailed, NotInstalled
from edgeopt.domain.tensor import Binding, TensorSpec
from edgeopt.harness.client import Client, RunnerFailed
from edgeopt.harness.feed import Feed
from edgeopt.harness.files import MANIFEST, alone, files_of
from edgeopt.harness.inputs import INPUTS
from edgeopt.harness.subject import Subject
from edgeopt.jobs import disk, scratch
from edgeopt.jobs.told import told
from edgeopt.pipeline import trusted
from edgeopt.search.space import installed
from edgeopt.sources.source import sha256_files
from edgeopt.store import stored


@dataclass(frozen=True)
class Opened:
    """Files that can be timed.

    Attributes:
        facts: subject key -> what its runtime says of it (operators, precisions, options).
        inputs: where the inputs came from.
    """

    subjects: tuple[Subject, ...]
    facts: dict[str, Any]
    feeds: Feeds
    inputs: str


class Feeds:
    """Inputs for artifacts that may name and shape them differently: one feed for each file."""

    def __init__(self) -> None:
        self._feeds: dict[tuple[Binding, ...], Feed] = {}

    def add(self, bindings: tuple[Binding, ...], feed: Feed) -> None:
        self._feeds[bindings] = feed

    def files(self, bindings: tuple[Binding, ...]) -> list[Path]:
        return self._feeds[bindings].files(bindings)

    def __len__(self) -> int:
        return min(len(feed) for feed in self._feeds.values())


@contextlib.contextmanager
def place(device: Device | None) -> Iterator[tuple[Device, Path]]:
    """Where artifacts run, and a scratch folder; a device that was given is left open."""
    here = device or Local()
    with disk.ending(), scratch.folder() as work:
        try:
            yield here, Path(work)
        finally:
            if device is None:
                here.close()


def open_files(
    device: Device,
    paths: Sequence[Path],
    threads: Sequence[int],
    data: Path | None,
    seed: int,
    work: Path,
    timeout_s: float,
    trust: bool = False,
) -> Opened:
    """Open every file once and make inputs for it.

    Args:
        threads: each file becomes a subject with each of these.
        data: an .npz with one array per input; None: seeded random inputs of the right type.
        work: a scratch folder.
        trust: code inside the files may run.

    Raises:
        BadInput: a file that no runtime opens, that is a program, or that is not what its run
            made; data that does not fit; an emulated device.
        NotInstalled: a file's runtime is missing.
    """
    require_real(device)
    for path in paths:
        _check(path, device)
        trusted.require(path, trust)
    subjects, facts, feeds = [], {}, Feeds()
    for number, path in enumerate(paths):
        runtime = runtimes.SUFFIXES[path.suffix.lower()]
        options = trusted.options(runtime, _options(path), trust)
        folder = path.parent if device.link == LOCAL else alone(path, work / f"model-{number}")
        specs, about = _inspect(device, path, folder, runtime, options, work, timeout_s)
        bindings = tuple(_binding(spec, i) for i, spec in enumerate(specs))
        arrays = arrays_for([_as_spec(b) for b in bindings], data, seed)
        feeds.add(bindings, Feed(arrays, work / str(number)))
        for count in threads:
            key = f"{number}:{path}:{count}"
            title = f"{path.name} threads={count}"
            facts[key] = about
            subject = Subject(key, title, runtime, path, count, bindings, (), options, folder)
            subjects.append(subject)
    origin = str(data) if data else f"random, seed {seed}"
    return Opened(tuple(subjects), facts, feeds, origin)


def _options(path: Path) -> dict[str, str | int]:
    """The options that an artifact of a run ships with; none for any other file."""
    beside = path.with_name(MANIFEST)
    if not beside.is_file():
        return {}
    hint = "It was damaged or edited: time a copy of the model in a folder of its own."
    return dict(stored.value(beside, Artifact, "artifact", hint).recipe.options)


def _check(path: Path, device: Device) -> None:
    if not path.is_file():
        raise BadInput(f"there is no file {path}.", "Give the paths of model files.")
    runtime = runtimes.SUFFIXES.get(path.suffix.lower())
    if runtime is None:
        raise BadInput(f"no runtime opens {path}.", f"Known: {', '.join(runtimes.SUFFIXES)}.")
    packages = runtimes.load(runtime).PACKAGES
    if device.link == LOCAL and not any(installed(package) for package in packages):
        raise NotInstalled(f"{path} needs {' or '.join(packages)}.", f"pip install {packages[0]}")


def _inspect(
    device: Device,
    path: Path,
    folder: Path,
    runtime: str,
    options: dict[str, str | int],
    work: Path,
    timeout_s: float,
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Open it once: the specs of its inputs, and what the runtime says of it.

    Raises:
        DeviceFailed: the device cannot be reached.
    """
    with Client(device, work / "inspect.log") as client:
        try:
            opened = client.request(
                "open",
                timeout_s,
                runtime=runtime,
                path=f"{device.put(folder)}/{path.name}",
                threads=1,
                options=options,
            )
            _refuse_open_shapes(opened["inputs"], path)
            facts = client.request("facts", timeout_s)["facts"]
        except DeviceFailed:
            raise
        except RunnerFailed as error:
            otherwise = BadInput(f"{runtime} cannot open {path}: {error.args[0]}")
            raise told(error, otherwise) from error
    about = {"version": opened["version"], "sha256": sha256_files(files_of(path))}
    return opened["inputs"], {**facts, **about}


def _refuse_open_shapes(specs: list[dict[str, Any]], path: Path) -> None:
    for spec in specs:
        if not all(isinstance(dim, int) and dim > 0 for dim in spec["shape"]):
            dims = "x".join(str(dim or "?") for dim in spec["shape"])
            raise BadInput(
                f"{path}: input {spec['name']!r} has open dimensions ({dims}).",
                "Fix its shapes first; `edgeopt optimize` does that.",
            )


def _binding(spec: dict[str, Any], index: int) -> Binding:
    return Binding(
        source=spec["name"],
        name=spec["name"],
        index=index,
        dtype=spec["dtype"],
        shape=tuple(spec["shape"]),
    )


def arrays_for(specs: Sequence[TensorSpec], data: Path | None, seed: int) -> dict[str, np.ndarray]:
    """A few samples for each input: of a file, or random ones of the right type.

    Returns:
        {input: [`INPUTS` or fewer, *shape]}.

    Raises:
        BadInput: the file's arrays do not fit.
    """
    if data is None:
        rng = np.random.default_rng(seed)
        return {spec.name: _random(rng, spec) for spec in specs}
    samples = check(load_npz(data, [spec.name for spec in specs]), specs, str(data))
    return {name: array[:INPUTS] for name, array in samples.inputs.items()}


def _as_spec(binding: Binding) -> TensorSpec:
    return TensorSpec(name=binding.source, dtype=binding.dtype, shape=binding.shape)


def _random(rng: np.random.Generator, spec: TensorSpec) -> np.ndarray:
    """Different values for each of the inputs; small numbers where the type is an integer."""
    shape = (INPUTS, *spec.sizes)
    kind = np.dtype(spec.dtype)
    if kind.kind == "f":
        return rng.standard_normal(shape).astype(kind)
    if kind.kind == "b":
        return rng.random(shape) < 0.5
    high = 256 if kind.itemsize == 1 and kind.kind == "u" else 2
    return rng.integers(0, high, shape).astype(kind)
