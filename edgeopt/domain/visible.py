"""Text for a person to read: what a terminal or a page would obey is shown instead.

Names of files, devices, columns and layers come from outside, and so do the messages of tools. An
escape sequence in one moves the cursor or writes to the clipboard, a bidirectional override
turns the words around it, and a line break writes a line that nobody said.
"""

from __future__ import annotations

import re

#: C0 and C1 controls, DEL; what has no width or turns the direction of reading (Unicode TR 36);
#: separators of lines; surrogates, as Python reads file names that are no UTF-8; tags. The joiners
#: U+200C and U+200D stay: Persian and emoji are written with them.
OBEYED = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    "\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e0fff]"
)
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


class Lines(str):
    """Text whose line breaks are meant; `lines` makes it."""

    __slots__ = ()


def lines(*parts: str) -> Lines:
    """Parts below each other, visible each."""
    return Lines("\n".join(visible(part) for part in parts))


def visible(text: str) -> str:
    """The text with what would be obeyed written as Python writes it: "\\x1b", "\\u202e".

    A line break too, unless it was put there by `lines`.
    """
    return text if isinstance(text, Lines) else OBEYED.sub(_written, text)


def _written(found: re.Match[str]) -> str:
    character = found[0]
    code = ord(character)
    if character in _SHORT:
        return _SHORT[character]
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
