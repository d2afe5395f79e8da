"""What is wrong with what a call came to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from benchmarks.faults.fuzz.case import Case

#: Peak of one process of a call, MiB. PyTorch and TensorFlow together take 1,300.
MEMORY_MIB = 3000
REFUSED = (2, 3)
RAN = (0, 1)


@dataclass(frozen=True)
class Deed:
    """What one call came to.

    Attributes:
        code: exit status; negative: the signal that ended it; None: it still ran at its limit.
        said: both streams.
        written: files that the call left, by path; "-PATH": one that it took away or changed.
        peak_mib: of its largest process. left: processes that outlived it.
    """

    code: int | None
    said: str
    written: tuple[str, ...] = ()
    peak_mib: float = 0.0
    seconds: float = 0.0
    left: int = 0
    run: Mapping[str, object] = field(default_factory=dict)


def faults(case: Case, deed: Deed) -> list[str]:
    """The kinds of what is wrong, each with what was seen; empty: all is right."""
    return [fault for rule in _RULES if (fault := rule(case, deed))]


def _hangs(case: Case, deed: Deed) -> str:
    return f"hang: not done after {case.limit_s:.0f} s" if deed.code is None else ""


def _traceback(case: Case, deed: Deed) -> str:
    if "Traceback (most recent call last)" in deed.said:
        return f"traceback: {_last(deed.said)}"
    if deed.code == 70 or "mistake in edgeopt" in deed.said:
        own = [line for line in deed.said.splitlines() if "(edgeopt/" in line]
        return f"traceback: told as a mistake of edgeopt's own: {(own or [''])[-1][:300]}"
    if deed.code is not None and deed.code not in (*REFUSED, *RAN):
        return f"traceback: ended with {deed.code}: {_last(deed.said)}"
    return ""


def _accepted(case: Case, deed: Deed) -> str:
    accepted = case.right == "refused" and deed.code in ((0,) if case.script else RAN)
    if not accepted or "Traceback (most recent" in deed.said:
        return ""
    return f"accepted: exit status {deed.code}"


def _written(case: Case, deed: Deed) -> str:
    refused = (1,) if case.script else REFUSED
    if deed.code not in refused or not deed.written:
        return ""
    return f"written: {', '.join(deed.written[:5])}"


def _unnamed(case: Case, deed: Deed) -> str:
    if deed.code not in REFUSED or "Traceback" in deed.said:
        return ""
    if case.script:  # a bundle's own, which says it in its own way
        return "" if deed.said.strip() else "sentence: nothing was said"
    sentences = re.findall(r"(?im)^error: (?:.+)", deed.said)
    if len(sentences) != 1:
        return f"sentence: {len(sentences)} lines begin with 'error: '"
    tail = deed.said[deed.said.index(sentences[0]) :]
    if case.says and not any(word in tail for word in case.says):
        return f"sentence: names none of {', '.join(case.says)}: {sentences[0][:200]}"
    if max(map(len, tail.splitlines())) > 1000:
        return "sentence: a line of more than 1,000 characters"
    return ""


def _raw(case: Case, deed: Deed) -> str:
    found = re.search(r"[\x00-\x08\x0b-\x1f\x7f]", deed.said.replace("\r\n", "\n"))
    return f"raw: control character {found[0]!r} reaches the terminal" if found else ""


def _memory(case: Case, deed: Deed) -> str:
    return f"memory: {deed.peak_mib:.0f} MiB" if deed.peak_mib > MEMORY_MIB else ""


def _left(case: Case, deed: Deed) -> str:
    return f"left: {deed.left} processes still run" if deed.left else ""


def _last(said: str) -> str:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return lines[-1][:300] if lines else "nothing was said"


_RULES = (_hangs, _traceback, _accepted, _written, _unnamed, _raw, _memory, _left)

#: The kinds of faults, as counted.
KINDS = ("bench", "hang", "traceback", "accepted", "written", "sentence", "raw", "memory", "left")
