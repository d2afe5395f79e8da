"""What every link offers: put a file, start the runner, get a result, clean up."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeGuard, runtime_checkable

from edgeopt.devices.account import PhoneHealth, PhoneMachine
from edgeopt.domain.errors import BadInput
from edgeopt.domain.progress import Listener

if TYPE_CHECKING:
    from edgeopt.devices.benchmark_model import Effort
    from edgeopt.devices.forks import Forks
    from edgeopt.domain.mean_latency import MeanLatency

MOST_BYTES = 1 << 30  # of a file that nothing is known of


class Device(Protocol):
    """One machine that can be reached now. It connects when it is first asked for something.

    Every method may raise `DeviceFailed`: it cannot be reached, or cannot take what it is given;
    and `Untrusted`: what it said cannot be. Each has an end, whatever the other side does.

    Attributes:
        name: as records keep it ("local", "pi5", "ssh://pi@host").
        link: how it is reached ("local", "ssh://pi@raspberrypi.local").
        kind: what a time taken there is.
        times: whether the harness can take latencies there.
        answers: whether a runner can be started there.
        needs_preparing: whether `Prepared.prepare` fetches or sends much before the first request.
        lost: why the link was cut in the middle of something since this object was made, ""
            where it never was. What was under way then says nothing about an artifact.
    """

    name: str
    link: str
    kind: Literal["measured", "emulated"]
    times: bool
    answers: bool
    needs_preparing: bool
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

    def machine(self) -> PhoneMachine:
        """What does not change."""
        ...

    def health(self) -> PhoneHealth:
        """What may spoil figures."""
        ...


@runtime_checkable
class Forking(Protocol):
    """A device whose runners can be forked from a process that has imported their runtime."""

    forks: Forks | None


@runtime_checkable
class Reserved(Protocol):
    """A device that is shared, and reserved while it is used.

    Attributes:
        reserved_note: what to know of the reservation, "" where there is nothing.
    """

    reserved_note: str


class Prepared(Device, Protocol):
    """A device that `needs_preparing`."""

    def prepare(self, progress: Listener) -> object:
        """Fetch, make or send what its first request would wait for."""
        ...


class EmulatedDevice(Prepared, Protocol):
    """A device that answers in place of a board that is not there, and times nothing.

    Attributes:
        target: the profile it is made from. core: the core that is emulated.
        note: what else there is to know of it. runtimes: those that it has.
        emulator: the program, with its version.
    """

    target: str
    core: str
    note: str
    runtimes: tuple[str, ...]

    @property
    def emulator(self) -> str: ...


class OwnTimer(Prepared, Protocol):
    """A device where no runner starts, and a program of the user times files by itself."""

    program: Path

    def time(self, model: Path, threads: int, effort: Effort) -> MeanLatency:
        """Run the program once on a file."""
        ...

    def machine(self) -> PhoneMachine:
        """As `Telling` has it."""
        ...


def forks_of(device: Device) -> Forks | None:
    """Where runners of a device are forked from; None where each is started by itself."""
    return device.forks if isinstance(device, Forking) else None


def is_prepared(device: Device) -> TypeGuard[Prepared]:
    """Whether `prepare` is worth calling ahead."""
    return device.needs_preparing


def is_emulation(device: Device | None) -> TypeGuard[EmulatedDevice]:
    """Whether it answers, and its times say nothing."""
    return device is not None and device.answers and not device.times


def is_own_timer(device: Device | None) -> TypeGuard[OwnTimer]:
    """Whether it times files, and answers nothing."""
    return device is not None and not device.answers


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
