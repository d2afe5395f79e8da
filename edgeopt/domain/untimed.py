"""Why a candidate has no latency: a closed set of reasons, each with its details.

`report/untimed_words.py` puts them into words.
"""

from __future__ import annotations

from typing import Literal

from edgeopt.domain.model import Value

UntimedKind = Literal[
    "not-yet",
    "other-limits",
    "no-device",
    "no-match",
    "no-engine",
    "lossy-form",
    "lossy-settings",
    "emulated",
    "not-emulated",
    "benchmark-model",
    "not-litert",
    "taken-back",
    "other",
]


class Untimed(Value, kw_only=True, frozen=True):
    """See the module's head.

    Attributes:
        kind: "not-yet": it waits for its schedule; "other-limits": a call with other limits made
            it, and with these it was not needed; "no-device": none of the target is at hand;
            "no-match": nor can this machine be known as one; "no-engine": another runtime answered
            in place of its own; "lossy-form", "lossy-settings": another form of its integers, or
            other settings, with which it loses too much; "emulated": an emulated core's times are
            none; "not-emulated": its runtime does not run there; "benchmark-model": that program
            took a mean; "not-litert": that program does not run it; "taken-back": a step to a
            smaller model that is no candidate; "other": what another version of edgeopt says.
        subject: the target, the emulated core, or the runtime that it is about; "" of the others.
        detail: of "no-engine" and "taken-back" why, of "other" its words; "" of the others.
    """

    kind: UntimedKind
    subject: str = ""
    detail: str = ""
