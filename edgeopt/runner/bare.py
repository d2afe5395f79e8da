"""The runner where numpy cannot be imported: it says where it is, and what is missing."""

from __future__ import annotations

import platform
import sys

from edgeopt.runner import sensors, stock
from edgeopt.runner.idle import Idle


class Bare:
    """Answers what needs no numpy. See `commands.Runner`."""

    def __init__(self, missing: ImportError) -> None:
        self._missing = missing
        self.idle = Idle()

    def handle(self, request: dict) -> dict:
        """Answer one request.

        Raises:
            ImportError: it needs numpy.
        """
        name = request.pop("cmd")
        if name == "hello":
            return {"machine": sensors.machine(), "why_null": {}}
        if name == "stock":
            return stock.stock(**request)
        raise ImportError(
            "numpy is missing in {} (Python {}): {}".format(
                sys.executable, platform.python_version(), self._missing
            )
        )
