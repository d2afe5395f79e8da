"""An index of packages on the loopback with one wheel in it, which also answers as a proxy does."""

from __future__ import annotations

import contextlib
import http.server
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

WHEEL = "tiny-1.0-cp311-cp311-manylinux_2_28_aarch64.whl"


def wheel(folder: Path, needs: str = "another") -> Path:
    """The wheel of `tiny`, for an ARM of glibc 2.28."""
    files = {
        "tiny.py": "HERE = True\n",
        "tiny-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n"
        f"Requires-Dist: {needs}\n",
        "tiny-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: false\n"
        "Tag: cp311-cp311-manylinux_2_28_aarch64\n",
        "tiny-1.0.dist-info/RECORD": "",
    }
    with zipfile.ZipFile(folder / WHEEL, "w") as made:
        for name, text in files.items():
            made.writestr(name, text)
    return folder / WHEEL


@dataclass
class Server:
    """Its address, and what it was asked for: "GET tiny.example/simple/tiny/"."""

    address: str = ""
    asked: list[str] = field(default_factory=list)


@contextlib.contextmanager
def served(package: Path) -> Iterator[Server]:
    """Serve the wheel at /simple/tiny/, for this host's name or, as a proxy, for any."""
    told = Server()

    class Answers(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            place = urlsplit(self.path)
            told.asked.append(f"GET {place.netloc}{place.path}")
            if place.path.endswith(".whl"):
                self.answer("application/octet-stream", package.read_bytes())
            elif place.path == "/simple/tiny/":
                self.answer("text/html", f'<a href="/{package.name}">{package.name}</a>'.encode())
            else:
                self.send_error(404)

        def do_CONNECT(self):
            told.asked.append(f"CONNECT {self.path}")
            self.send_error(502)

        def answer(self, kind, content):
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    told.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield told
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
