"""What the adb server and a phone may say: how much, and for how long."""

from __future__ import annotations

import contextlib
import socket
import struct
import subprocess
from collections.abc import Callable
from typing import Any

from edgeopt.domain.errors import DeviceFailed

SAID_BYTES = 4 << 20  # of a command, on both streams; a whole `dumpsys` is far less
BLOCK_BYTES = 64 << 10  # SYNC_DATA_MAX of file_sync_protocol.h
STDOUT, STDERR, EXIT = 1, 2, 3  # of shell_protocol.h


class TooMuch(Exception):
    """More bytes than there can be to say."""


#: What adbutils raises where the other end does not keep to the protocol.
NO_ANSWER = (ValueError, AssertionError, struct.error, LookupError)
BROKEN = (OSError, EOFError, subprocess.SubprocessError, *NO_ANSWER)


def limited(adbutils: Any, host: str, port: int, limit_s: float) -> Any:
    """A client whose connections end at a time, however the server spends it."""

    class Limited(adbutils.AdbClient):
        expired = False

        def make_connection(self, timeout: float | None = None) -> Any:
            made = super().make_connection(min(timeout or limit_s, limit_s))
            self.made = [*getattr(self, "made", []), made]
            return made

        def expire(self) -> None:
            self.expired = True
            for one in getattr(self, "made", []):
                with contextlib.suppress(adbutils.AdbError, OSError):
                    one.conn.shutdown(socket.SHUT_RDWR)

    return Limited(host, port)


def shell(connection: Any, script: str) -> tuple[int, bytes, bytes]:
    """A command's exit code, stdout and stderr (shell_protocol.h of Android's sources).

    Raises:
        EOFError, TooMuch.
    """
    connection.send_command(f"shell,v2:{script}")
    connection.check_okay()
    said, left = {STDOUT: bytearray(), STDERR: bytearray()}, SAID_BYTES
    while True:
        head = connection.read_exact(5)
        kind, size = head[0], int.from_bytes(head[1:], "little")
        left -= size
        if left < 0:
            raise TooMuch(f"prints without an end (`{script[:40]}`)")
        content = connection.read_exact(size)
        if kind == EXIT:
            return (content[0] if content else 255), bytes(said[STDOUT]), bytes(said[STDERR])
        said.get(kind, bytearray()).extend(content)


def receive(connection: Any, remote: str, sink: Callable[[bytes], Any], most_bytes: int) -> None:
    """A file, block by block (SYNC.TXT of Android's sources).

    Raises:
        EOFError, ValueError, TooMuch, DeviceFailed: it is refused.
    """
    name, left = remote.encode(), most_bytes
    connection.send_command("sync:")
    connection.check_okay()
    connection.conn.sendall(b"RECV" + len(name).to_bytes(4, "little") + name)
    while True:
        kind, size = connection.read_exact(4), connection.read_uint32()
        if kind == b"DONE":
            return
        if kind not in (b"DATA", b"FAIL") or size > BLOCK_BYTES:
            raise ValueError(f"{kind!r} of {size} bytes")
        content = connection.read_exact(size)
        if kind == b"FAIL":
            said = content.decode(errors="replace")[:200]
            raise DeviceFailed(f"the phone could not do it: {said}")
        left -= size
        if left < 0:
            raise TooMuch(f"sent a file of more than the {most_bytes} bytes announced")
        sink(content)
