"""The user's functions, called: what goes wrong at the call itself is theirs."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from edgeopt.runtimes.origin import PACKAGE, own_place


def called(function: Callable[..., Any], *arguments: Any) -> Any:
    """What a function returns. A copy of this process that it forked ends here, without a word."""
    process = os.getpid()
    try:
        return function(*arguments)
    finally:
        if os.getpid() != process:
            os._exit(0)


def own_fault(error: BaseException) -> str:
    """As `own_place`; "" where a function does not take the arguments that it is called with."""
    place = own_place(error)
    return "" if place.startswith(f"{Path(__file__).relative_to(PACKAGE).as_posix()}:") else place
