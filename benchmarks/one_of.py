"""Words of a command line that come from a list, any number of them, none too."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable


def one_of(known: Iterable[str]) -> Callable[[str], str]:
    """A `type` for argparse.

    `choices` with `nargs="*"` refuses a call without any word in Python 3.11: it looks for the
    empty list among the choices.
    """
    names = list(known)

    def read(word: str) -> str:
        if word not in names:
            raise argparse.ArgumentTypeError(f"{word!r} is none of {', '.join(names)}")
        return word

    return read
