"""One model file, opened once: what its runtime says of it, and shapes for what it leaves open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from msgspec import structs

from edgeopt import runtimes
from edgeopt.devices.device import Device
from edgeopt.domain.errors import BadInput, DeviceFailed, RunnerFailed
from edgeopt.domain.session_facts import SessionFacts
from edgeopt.harness.client import Client
from edgeopt.harness.replies import Input, Opened
from edgeopt.jobs.told import told
from edgeopt.runtimes import fixed_shapes

Options = dict[str, str | int]


@dataclass(frozen=True)
class Opening:
    """A file, and where and how it is opened."""

    device: Device
    path: Path
    folder: Path
    runtime: str
    options: Options
    log: Path
    timeout_s: float

    def look(
        self, shapes: Mapping[str, tuple[int, ...]]
    ) -> tuple[list[Input], SessionFacts, Options]:
        """The specs of its inputs, what the runtime says of it, and the options to open it with.

        Args:
            shapes: of inputs whose dimensions it leaves open.

        Raises:
            BadInput: it does not open; dimensions stay open; a shape does not fit.
            DeviceFailed: the device cannot be reached.
        """
        with Client(self.device, self.log) as client:
            opened = self._request(client, self.options)
            fixed = self._fixed(opened.inputs, shapes)
            options: Options = dict(self.options)
            if fixed:
                options[fixed_shapes.OPTION] = fixed_shapes.option(fixed)
                opened = self._request(client, options)
            facts = self._facts(client)
        return opened.inputs, structs.replace(facts, version=opened.version), options

    def _request(self, client: Client, options: Options) -> Opened:
        path = f"{self.device.put(self.folder)}/{self.path.name}"
        try:
            return client.request(
                "open", self.timeout_s, runtime=self.runtime, path=path, threads=1, options=options
            )
        except DeviceFailed:
            raise
        except RunnerFailed as error:
            raise self._told(error) from error

    def _facts(self, client: Client) -> SessionFacts:
        try:
            return client.request("facts", self.timeout_s).facts
        except DeviceFailed:
            raise
        except RunnerFailed as error:
            raise self._told(error) from error

    def _told(self, error: RunnerFailed) -> Exception:
        return told(error, BadInput(f"{self.runtime} cannot open {self.path}: {error.args[0]}"))

    def _fixed(
        self, specs: Sequence[Input], shapes: Mapping[str, tuple[int, ...]]
    ) -> dict[str, tuple[int, ...]]:
        """The shapes that are needed, of those that were given."""
        fixed = {}
        for spec in specs:
            name, shape = spec.name, shapes.get(spec.name)
            if shape is not None and not _fits(spec.shape, shape):
                raise BadInput(
                    f"--shape {name}={_dims(shape)} does not fit {self.path}, whose input "
                    f"{name!r} is {_dims(spec.shape)}.",
                    "Only open dimensions, ?, may be chosen.",
                )
            if all(_is_closed(dim) for dim in spec.shape):
                continue
            if shape is None:
                dims = _dims(spec.shape)
                raise BadInput(
                    f"{self.path}: input {name!r} has open dimensions ({dims}).",
                    f"Give it, such as --shape {name}={_example(spec.shape)}.",
                )
            fixed[name] = shape
        if fixed and not runtimes.spec(self.runtime).takes_shapes:
            raise BadInput(
                f"{self.path}: {self.runtime} takes no shape for what the file leaves open.",
                "Fix its shapes first; `edgeopt optimize` does that.",
            )
        return fixed


def _fits(stated: list[Any], shape: tuple[int, ...]) -> bool:
    return len(stated) == len(shape) and all(
        not _is_closed(dim) or dim == got for dim, got in zip(stated, shape, strict=True)
    )


def _is_closed(dim: Any) -> bool:
    return isinstance(dim, int) and dim > 0


def _dims(shape: Any) -> str:
    return "x".join(str(dim) if _is_closed(dim) else "?" for dim in shape)


def _example(shape: Any) -> str:
    """The shape with what is open chosen: one sample, sides of an image, or a length."""
    image = (1, 224, 224, 3) if shape and shape[-1] in (1, 3, 4) else (1, 3, 224, 224)
    usual = image if len(shape) == 4 else (1, *(64 for _ in shape[1:]))
    pairs = zip(shape, usual, strict=True) if shape else ()
    return "x".join(str(dim if _is_closed(dim) else size) for dim, size in pairs)
