"""A stand-in for adb's server with one phone behind it, for the real adb client and adbutils.

It speaks the protocol of the port 5037 (`host:` services, `shell,v2`, `sync:`; SERVICES.TXT,
SYNC.TXT and shell_protocol.h in Android's sources) and runs what it is told here, with programs
of a phone (`dumpsys`, `getprop`, ...) first on the path. What is not like a phone: paths are this
machine's, and the shell and its tools are Debian's, not mksh and toybox.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import stat
import struct
import subprocess
import threading
from pathlib import Path

VERSION = 41
FEATURES = "shell_v2,cmd,stat_v2"
STDIN, STDOUT, STDERR, EXIT, CLOSE_STDIN = 0, 1, 2, 3, 4
CHUNK = 65536
CPUS = "/sys/devices/system/cpu"


class Hangup(Exception):
    """The client is gone."""


class AdbServer:
    """A server on a port of its own.

    Args:
        folder: stands for the phone: its `bin` comes first on the path, its `sys` is read in
            place of the machine's.
        serial: what the phone is called.

    Attributes:
        state: as `adb devices` shows it; anything but "device" refuses services.
        full: files are refused, as by a full disk.
    """

    def __init__(self, folder: Path, serial: str) -> None:
        self.folder, self.serial = folder, serial
        self.state, self.full = "device", False
        self.environment: dict[str, str] = {}
        self._open: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def stop(self) -> None:
        self._listener.close()
        self.cut()

    def cut(self) -> None:
        """End what is under way, as where a cable is pulled and put back."""
        for one in list(self._open):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        self._open.add(client)
        try:
            with client, contextlib.suppress(Hangup, OSError):
                while self._request(client, read(client, int(read(client, 4), 16)).decode()):
                    pass
        finally:
            self._open.discard(client)

    def _request(self, client: socket.socket, service: str) -> bool:
        """Serve one request; whether another one may follow on this connection."""
        if service == "host:version":
            return self._tell(client, f"{VERSION:04x}")
        if service.startswith("host:devices"):
            return self._tell(client, f"{self.serial}\t{self.state}\n")
        if service in ("host:features", "host:host-features"):
            return self._tell(client, FEATURES)
        if service.startswith("host"):
            return self._of_phone(client, service)
        client.sendall(b"OKAY")
        if service == "sync:":
            Sync(client, self.full).serve()
        elif service.startswith("shell,v2"):
            self._shell(client, service.partition(":")[2])
        return False

    def _of_phone(self, client: socket.socket, service: str) -> bool:
        """`host:transport:S`, `host:tport:serial:S`, `host-serial:S:WHAT`."""
        kind, _, rest = service.partition(":")
        named, what = rest, "transport"
        for prefix in ("transport:", "tport:serial:"):
            if kind == "host" and rest.startswith(prefix):
                named = rest[len(prefix) :]
        if kind == "host-serial":
            named, _, what = rest.rpartition(":")
        if named != self.serial:
            return fail(client, f"device '{named}' not found")
        if self.state == "unauthorized":
            return fail(client, "device unauthorized.\nThis adb server's keys are not set")
        if self.state != "device":
            return fail(client, f"device {self.state}")
        if what == "transport":
            client.sendall(b"OKAY" + (struct.pack("<Q", 1) if "tport" in rest else b""))
            return True
        return self._tell(client, {"features": FEATURES, "get-state": self.state}[what])

    def _tell(self, client: socket.socket, text: str) -> bool:
        client.sendall(b"OKAY" + f"{len(text.encode()):04x}".encode() + text.encode())
        return False

    def _shell(self, client: socket.socket, command: str) -> None:
        """One command, as adbd runs it: by the shell, without a terminal."""
        command = command.replace(CPUS, f"{self.folder}/sys/cpu")
        path = f"{self.folder}/bin:{os.environ['PATH']}"
        process = subprocess.Popen(
            ["/bin/sh", "-c", command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={"PATH": path, "HOME": "/", **self.environment},
            cwd="/",
        )
        try:
            Relay(client, process).run()
        except (Hangup, OSError):
            process.send_signal(signal.SIGHUP)  # adbd's way to say that its client is gone
        finally:
            for stream in (process.stdin, process.stdout, process.stderr):
                with contextlib.suppress(OSError):
                    stream.close()
            process.wait()


class Relay:
    """Packets of the shell protocol on one side, a process on the other."""

    def __init__(self, client: socket.socket, process: subprocess.Popen[bytes]) -> None:
        self._client, self._process = client, process

    def run(self) -> None:
        """Until the process has ended and all that it printed is on its way."""
        outputs = {self._process.stdout: STDOUT, self._process.stderr: STDERR}
        while outputs:
            ready, _, _ = select.select([self._client, *outputs], [], [])
            for one in ready:
                if one is self._client:
                    self._take()
                    continue
                data = os.read(one.fileno(), CHUNK)
                if data:
                    self._send(outputs[one], data)
                else:
                    del outputs[one]
        code = self._process.wait()
        self._send(EXIT, bytes([code if code >= 0 else 128 - code]))

    def _take(self) -> None:
        kind, size = struct.unpack("<BI", read(self._client, 5))
        data = read(self._client, size)
        stdin = self._process.stdin
        with contextlib.suppress(OSError, ValueError):  # it reads no more
            if kind == STDIN:
                os.write(stdin.fileno(), data)
            elif kind == CLOSE_STDIN:
                stdin.close()

    def _send(self, kind: int, data: bytes) -> None:
        self._client.sendall(struct.pack("<BI", kind, len(data)) + data)


class Sync:
    """The file service: one file after the other."""

    def __init__(self, client: socket.socket, full: bool) -> None:
        self._client, self._full = client, full

    def serve(self) -> None:
        while True:
            kind, size = read(self._client, 4), self._number()
            name = read(self._client, size).decode()
            {b"STAT": self._stat, b"SEND": self._take, b"RECV": self._give}.get(kind, self._leave)(
                name
            )

    def _number(self) -> int:
        return int(struct.unpack("<I", read(self._client, 4))[0])

    def _leave(self, name: str) -> None:
        raise Hangup

    def _stat(self, name: str) -> None:
        told = (0, 0, 0)
        with contextlib.suppress(OSError):
            found = os.stat(name)
            told = (found.st_mode, found.st_size & 0xFFFFFFFF, int(found.st_mtime))
        self._client.sendall(b"STAT" + struct.pack("<III", *told))

    def _take(self, name: str) -> None:
        path, _, mode = name.rpartition(",")
        trouble = "No space left on device" if self._full else ""
        with contextlib.ExitStack() as stack:
            try:
                os.makedirs(os.path.dirname(path), exist_ok=True)
                file = stack.enter_context(open(os.devnull if self._full else path, "wb"))
            except OSError as error:
                trouble, file = error.strerror, stack.enter_context(open(os.devnull, "wb"))
            while read(self._client, 4) == b"DATA":
                file.write(read(self._client, self._number()))
            self._number()  # when it was changed
        if trouble:
            self._fail(f"couldn't create file: {trouble}")
        else:
            os.chmod(path, stat.S_IMODE(int(mode)))
            self._client.sendall(b"OKAY" + struct.pack("<I", 0))

    def _give(self, name: str) -> None:
        try:
            with open(name, "rb") as file:
                for data in iter(lambda: file.read(CHUNK), b""):
                    self._client.sendall(b"DATA" + struct.pack("<I", len(data)) + data)
        except OSError as error:
            self._fail(f"open failed: {error.strerror}")
        else:
            self._client.sendall(b"DONE" + struct.pack("<I", 0))

    def _fail(self, words: str) -> None:
        self._client.sendall(b"FAIL" + struct.pack("<I", len(words)) + words.encode())


def read(client: socket.socket, size: int) -> bytes:
    """Exactly so many bytes.

    Raises:
        Hangup: there are no more.
    """
    found = b""
    while len(found) < size:
        block = client.recv(size - len(found))
        if not block:
            raise Hangup
        found += block
    return found


def fail(client: socket.socket, words: str) -> bool:
    """Refuse a service."""
    client.sendall(b"FAIL" + f"{len(words):04x}".encode() + words.encode())
    return False
