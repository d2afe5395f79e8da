"""A board that is shared in a lab: reserved by labgrid while it is used, and reached by ssh."""

from __future__ import annotations

import re
from typing import Any

from edgeopt.devices import labgrid_place, ssh_link
from edgeopt.devices.ssh import Ssh
from edgeopt.devices.ssh_connection import SshConnection
from edgeopt.devices.ssh_link import SshLink
from edgeopt.domain.device import DeviceEntry
from edgeopt.domain.errors import BadInput

SCHEME = "labgrid://"
_LINK = re.compile(r"labgrid://(?P<place>[^\s/@:-][^\s/@:]*)/?")


class Labgrid(Ssh):
    """See `device.Device`. The place is reserved when it is first asked for something.

    The lab tells where its board is: address, port and user of the place's NetworkService.

    Attributes:
        reserved_note: what to know of its reservation, "" where there is nothing.

    Raises:
        BadInput: `entry.link` names no place.
    """

    def __init__(self, name: str, entry: DeviceEntry) -> None:
        found = _LINK.fullmatch(entry.link)
        if found is None:
            raise BadInput(
                f"{entry.link!r} names no place of a lab.",
                "labgrid://PLACE, as `labgrid-client places` lists it.",
            )
        self._place = found["place"]
        self._holds, self.reserved_note = False, ""
        super().__init__(name, entry)

    def _find_way(self) -> SshLink:
        """Known when the place is reserved."""
        return SshLink(self._place, None, None)

    def _connect(self, timeout_s: float) -> SshConnection:
        if not self._holds:
            hold = labgrid_place.take(self._place)
            self._holds, self.reserved_note = True, hold.note
            assert hold.place.service is not None
            self._way = way(hold.place.service, self._entry)
        return super()._connect(timeout_s)

    def close(self) -> None:
        """Give the place back, too."""
        with self._turn:
            try:
                super().close()
            finally:
                if self._holds:
                    self._holds = False
                    labgrid_place.give(self._place)


def way(service: dict[str, Any], entry: DeviceEntry) -> SshLink:
    """How a NetworkService is reached; the user's own list says more, where it does."""
    extra = service.get("extra") or {}
    jump = entry.jump or (str(extra["proxy"]) if extra.get("proxy_required") else None)
    user, port = service.get("username") or None, int(service.get("port") or 22)
    address = str(service["address"])
    host = f"[{address}]" if ":" in address else address
    link = f"ssh://{user}@{host}:{port}" if user else f"ssh://{host}:{port}"
    found = ssh_link.parse(link, entry)
    return SshLink(found.host, found.user, found.port, jump, entry.ssh_config)
