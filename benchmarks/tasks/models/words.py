"""English words and sentences: those of Python's own help, which every Python brings."""

from __future__ import annotations

import functools
import re


@functools.cache
def sentences() -> tuple[str, ...]:
    """Sentences of 6 to 30 words, each once, in the order of the text."""
    from pydoc_data.topics import topics

    found: dict[str, None] = {}
    for topic in sorted(topics):
        plain = re.sub(r"[`*\"|]|\n(?=\S)", " ", topics[topic])
        for one in re.split(r"(?<=[.!?])\s+|\n\s*\n", plain):
            said = " ".join(one.split())
            if 6 <= said.count(" ") + 1 <= 30 and said[0].isupper() and said.endswith("."):
                found[said] = None
    return tuple(found)


@functools.cache
def words() -> tuple[str, ...]:
    """Words of 3 to 12 letters as they stand there, sorted."""
    every = {word for one in sentences() for word in re.findall(r"[A-Za-z]{3,12}", one)}
    return tuple(sorted(every))
