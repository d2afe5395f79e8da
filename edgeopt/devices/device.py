"""What every link offers: put a file, start the runner, get a result, clean up."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, Protocol, runtime_checkable

from edgeopt.domain.errors import BadInput

MOST_BYTES = 1 << 30  # of a file that nothing is known of


class Device(Protocol):
    """One machine that can be reached now. It connects when it is first asked for something.

    Every method may raise `DeviceFailed`: it cannot be reached, or cannot take what it is given;
    and `Untrusted`: what it said cannot be. Each has an end, whatever the other side does.

    Attributes:
        name: as records keep it ("local", "pi5", "ssh://pi@host").
        link: how it is reached ("local", "ssh://pi@raspberrypi.local").
        kind: what a time taken there is.
        lost: why the link was cut in the middle of something since this object was made, ""
            where it never was. What was under way then says nothing about an artifact.
    """

    name: str
    link: str
    kind: Literal["measured", "emulated"]
    lost: str

    def reach(self) -> None:
        """Find out whether it can be reached. A device that is had at once does nothing."""
        ...

    def put(self, path: Path) -> str:
        """Bring a file or folder there, once by content; returns its path on the device."""
        ...

    def get(self, remote: str, path: Path, most_bytes: int = MOST_BYTES) -> None:
        """Bring a file back. Untrusted: it has more than `most_bytes`."""
        ...

    def remove(self, remotes: Sequence[str]) -> None:
        """Remove files of the scratch folder."""
        ...

    def folder(self) -> str:
        """A scratch folder on the device, removed by `close`."""
        ...

    def start_runner(self, stderr: Path) -> subprocess.Popen[Any]:
        """Start `edgeopt.runner` with pipes on stdin and stdout, its stderr to a local file.

        The process leads a group of its own on the host; where it is killed or its stdin ends,
        the runner on the device ends too.
        """
        ...

    def explain(self, code: int) -> str:
        """In words, how a runner ended that was started here and left with this exit code."""
        ...

    def close(self) -> None:
        """Remove what was left there. The next call connects anew."""
        ...


@runtime_checkable
class Telling(Protocol):
    """A device whose link reads more of it than a runner there can. It is asked for both.

    Where a reading is not to be had it is None, with its reason in `why_null`.
    """

    def machine(self) -> dict[str, Any]:
        """What does not change; fields as of the runner's `hello`."""
        ...

    def health(self) -> dict[str, Any]:
        """What may spoil figures; fields as of the runner's `health`."""
        ...


def require_real(device: Device) -> None:
    """Refuse to time what is not the machine itself: a time under emulation is no latency.

    Raises:
        BadInput: the device is emulated.
    """
    if device.kind != "measured":
        raise BadInput(
            f"{device.name} is {device.kind}: times taken there say nothing about the board.",
            "It tells whether an artifact runs there and what it answers; see `edgeopt devices`.",
        )
