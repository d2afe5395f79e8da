"""`ssh://[user@]host[:port]`, and the command lines of the system's ssh that follow from it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from edgeopt.domain.device import DeviceEntry
from edgeopt.domain.errors import BadInput

#: A name, an alias of ~/.ssh/config, an IPv4 address, or an IPv6 address in brackets.
_LINK = re.compile(
    r"ssh://(?:(?P<user>[^@/:\s-][^@/:\s]*)@)?"
    r"(?P<host>\[[0-9A-Fa-f:.%\w]+\]|[^@/:\[\]\s-][^@/:\[\]\s]*)"
    r"(?::(?P<port>\d{1,5}))?/?"
)

ALIVE_S = 5  # a question to the other side after so much silence
ALIVE_COUNT = 3  # that many without an answer, and the link counts as cut

#: Stronger than the user's configuration: what a connection that nobody watches needs. Host keys,
#: keys, agents, users, ports, ciphers, jump hosts and addresses are the user's business.
OPTIONS = (
    "BatchMode=yes",
    "ConnectTimeout=10",
    f"ServerAliveInterval={ALIVE_S}",
    f"ServerAliveCountMax={ALIVE_COUNT}",
    "RequestTTY=no",
    "RemoteCommand=none",
    "ClearAllForwardings=yes",
    "ForwardAgent=no",
    "ForwardX11=no",
    "PermitLocalCommand=no",
    "ControlPersist=no",
)


@dataclass(frozen=True)
class SshLink:
    """Where to go. What is None is up to the user's configuration."""

    host: str
    user: str | None
    port: int | None
    jump: str | None = None
    config: str | None = None

    @property
    def place(self) -> str:
        """For people, and for `ssh` itself."""
        return f"{self.user}@{self.host}" if self.user else self.host

    def argv(self, socket: Path, *options: str) -> list[str]:
        """`ssh` up to the place, with a socket of its own for shared connections."""
        found = ["ssh"]
        if self.config:
            found += ["-F", self.config]
        if self.port:
            found += ["-p", str(self.port)]
        if self.jump:
            found += ["-J", self.jump]
        for option in (*OPTIONS, f"ControlPath={socket}", *options):
            found += ["-o", option]
        return [*found, "--", self.place]


def parse(link: str, entry: DeviceEntry) -> SshLink:
    """The parts of a link.

    Raises:
        BadInput: it is none.
    """
    found = _LINK.fullmatch(link)
    if found is None or int(found["port"] or 1) not in range(1, 65536):
        raise BadInput(
            f"{link!r} is no ssh link.", "ssh://user@host or ssh://user@host:port, as for `ssh`."
        )
    host = found["host"].strip("[]")
    port = int(found["port"]) if found["port"] else None
    return SshLink(host, found["user"], port, entry.jump, entry.ssh_config)
