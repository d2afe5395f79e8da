"""One device while a run uses it: its logs, its measurements, and whether it is still there."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edgeopt.devices.device import Device
from edgeopt.devices.registry import LOCAL
from edgeopt.domain.errors import DeviceFailed
from edgeopt.harness.client import SHORT_S, Client, RunnerFailed
from edgeopt.pipeline.host_lock import HostLock
from edgeopt.store.run_folder import RunFolder


@dataclass(frozen=True)
class DeviceAccess:
    """See the module's head.

    Attributes:
        machine: what the device says of itself; {} where it says nothing.
    """

    device: Device
    folder: RunFolder
    host_lock: HostLock
    machine: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_here(self) -> bool:
        """Whether it is this machine."""
        return self.device.link == LOCAL

    def log(self, name: str) -> Path:
        """A log of this device's own."""
        if self.is_here:
            return self.folder.log(name)
        return self.folder.log(f"{re.sub('[^A-Za-z0-9._-]+', '-', self.device.name)}-{name}")

    @contextlib.contextmanager
    def measuring(self) -> Iterator[None]:
        """On this machine nothing else is done meanwhile; another device is by itself.

        Raises:
            DeviceFailed: the device was lost, whatever came of the measurement.
        """
        with self.host_lock.alone() if self.is_here else contextlib.nullcontext():
            try:
                yield
            except RunnerFailed as error:
                self.require_device(error)
                raise
        self.require_device()

    def require_device(self, error: RunnerFailed | None = None) -> None:
        """Tell a device that was lost from an artifact that failed: nothing is kept of that.

        Raises:
            DeviceFailed: it cannot be reached, cannot take what it is given, or was lost.
        """
        if isinstance(error, DeviceFailed):
            raise error
        if self.device.lost:
            raise DeviceFailed(self.device.lost)
        if error is not None and error.timed_out:
            self.require_answer()

    def require_answer(self) -> None:
        """Before an artifact is blamed for a time-out: DeviceFailed where no runner answers."""
        if not self.is_here and self.device.times:
            try:
                with Client(self.device, self.log("runner")) as client:
                    client.request("hello", SHORT_S)
            except RunnerFailed as error:
                raise DeviceFailed(
                    f"{self.device.name} does not answer: {error.args[0]}"
                ) from error
