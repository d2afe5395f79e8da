"""Why there is no latency, in runs that say it in words alone: read by their text, here only.

Since `Record.untimed` the words are for people, and no program reads them.
"""

from __future__ import annotations

import re

import msgspec

from edgeopt.domain.record import Record
from edgeopt.domain.untimed import Untimed, UntimedKind

_TEXTS: dict[UntimedKind, str] = {
    "not-yet": "not measured yet",
    "other-limits": "not timed: with these limits it was not needed",
    "no-match": "no device of the target (?P<subject>.+) was named, and its profile has no .+",
    "no-device": (
        "(?:this machine is no|no device of the target) "
        "(?P<subject>.+?)(?: was at hand, and this machine is not one)?"
    ),
    "no-engine": r"not measured: no NVIDIA device here \((?P<detail>.+)\)",
    "lossy-form": "it loses more than is allowed, so it was not timed",
    "lossy-settings": "not timed: with these settings it does not keep the constraints",
    "emulated": "run on an emulated (?P<subject>.+), whose times are no latencies",
    "not-emulated": (
        "no device of this target is at hand; (?P<subject>.+) is not run on emulated ARM"
    ),
    "benchmark-model": "timed by LiteRT's benchmark_model, .+",
    "not-litert": "the phone's benchmark_model runs LiteRT's files alone",
    "taken-back": "taken back: (?P<detail>.+)",
}  # fmt: skip


def with_value(record: Record) -> Record:
    """A record of before with the reason as a value; one that has it, or needs none, as it is."""
    if record.untimed is not None or not record.latency_reason:
        return record
    return msgspec.structs.replace(record, untimed=untimed(record.latency_reason))


def untimed(reason: str) -> Untimed:
    """A reason's value by its text; "other" of a text that no version of edgeopt wrote."""
    for kind, text in _TEXTS.items():
        known = re.fullmatch(text, reason, re.DOTALL)
        if known:
            return Untimed(kind=kind, **known.groupdict())
    return Untimed(kind="other", detail=reason)
