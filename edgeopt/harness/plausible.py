"""What an answer of the right form cannot be: a wrong count, more time than went by, a clock that
went back. Pure functions of a request, its reply and the time in between.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

#: Two machines' clocks differ: by so much of the time, and a reply is a little behind.
CLOCKS_DIFFER = 0.1
BEHIND_S = 1.0

SHORT_BYTES = 1 << 20  # an answer without lists
BASE_BYTES = 1 << 16
RUN_BYTES = 24  # one duration, and when it began
SECOND_BYTES = 8 << 20  # of runs: more than fit into a second
PROFILE_BYTES = 64 << 20
LONGEST_S = 60.0  # no warm-up and no stream is asked to take longer


@dataclass(frozen=True)
class Asked:
    """A request, and what is known when its reply is there.

    Attributes:
        took_s: from the question to the answer, by the host's clock.
        last_ns: the latest reading of the device's clock in this process; 0: none yet.
    """

    cmd: str
    fields: Mapping[str, Any]
    took_s: float
    last_ns: int = 0

    @property
    def most_ns(self) -> float:
        return 1e9 * (self.took_s * (1 + CLOCKS_DIFFER) + BEHIND_S)


def most_bytes(cmd: str, fields: Mapping[str, Any]) -> int:
    """The longest line that can be a reply to a request."""
    if cmd in ("block", "paced"):
        return BASE_BYTES + 2 * RUN_BYTES * int(fields.get("count", 0))
    if cmd == "warmup":
        runs, seconds = (
            int(fields.get("runs", 0)),
            min(float(fields.get("seconds", 0.0)), LONGEST_S),
        )
        return BASE_BYTES + RUN_BYTES * runs + int(SECOND_BYTES * seconds)
    if cmd == "streams":
        seconds = min(float(fields["seconds"]), LONGEST_S)
        return BASE_BYTES + int(SECOND_BYTES * seconds * int(fields["streams"]))
    return PROFILE_BYTES if cmd == "profile" else SHORT_BYTES


def wrong(asked: Asked, reply: Mapping[str, Any]) -> str:
    """Why a reply cannot be true; "" where nothing speaks against it."""
    look = CHECKS.get(asked.cmd)
    return look(asked, reply) if look else ""


def latest_ns(reply: Mapping[str, Any]) -> int:
    """The last reading of the device's clock in a reply; 0 where it has none."""
    after = reply.get("after") or {}
    return int(after.get("t_ns") or reply.get("start_ns") or 0)


def _longer(asked: Asked, told_ns: float) -> str:
    if told_ns <= asked.most_ns:
        return ""
    return f"{told_ns / 1e9:.3g} s of work are told, and {asked.took_s:.3g} s went by"


def _counted(told: int, wanted: int, what: str) -> str:
    return "" if told == wanted else f"{told} {what}, and {wanted} were asked for"


def _infer(asked: Asked, reply: Mapping[str, Any]) -> str:
    files = len(asked.fields["outputs"])
    return _count(asked, reply) or _counted(len(reply["outputs"]), files, "outputs")


def _count(asked: Asked, reply: Mapping[str, Any]) -> str:
    return _counted(reply["count"], asked.fields["count"], "samples")


def _warmup(asked: Asked, reply: Mapping[str, Any]) -> str:
    runs, wanted = len(reply["t_ns"]), asked.fields["runs"]
    if runs < wanted:
        return f"{runs} runs, and {wanted} were asked for"
    return _longer(asked, reply["first_ns"] + sum(reply["t_ns"]))


def _block(asked: Asked, reply: Mapping[str, Any]) -> str:
    spent = sum(reply["t_ns"])
    begin, end = reply["start_ns"], reply["start_ns"] + spent
    before, after = reply["before"].get("t_ns", begin), reply["after"].get("t_ns", end)
    if not asked.last_ns <= before <= begin <= end <= after:
        return "its clock went back"
    return _counted(len(reply["t_ns"]), asked.fields["count"], "runs") or _longer(asked, spent)


def _paced(asked: Asked, reply: Mapping[str, Any]) -> str:
    begun, took = reply["begun_ns"], reply["t_ns"]
    if any(b < a for a, b in itertools.pairwise(begun)):
        return "its clock went back"
    counts = [_counted(len(one), asked.fields["count"], "runs") for one in (begun, took)]
    return counts[0] or counts[1] or _longer(asked, max(begun[-1] + took[-1], sum(took)))


def _streams(asked: Asked, reply: Mapping[str, Any]) -> str:
    streams = reply["streams"]
    if not all(stream["t_ns"] for stream in streams):
        return "a stream without a run"
    if any(sum(s["t_ns"]) > s["elapsed_ns"] * (1 + CLOCKS_DIFFER) for s in streams):
        return "a stream's runs took longer than the stream"
    count = _counted(len(streams), asked.fields["streams"], "streams")
    return count or _longer(asked, max(stream["elapsed_ns"] for stream in streams))


def _canary(asked: Asked, reply: Mapping[str, Any]) -> str:
    return _longer(asked, reply["arithmetic_ns"] + reply["copy_ns"])


def _import(asked: Asked, reply: Mapping[str, Any]) -> str:
    return _longer(asked, reply["import_ns"])


def _open(asked: Asked, reply: Mapping[str, Any]) -> str:
    return _longer(asked, (reply["load_ns"] or 0) + (reply["compile_ns"] or 0))


def _pages(asked: Asked, reply: Mapping[str, Any]) -> str:
    more = (reply["resident_bytes"] or 0) > reply["bytes"]
    return "more bytes in memory than the file has" if more else ""


def _energy(asked: Asked, reply: Mapping[str, Any]) -> str:
    for meter in reply["meters"]:
        for prefix in ("", "idle_"):
            if meter[f"{prefix}joules"] is not None and meter[f"{prefix}span_s"] <= 0:
                return "energy of no time"
    if reply["count"] and reply["meters"] and reply["seconds"] <= 0:
        return "runs that took no time"
    return _longer(asked, reply["seconds"] * 1e9)


def _profile(asked: Asked, reply: Mapping[str, Any]) -> str:
    told = reply["profile"]
    runs: Sequence[int] = told["total_ns"]
    if not runs or not told["plain_ns"]:
        return "a profile without a run"
    if any(len(operator["t_ns"]) != len(runs) for operator in told["operators"]):
        return "operators of another number of runs"
    return _longer(asked, sum(runs) + sum(told["plain_ns"]))


CHECKS: dict[str, Callable[[Asked, Mapping[str, Any]], str]] = {
    "infer": _infer,
    "inputs": _count,
    "warmup": _warmup,
    "block": _block,
    "paced": _paced,
    "streams": _streams,
    "canary": _canary,
    "import": _import,
    "open": _open,
    "evict": _pages,
    "fill": _pages,
    "energy": _energy,
    "profile": _profile,
}
