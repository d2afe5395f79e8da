"""What every link offers: probe, put a file, start the runner, clean up."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any, Literal, Protocol


class Device(Protocol):
    """One machine that can be reached now.

    Attributes:
        name: as records keep it ("local", "ssh://pi@host").
        kind: what a time taken there is.
    """

    name: str
    kind: Literal["measured", "emulated"]

    def put(self, path: Path) -> str:
        """Bring a file or folder there, once by content; returns its path on the device."""
        ...

    def get(self, remote: str, path: Path) -> None:
        """Bring a file back."""
        ...

    def folder(self) -> str:
        """A scratch folder on the device, removed by `close`."""
        ...

    def start_runner(self, stderr: Path) -> subprocess.Popen[Any]:
        """Start `edgeopt.runner` with pipes on stdin and stdout, its stderr to a local file."""
        ...

    def close(self) -> None:
        """Remove what was left there."""
        ...
