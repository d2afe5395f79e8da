"""An honest process with a liar before it: python liar.py LIE -- COMMAND ...

What the host says goes through, and what comes back, but for the answer that the lie is of.
"""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from benchmarks.devices.lies import BY_NAME, Lie

LEAVES_S = 10.0  # the honest one cleans up
ASKED = re.compile(rb'\{"cmd": "(\w+)"')


class Liar:
    """Between the host and an honest process. One request at a time, as the protocols have it."""

    def __init__(self, lie: Lie, honest: subprocess.Popen[bytes]) -> None:
        self._lie, self._honest = lie, honest
        self.asked = "greeting" if lie.who == "keeper" else ""

    def forward(self) -> None:
        """What the host says, to the honest one."""
        while block := os.read(0, 1 << 20):
            found = ASKED.match(block)
            if found:
                self.asked = found[1].decode()
            self._honest.stdin.write(block)
            self._honest.stdin.flush()
        self._honest.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._honest.wait(LEAVES_S)
        time.sleep(0.5)  # what it said at last is on its way
        os._exit(0)  # the other thread may be at a lie that has no end

    def answer(self) -> None:
        """What the honest one says, to the host."""
        while line := self._honest.stdout.read1(1 << 20):
            if self.asked != self._lie.at:
                say(line)
                continue
            while b"\n" not in line:
                line += self._honest.stdout.read1(1 << 20)
            self.asked = ""  # what comes next may be a file's content
            first, _, rest = line.partition(b"\n")
            self._lie.tell(first + b"\n", say)
            say(rest)


def say(data: bytes) -> None:
    while data:
        data = data[os.write(1, data) :]


def main() -> int:
    lie, command = BY_NAME[sys.argv[1]], sys.argv[3:]
    honest = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    liar = Liar(lie, honest)
    threading.Thread(target=liar.forward, daemon=True).start()
    try:
        liar.answer()
    except BrokenPipeError:
        honest.kill()
    return honest.wait()


if __name__ == "__main__":
    os._exit(main())
