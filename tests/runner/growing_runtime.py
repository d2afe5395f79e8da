"""A runtime that takes memory: 120 MB while it is imported, a model 60 MB, of which 20 stay."""

from __future__ import annotations

MB = 1 << 20
_transient = bytearray(b"x") * (120 * MB)
del _transient


def version() -> str:
    return "1.0"


def open_session(path: str, threads: int, options: dict) -> Session:
    return Session()


class Session:
    def __init__(self) -> None:
        self.inputs = self.outputs = [{"name": "x", "dtype": "float32", "shape": [1, 3]}]
        working = bytearray(b"x") * (40 * MB)
        self._kept = bytearray(b"x") * (20 * MB)
        del working

    def run(self, arrays: list) -> list:
        return [2 * array for array in arrays]
