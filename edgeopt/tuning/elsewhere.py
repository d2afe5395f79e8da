"""A device that another process owns: it is measured there, and everything else is done here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, NoReturn

from edgeopt.domain.errors import DeviceFailed

RESOURCE = "device:"
"""Begins the name of a Dask resource; the device's name follows. Its owner has one of it."""


@dataclass
class Elsewhere:
    """As `devices.device.Device`; nothing can be asked of it from here.

    Attributes:
        worker: who told of it.
    """

    name: str
    link: str
    worker: str
    kind: Literal["measured", "emulated"] = "measured"
    times: bool = True
    answers: bool = False
    needs_preparing: bool = False
    lost: str = ""

    def reach(self, *_: Any) -> NoReturn:
        """It cannot be reached from here, whatever is asked."""
        raise DeviceFailed(f"{self.name} is reached by the worker that owns it alone.")

    put = get = remove = folder = start_runner = explain = reach

    def close(self) -> None:
        """Nothing was opened."""
