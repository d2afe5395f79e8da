"""Why a candidate has no latency, in words."""

from __future__ import annotations

from string import Template

import msgspec

from edgeopt.domain.record import Record
from edgeopt.domain.untimed import Untimed, UntimedKind

#: Stored in results.jsonl: `store/old_reasons.py` reads those of runs that have nothing else.
_WORDS: dict[UntimedKind, str] = {
    "not-yet": "not measured yet",
    "other-limits": "not timed: with these limits it was not needed",
    "no-device": (
        "no device of the target $subject was at hand, and this machine is not one"
    ),
    "no-match": (
        "no device of the target $subject was named, and its profile has no [match] by which this "
        "machine could be known as one"
    ),
    "no-engine": "not measured: no NVIDIA device here ($detail)",
    "lossy-form": "it loses more than is allowed, so it was not timed",
    "lossy-settings": "not timed: with these settings it does not keep the constraints",
    "emulated": "run on an emulated $subject, whose times are no latencies",
    "not-emulated": (
        "no device of this target is at hand; $subject is not run on emulated ARM"
    ),
    "benchmark-model": "timed by LiteRT's benchmark_model, whose means are compared with nothing",
    "not-litert": "the phone's benchmark_model runs LiteRT's files alone",
    "taken-back": "taken back: $detail",
    "other": "$detail",
}  # fmt: skip


def sentence(untimed: Untimed) -> str:
    """What stands as `latency_reason`."""
    words = Template(_WORDS[untimed.kind])
    return words.substitute(subject=untimed.subject, detail=untimed.detail)


def without_latency(
    record: Record, kind: UntimedKind, subject: str = "", detail: str = ""
) -> Record:
    """A record that says why it has no latency, as a value and in words."""
    return in_words(record, Untimed(kind=kind, subject=subject, detail=detail))


def in_words(record: Record, untimed: Untimed) -> Record:
    """The same of a value."""
    return msgspec.structs.replace(record, untimed=untimed, latency_reason=sentence(untimed))
