"""Files of a device whose disk is this machine's: nothing travels."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from edgeopt.devices.answers import untrusted
from edgeopt.devices.device import MOST_BYTES


class ThisDisk:
    """The part of `device.Device` that moves files."""

    def reach(self) -> None:
        pass

    def put(self, path: Path) -> str:
        return str(path.resolve())

    def get(self, remote: str, path: Path, most_bytes: int = MOST_BYTES) -> None:
        if Path(remote).stat().st_size > most_bytes:
            raise untrusted(
                self, f"{Path(remote).name} has more than the {most_bytes} bytes announced."
            )
        if Path(remote) != path:
            shutil.copyfile(remote, path)

    def remove(self, remotes: Sequence[str]) -> None:
        for remote in remotes:
            Path(remote).unlink(missing_ok=True)
