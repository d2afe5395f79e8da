"""Names that come from outside, as literals and identifiers of C++ and Kotlin.

A name goes into generated code as a string literal of printable ASCII, and nowhere else: not into
comments, not as code. What it may hold is then no matter.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

#: Longer identifiers are cut: some compilers and most readers end there.
MAX_IDENTIFIER = 60


def cpp(text: str) -> str:
    """A string literal of C++: UTF-8, every unusual byte as three octal digits.

    Three digits end an octal escape, whatever follows; a hexadecimal one would go on. "?" is
    written so, too, since two of them begin a trigraph in old dialects.
    """
    data = text.encode("utf-8", "surrogatepass")
    return '"' + "".join(chr(b) if _plain(b, b'"\\?') else f"\\{b:03o}" for b in data) + '"'


def kotlin(text: str) -> str:
    """A string literal of Kotlin: "$" would begin a template, so it is escaped, too."""
    data = text.encode("utf-16-be", "surrogatepass")
    units = [int.from_bytes(data[i : i + 2], "big") for i in range(0, len(data), 2)]
    return '"' + "".join(chr(u) if _plain(u, b'"\\$') else f"\\u{u:04x}" for u in units) + '"'


def _plain(unit: int, special: bytes) -> bool:
    return 0x20 <= unit < 0x7F and unit not in special


def identifiers(names: Iterable[str], prefix: str) -> list[str]:
    """One for each name, all different: "in_image" of "image", "in_x_0" of "x:0".

    The prefix keeps them from being a keyword, a macro of a system's headers, or a number.
    """
    found: list[str] = []
    taken: set[str] = set()
    for name in names:
        word = re.sub("[^0-9A-Za-z]+", "_", name).strip("_")[:MAX_IDENTIFIER]
        plain = f"{prefix}_{word or len(found)}".rstrip("_")
        one, number = plain, 1
        while one in taken:
            number += 1
            one = f"{plain}_{number}"
        taken.add(one)
        found.append(one)
    return found
