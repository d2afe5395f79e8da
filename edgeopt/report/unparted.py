"""Figures that are not parted from their units where a line ends."""

from __future__ import annotations

import re

#: The space between a figure and its unit, in a text.
_BEFORE_UNIT = re.compile(
    r"(?<=\d) "
    r"(?=(?:[kMG]?B|[KMG]iB|bytes|m?s|us|µs|min|h|m?J|dB|[GM]Hz|points?|times|/s|%|°C)(?!\w))"
)


def together(text: str, space: str = "\u00a0") -> str:
    """A text whose figures are not parted from their units where a line ends."""
    return _BEFORE_UNIT.sub(space, text)
