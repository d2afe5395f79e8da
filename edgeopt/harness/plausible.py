"""What an answer of the right form cannot be: a wrong count, more time than went by, a clock that
went back. Pure functions of a request, its reply and the time in between.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from edgeopt.harness import replies
from edgeopt.harness.bandwidth_reply import Bandwidth
from edgeopt.harness.protocol import Request

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
class Exchange:
    """A request that was answered, and what is known then.

    Attributes:
        took_s: from the question to the answer, by the host's clock.
        last_ns: the latest reading of the device's clock in this process; 0: none yet.
    """

    request: Request
    took_s: float
    last_ns: int = 0

    @property
    def most_ns(self) -> float:
        """The most work that the device can have done meanwhile."""
        return 1e9 * (self.took_s * (1 + CLOCKS_DIFFER) + BEHIND_S)

    def number(self, field: str) -> int:
        """How much of something was asked for."""
        return int(self.request.fields[field])


def most_bytes(request: Request) -> int:
    """The longest line that can be a reply to a request."""
    fields = request.fields
    match request.cmd:
        case "block" | "paced":
            return BASE_BYTES + 2 * RUN_BYTES * int(fields.get("count", 0))
        case "warmup":
            runs = int(fields.get("runs", 0))
            seconds = min(float(fields.get("seconds", 0.0)), LONGEST_S)
            return BASE_BYTES + RUN_BYTES * runs + int(SECOND_BYTES * seconds)
        case "streams":
            seconds = min(float(fields["seconds"]), LONGEST_S)
            return BASE_BYTES + int(SECOND_BYTES * seconds * int(fields["streams"]))
        case "profile":
            return PROFILE_BYTES
    return SHORT_BYTES


def wrong(exchange: Exchange, reply: replies.Reply) -> str:
    """Why a reply cannot be true; "" where nothing speaks against it."""
    check = CHECKS.get(type(reply))
    return check(exchange, reply) if check else ""


def latest_ns(reply: replies.Reply) -> int:
    """The last reading of the device's clock in a reply; 0 where it has none."""
    if isinstance(reply, replies.Block):
        return reply.after.t_ns or reply.start_ns
    if isinstance(reply, replies.Paced | replies.Streams):
        return reply.after.t_ns or 0
    return 0


def _too_long(exchange: Exchange, work_ns: float) -> str:
    if work_ns <= exchange.most_ns:
        return ""
    return f"{work_ns / 1e9:.3g} s of work are told, and {exchange.took_s:.3g} s went by"


def _another_number(count: int, requested: int, what: str) -> str:
    return "" if count == requested else f"{count} {what}, and {requested} were asked for"


def _inferred(exchange: Exchange, reply: replies.Inferred) -> str:
    files = len(exchange.request.fields["outputs"])
    return _counted(exchange, reply) or _another_number(len(reply.outputs), files, "outputs")


def _counted(exchange: Exchange, reply: replies.Counted | replies.Inferred) -> str:
    return _another_number(reply.count, exchange.number("count"), "samples")


def _warmed(exchange: Exchange, reply: replies.Warmed) -> str:
    runs, requested = len(reply.t_ns), exchange.number("runs")
    if runs < requested:
        return f"{runs} runs, and {requested} were asked for"
    return _too_long(exchange, reply.first_ns + sum(reply.t_ns))


def _block(exchange: Exchange, reply: replies.Block) -> str:
    spent = sum(reply.t_ns)
    begin, end = reply.start_ns, reply.start_ns + spent
    if any(one.cpu_ns is not None and one.t_ns is None for one in (reply.before, reply.after)):
        return "a reading without its time"
    before = begin if reply.before.t_ns is None else reply.before.t_ns
    after = end if reply.after.t_ns is None else reply.after.t_ns
    if not exchange.last_ns <= before <= begin <= end <= after:
        return "its clock went back"
    if sum((reply.parts_ns or [0])[:3]) > spent:
        return "its parts took longer than all of it"
    count = _another_number(len(reply.t_ns), exchange.number("count"), "runs")
    return count or _too_long(exchange, spent)


def _paced(exchange: Exchange, reply: replies.Paced) -> str:
    begun, took = reply.begun_ns, reply.t_ns
    if any(b < a for a, b in itertools.pairwise(begun)):
        return "its clock went back"
    count = exchange.number("count")
    counts = [_another_number(len(one), count, "runs") for one in (begun, took)]
    return counts[0] or counts[1] or _too_long(exchange, max(begun[-1] + took[-1], sum(took)))


def _streams(exchange: Exchange, reply: replies.Streams) -> str:
    streams = reply.streams
    if not all(stream.t_ns for stream in streams):
        return "a stream without a run"
    if any(sum(s.t_ns) > s.elapsed_ns * (1 + CLOCKS_DIFFER) for s in streams):
        return "a stream's runs took longer than the stream"
    count = _another_number(len(streams), exchange.number("streams"), "streams")
    return count or _too_long(exchange, max(stream.elapsed_ns for stream in streams))


def _canary(exchange: Exchange, reply: replies.Canary) -> str:
    return _too_long(exchange, reply.arithmetic_ns + reply.copy_ns)


def _imported(exchange: Exchange, reply: replies.Imported) -> str:
    return _too_long(exchange, reply.import_ns)


def _opened(exchange: Exchange, reply: replies.Opened) -> str:
    return _too_long(exchange, reply.load_ns + (reply.compile_ns or 0))


def _pages(exchange: Exchange, reply: replies.Pages) -> str:
    if reply.resident_bytes is None and "resident_bytes" not in reply.why_null:
        return "no bytes in memory, and no reason"
    more = (reply.resident_bytes or 0) > reply.bytes
    return "more bytes in memory than the file has" if more else ""


def _energy(exchange: Exchange, reply: replies.Energy) -> str:
    for meter in reply.meters:
        at_work = meter.joules is not None and meter.span_s <= 0
        if at_work or (meter.idle_joules is not None and meter.idle_span_s <= 0):
            return "energy of no time"
    if reply.count and reply.meters and reply.seconds <= 0:
        return "runs that took no time"
    return _too_long(exchange, reply.seconds * 1e9)


def _profile(exchange: Exchange, reply: replies.Profile) -> str:
    profile = reply.profile
    if not profile.total_ns or not profile.plain_ns:
        return "a profile without a run"
    if any(len(operator.t_ns) != len(profile.total_ns) for operator in profile.operators):
        return "operators of another number of runs"
    return _too_long(exchange, sum(profile.total_ns) + sum(profile.plain_ns))


def _bandwidth(exchange: Exchange, reply: Bandwidth) -> str:
    if any(level.row_bytes < 1 for level in reply.levels):
        return "bytes of no row"
    names = [level.level for level in reply.levels]
    return "one level twice" if len(set(names)) < len(names) else ""


CHECKS: dict[type[replies.Reply], Callable[[Exchange, Any], str]] = {
    replies.Inferred: _inferred,
    replies.Counted: _counted,
    replies.Warmed: _warmed,
    replies.Block: _block,
    replies.Paced: _paced,
    replies.Streams: _streams,
    replies.Canary: _canary,
    replies.Imported: _imported,
    replies.Opened: _opened,
    replies.Pages: _pages,
    replies.Energy: _energy,
    replies.Profile: _profile,
    Bandwidth: _bandwidth,
}
