"""A TCP connection that takes its time: what goes in comes out later, or not at all."""

from __future__ import annotations

import queue
import socket
import threading
import time

HOST = "127.0.0.1"


class SlowLink:
    """Listens at `port` and passes everything on to another port of the loopback.

    Attributes:
        delay_s: for each direction.
        frozen: while it is set nothing passes, and nothing is closed.
    """

    def __init__(self, to: int, delay_s: float) -> None:
        self.delay_s, self._to = delay_s, to
        self.frozen = threading.Event()
        self._server = socket.create_server((HOST, 0))
        self.port = int(self._server.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._server.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._server.accept()
            except OSError:
                return
            far = socket.create_connection((HOST, self._to))
            for source, sink in ((near, far), (far, near)):
                line: queue.Queue[tuple[float, bytes]] = queue.Queue()
                threading.Thread(target=self._take, args=(source, line), daemon=True).start()
                threading.Thread(target=self._give, args=(sink, line), daemon=True).start()

    def _take(self, source: socket.socket, line: queue.Queue) -> None:
        data = b"."
        while data:
            try:
                data = source.recv(65536)
            except OSError:
                data = b""
            line.put((time.monotonic() + self.delay_s, data))

    def _give(self, sink: socket.socket, line: queue.Queue) -> None:
        while True:
            due, data = line.get()
            time.sleep(max(0.0, due - time.monotonic()))
            while self.frozen.is_set():
                time.sleep(0.05)
            try:
                if not data:
                    sink.shutdown(socket.SHUT_WR)
                    return
                sink.sendall(data)
            except OSError:
                return
