"""One model file, opened once: what its runtime says of it, and shapes for what it leaves open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgeopt import runtimes
from edgeopt.devices.device import Device
from edgeopt.domain.errors import BadInput, DeviceFailed, RunnerFailed
from edgeopt.harness.client import Client
from edgeopt.harness.files import files_of
from edgeopt.jobs.told import told
from edgeopt.runtimes import fixed_shapes
from edgeopt.sources.source import sha256_files

Options = dict[str, str | int]
Specs = list[dict[str, Any]]


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

    def look(self, shapes: Mapping[str, tuple[int, ...]]) -> tuple[Specs, dict[str, Any], Options]:
        """The specs of its inputs, what the runtime says of it, and the options to open it with.

        Args:
            shapes: of inputs whose dimensions it leaves open.

        Raises:
            BadInput: it does not open; dimensions stay open; a shape does not fit.
            DeviceFailed: the device cannot be reached.
        """
        with Client(self.device, self.log) as client:
            opened = self._request(client, self.options)
            fixed = self._fixed(opened["inputs"], shapes)
            options: Options = dict(self.options)
            if fixed:
                options[fixed_shapes.OPTION] = fixed_shapes.option(fixed)
                opened = self._request(client, options)
            facts = self._facts(client)
        about = {"version": opened["version"], "sha256": sha256_files(files_of(self.path))}
        return opened["inputs"], {**facts, **about}, options

    def _request(self, client: Client, options: Options) -> dict[str, Any]:
        path = f"{self.device.put(self.folder)}/{self.path.name}"
        try:
            found: dict[str, Any] = client.request(
                "open", self.timeout_s, runtime=self.runtime, path=path, threads=1, options=options
            )
        except DeviceFailed:
            raise
        except RunnerFailed as error:
            raise self._told(error) from error
        return found

    def _facts(self, client: Client) -> dict[str, Any]:
        try:
            facts: dict[str, Any] = client.request("facts", self.timeout_s)["facts"]
        except DeviceFailed:
            raise
        except RunnerFailed as error:
            raise self._told(error) from error
        return facts

    def _told(self, error: RunnerFailed) -> Exception:
        return told(error, BadInput(f"{self.runtime} cannot open {self.path}: {error.args[0]}"))

    def _fixed(
        self, specs: Specs, shapes: Mapping[str, tuple[int, ...]]
    ) -> dict[str, tuple[int, ...]]:
        """The shapes that are needed, of those that were given."""
        found = {}
        for spec in specs:
            name, said = spec["name"], shapes.get(spec["name"])
            if said is not None and not _fits(spec["shape"], said):
                raise BadInput(
                    f"--shape {name}={_dims(said)} does not fit {self.path}, whose input "
                    f"{name!r} is {_dims(spec['shape'])}.",
                    "Only open dimensions, ?, may be chosen.",
                )
            if all(_is_closed(dim) for dim in spec["shape"]):
                continue
            if said is None:
                dims = _dims(spec["shape"])
                raise BadInput(
                    f"{self.path}: input {name!r} has open dimensions ({dims}).",
                    f"Give it: --shape {name}=1x3x224x224 (with your numbers).",
                )
            found[name] = said
        if found and not runtimes.spec(self.runtime).takes_shapes:
            raise BadInput(
                f"{self.path}: {self.runtime} takes no shape for what the file leaves open.",
                "Fix its shapes first; `edgeopt optimize` does that.",
            )
        return found


def _fits(stated: list[Any], said: tuple[int, ...]) -> bool:
    return len(stated) == len(said) and all(
        not _is_closed(dim) or dim == got for dim, got in zip(stated, said, strict=True)
    )


def _is_closed(dim: Any) -> bool:
    return isinstance(dim, int) and dim > 0


def _dims(shape: Any) -> str:
    return "x".join(str(dim) if _is_closed(dim) else "?" for dim in shape)
