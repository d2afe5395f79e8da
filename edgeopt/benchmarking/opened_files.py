"""Model files as things to run: opened once, with inputs that fit them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np

from edgeopt import runtimes
from edgeopt.benchmarking import trusted
from edgeopt.benchmarking.opening import Opening
from edgeopt.datasets import npz
from edgeopt.datasets.check import check
from edgeopt.datasets.samples import from_arrays
from edgeopt.devices.device import Device, require_real
from edgeopt.devices.local import Local
from edgeopt.devices.registry import LOCAL
from edgeopt.domain.errors import BadInput, NotInstalled
from edgeopt.domain.session_facts import SessionFacts
from edgeopt.domain.tensor import Binding, TensorSpec
from edgeopt.harness.feed import Feed, Inputs
from edgeopt.harness.files import alone, files_of, manifest
from edgeopt.harness.inputs import INPUTS
from edgeopt.harness.replies import Input
from edgeopt.harness.subject import Subject
from edgeopt.jobs import disk, on_disk, scratch
from edgeopt.search.space import installed
from edgeopt.sources.source import sha256_files


@dataclass(frozen=True)
class Opened:
    """Files that can be timed.

    Attributes:
        facts: subject key -> what its runtime says of it.
        sha256: subject key -> of its files.
        inputs: where the inputs came from.
    """

    subjects: tuple[Subject, ...]
    facts: dict[str, SessionFacts]
    sha256: dict[str, str]
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

    def timed(self) -> Inputs:
        return self

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
    shapes: Mapping[str, tuple[int, ...]] = MappingProxyType({}),
) -> Opened:
    """Open every file once and make inputs for it.

    Args:
        threads: each file becomes a subject with each of these.
        data: an .npz with one array per input; None: seeded random inputs of the right type.
        work: a scratch folder.
        trust: code inside the files may run.
        shapes: of inputs whose dimensions a file leaves open.

    Raises:
        BadInput: a file that no runtime opens, that is a program, or that is not what its run
            made; data or a shape that does not fit; an emulated device.
        NotInstalled: a file's runtime is missing.
    """
    require_real(device)
    for path in paths:
        require_file(path, device)
        trusted.require(path, trust)
    given_arrays = None if data is None else npz.read(data)
    subjects, facts, sha256, feeds, inputs = [], {}, {}, Feeds(), set()
    for number, path in enumerate(paths):
        runtime = runtimes.suffixes()[path.suffix.lower()]
        options = trusted.options(runtime, options_of(path), trust)
        folder = path.parent if device.link == LOCAL else alone(path, work / f"model-{number}")
        opening = Opening(device, path, folder, runtime, options, work / "inspect.log", timeout_s)
        specs, about, options = opening.look(shapes)
        digest = sha256_files(files_of(path))
        inputs |= {spec.name for spec in specs}
        bindings = tuple(_binding(spec, i) for i, spec in enumerate(specs))
        arrays = arrays_for([_as_spec(b) for b in bindings], given_arrays, seed, str(data))
        feeds.add(bindings, Feed(arrays, work / str(number)))
        for count in threads:
            key = f"{number}:{path}:{count}"
            title = f"{path.name} threads={count}"
            facts[key], sha256[key] = about, digest
            subject = Subject(key, title, runtime, path, count, bindings, (), options, folder)
            subjects.append(subject)
    for name in shapes:
        if name not in inputs:
            raise BadInput(
                f"--shape names an input {name!r}, but there is none of that name.",
                f"There are: {', '.join(sorted(inputs))}.",
            )
    origin = str(data) if data else f"random, seed {seed}"
    return Opened(tuple(subjects), facts, sha256, feeds, origin)


def options_of(path: Path) -> dict[str, str | int]:
    """The options that an artifact of a run ships with; none for any other file.

    Raises:
        BadInput: what is said beside it cannot be read.
    """
    artifact = manifest(path)
    return {} if artifact is None else dict(artifact.recipe.options)


def require_file(path: Path, device: Device) -> None:
    """Refuse what cannot be opened by its name.

    Raises:
        BadInput: there is no such file, or no runtime opens it.
        NotInstalled: its runtime is missing here, where it would run.
    """
    found = on_disk.kind(path)
    if found == "nothing":
        hint = f"Give the paths of model files. {on_disk.near(path)}"
        raise BadInput(f"there is no file {on_disk.shown(path)}.", hint.rstrip())
    if found == "folder":
        raise BadInput(f"{path} is a folder, not a file.", "Give the paths of model files.")
    runtime = runtimes.suffixes().get(path.suffix.lower())
    if runtime is None:
        raise BadInput(f"no runtime opens {path}.", f"Known: {', '.join(runtimes.suffixes())}.")
    packages = runtimes.spec(runtime).packages
    if device.link == LOCAL and not any(installed(package) for package in packages):
        raise NotInstalled(f"{path} needs {' or '.join(packages)}.", f"pip install {packages[0]}")


def _binding(spec: Input, index: int) -> Binding:
    sizes = tuple(dim for dim in spec.shape if isinstance(dim, int))  # none is open any more
    return Binding(source=spec.name, name=spec.name, index=index, dtype=spec.dtype, shape=sizes)


def arrays_for(
    specs: Sequence[TensorSpec],
    arrays: Mapping[str, np.ndarray] | None,
    seed: int,
    where: str = "the data",
) -> dict[str, np.ndarray]:
    """A few samples for each input: of the arrays given, or random ones of the right type.

    Returns:
        {input: [`INPUTS` or fewer, *shape]}.

    Raises:
        BadInput: the arrays do not fit.
    """
    if arrays is None:
        rng = np.random.default_rng(seed)
        return {spec.name: _random(rng, spec) for spec in specs}
    samples = from_arrays(arrays, [spec.name for spec in specs], where)
    return {name: array[:INPUTS] for name, array in check(samples, specs, where).inputs.items()}


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
