"""A phone that lies, stalls or floods, behind a stand-in for adb's server."""

from __future__ import annotations

import contextlib
import socket
import struct
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.devices.adb_server import EXIT, STDOUT, AdbServer, Hangup, read

Lie = Callable[[socket.socket], None]
BLOCK = b"x" * 65536


def stall(client: socket.socket) -> None:
    """Until the client has enough."""
    with contextlib.suppress(OSError):
        client.settimeout(120)
        while client.recv(65536):
            pass


def packet(kind: int, data: bytes) -> bytes:
    return struct.pack("<BI", kind, len(data)) + data


def say(data: bytes) -> Lie:
    return lambda client: client.sendall(data)


def then(*lies: Lie) -> Lie:
    def both(client: socket.socket) -> None:
        for lie in lies:
            lie(client)

    return both


def for_ever(data: bytes, pause_s: float = 0.0) -> Lie:
    def flood(client: socket.socket) -> None:
        while True:
            client.sendall(data)
            time.sleep(pause_s)

    return flood


def prints(text: bytes) -> Lie:
    """A command that ends well and has printed this."""
    cut = [text[i : i + 65536] for i in range(0, len(text), 65536)]
    return say(b"".join(packet(STDOUT, part) for part in cut) + packet(EXIT, b"\0"))


ELSEWHERE = packet(STDOUT, b"edgeopt-session b 0 ../../etc\n")
DIGITS = b"9" * 10_000
MB2, COLD = b"A" * 2 * 10**6, b"Thermal Status: 0\n"
ROOM = b"F K U A U% M\n/dev/x 1 1 "

#: What is answered by a lie: (words of the service or command, after how its connection began).
LIES: dict[str, tuple[str, Lie]] = {
    "the server's version in words": ("host:version", say(b"OKAY0004four")),
    "a length that is no number": ("host:version", say(b"OKAYzzzz0029")),
    "an answer of another protocol": ("host:version", say(b"HTTP/1.1 200 OK\r\n\r\n")),
    "no answer": ("host:version", stall),
    "a length and nothing behind it": ("host:version", then(say(b"OKAYffff"), stall)),
    "the end": ("host:version", say(b"")),
    "a byte now and then": ("host:version", for_ever(b"O", 0.05)),
    "a command without an end": ("abilist64", for_ever(packet(STDOUT, BLOCK))),
    "a packet of 4 GB": ("abilist64", then(say(b"\1\xff\xff\xff\xff"), for_ever(BLOCK))),
    "a command that says nothing": ("abilist64", stall),
    "a command a byte at a time": ("abilist64", for_ever(packet(STDOUT, b"a"), 0.05)),
    "a command that ends without a code": ("abilist64", say(packet(STDOUT, b"arm64-v8a\n"))),
    "packets of unknown kinds for ever": ("abilist64", for_ever(packet(77, BLOCK))),
    "processors of 10 MB": ("abilist64", prints(b"arm64-v8a," * 10**6)),
    "a session of nobody": ("edgeopt-session", prints(b"edgeopt-session\n")),
    "a session elsewhere": ("edgeopt-session", then(say(ELSEWHERE), stall)),
    "a session's line without an end": ("edgeopt-session", for_ever(packet(STDOUT, BLOCK))),
    "no session": ("edgeopt-session", prints(b"")),
    "room in words": ("df -k", prints(b"F K U A U% M\n/dev/x much more than enough /data\n")),
    "room of 10,000 digits": ("df -k", prints(ROOM + DIGITS + b" 1% /\n")),
    "no room at all": ("df -k", prints(b"")),
    "sums of other files": ("sha256sum", prints(b"0" * 64 + b"  model\n")),
    "no sums": ("sha256sum", prints(b"\n\n\n")),
    "sums without an end": ("sha256sum", for_ever(packet(STDOUT, BLOCK))),
    "a file without an end": ("RECV", for_ever(b"DATA" + struct.pack("<I", 65536) + BLOCK)),
    "a block of 4 GB": ("RECV", then(say(b"DATA\xff\xff\xff\xff"), for_ever(BLOCK))),
    "a block of another kind": ("RECV", say(b"WHAT\x01\0\0\0")),
    "half a file, then the end": ("RECV", say(b"DATA\x10\0\0\0half")),
    "half a file, then nothing": ("RECV", then(say(b"DATA\x10\0\0\0half"), stall)),
    "a refusal of 4 GB": ("RECV", then(say(b"FAIL\xff\xff\xff\xff"), for_ever(BLOCK))),
    "a file that it does not take": ("SEND", stall),
    "a file taken with other words": ("SEND", say(b"WHATWHAT")),
}  # fmt: skip

#: Texts that are no lies of the protocol: they are read as far as they can be.
TEXTS: dict[str, tuple[str, Lie]] = {
    "a core with a number of 9 digits": ("cpuinfo_max_freq", prints(b"cpu999999999 1000\n")),
    "a property of 2 MB": ("shell,v2:getprop", prints(b"[ro.product.model]: [%s]" % MB2)),
    "properties that never close": ("shell,v2:getprop", prints(b"[a]: [" * 300_000)),
    "a level of 10,000 digits": ("dumpsys battery", prints(b"level: " + DIGITS)),
    "a status of 10,000 digits": ("thermalservice", prints(b"Thermal Status: " + DIGITS)),
    "braces that never close": ("thermalservice", prints(COLD + b"{.a=[" * 10**5)),
    "control characters": ("shell,v2:getprop", prints(b"[ro.product.model]: [\x1b[2J]\n")),
}  # fmt: skip


class LyingAdbServer(AdbServer):
    """See `AdbServer`.

    Attributes:
        lie: of `LIES` or `TEXTS`; (words, lie).
    """

    def __init__(self, folder: Path, serial: str, lie: tuple[str, Lie]) -> None:
        self.words, self.lie = lie
        super().__init__(folder, serial)

    def _request(self, client: socket.socket, service: str) -> bool:
        command = service.partition(":")[2] if service.startswith("shell,v2") else ""
        if self.words == service.strip() or (command and self.words in command):
            if command:
                client.sendall(b"OKAY")
            self.lie(client)
            return False
        if service == "sync:" and self.words in ("RECV", "SEND"):
            client.sendall(b"OKAY")
            self._sync(client)
            return False
        return super()._request(client, service)

    def _sync(self, client: socket.socket) -> None:
        """The file service, but for what the lie is of."""
        from benchmarks.devices.adb_server import Sync

        kind = read(client, 4)
        name = read(client, int(struct.unpack("<I", read(client, 4))[0])).decode()
        if kind.decode() == self.words:
            if kind == b"SEND":
                while read(client, 4) == b"DATA":
                    read(client, int(struct.unpack("<I", read(client, 4))[0]))
            self.lie(client)
            return
        honest = Sync(client, False)
        {b"STAT": honest._stat, b"SEND": honest._take, b"RECV": honest._give}[kind](name)
        with contextlib.suppress(Hangup):
            honest.serve()
