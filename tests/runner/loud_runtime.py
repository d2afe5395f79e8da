"""A runtime that prints wherever it can, and counts what it is given."""

from __future__ import annotations

import os
import subprocess
import sys


def say(text: str) -> None:
    sys.stdout.write(text + "\n")


def version() -> str:
    say("importing the loud runtime")
    return "1.0"


def open_session(path: str, threads: int, options: dict) -> Session:
    os.write(1, b'{"ok": false, "error": "straight to descriptor 1"}\n')
    return Session()


class Session:
    def __init__(self) -> None:
        self.inputs = self.outputs = [{"name": "x", "dtype": "float32", "shape": [1, 3]}]
        self.seen: list = []

    def run(self, arrays: list) -> list:
        say(f"running {arrays}")
        self.seen.append(float(arrays[0].flat[0]))
        return [2 * array for array in arrays]

    def facts(self) -> dict:
        if len(self.seen) > 20:
            return {"total": float("nan")}
        subprocess.run(["echo", "a child on stdout"], check=True)
        return {"options": {"seen": " ".join(f"{x:g}" for x in self.seen)}}
