"""From what a runner metered to energy per inference."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Literal

from edgeopt.domain.energy import Covers, Energy
from edgeopt.harness import replies
from edgeopt.harness.replies import Meter

#: What is preferred, where several meters run: scopes that are added up, and what they cover.
#: "platform" is last: it is the processor's own guess at the whole machine.
PREFERENCE: dict[str, tuple[tuple[set[str], Covers], ...]] = {
    "processor": (
        ({"board"}, "board"),
        ({"package", "memory"}, "processor and memory"),
        ({"package"}, "processor"),
        ({"platform"}, "platform"),
    ),
    "gpu": (({"gpu"}, "gpu"), ({"board"}, "board")),
}


def energy(
    metered: Sequence[replies.Energy], unit: Literal["processor", "gpu"] = "processor"
) -> Energy:
    """Energy of one artifact, by the widest meter that all launches could read.

    Args:
        metered: the runner's replies to `energy`, one for each launch.
        unit: what the artifact computes on; a GPU's meter says nothing of a processor's work.
    """
    ran = [reply for reply in metered if reply.count]
    if not ran:
        why = "; ".join(f"{k}: {v}" for r in metered[:1] for k, v in r.why_null.items())
        return _nothing(why or "it was not metered")
    lost: list[str] = []
    for scopes, covers in PREFERENCE[unit]:
        chosen = [[m for m in reply.meters if m.scope in scopes] for reply in ran]
        lost += [_why(meter) for meters in chosen for meter in meters if meter.joules is None]
        if all(_readable(meters, scopes) for meters in chosen):
            return _of(ran, chosen, covers)
    outer = [f"{source}: {why}" for source, why in ran[0].why_null.items()]
    return _nothing("; ".join(dict.fromkeys(lost)) or "; ".join(outer) or f"no meter of the {unit}")


def _readable(meters: list[Meter], scopes: set[str]) -> bool:
    return {m.scope for m in meters} == scopes and all(m.joules is not None for m in meters)


def _why(meter: Meter) -> str:
    return f"{meter.source} {meter.name}: {meter.why_null.get('joules', 'no reading')}"


def _nothing(why: str) -> Energy:
    return Energy(why_null=dict.fromkeys(("meter", "gross_mj", "net_mj", "idle_w"), why))


def _of(ran: list[replies.Energy], chosen: list[list[Meter]], covers: Covers) -> Energy:
    each = list(zip(ran, chosen, strict=True))
    gross = [_watts(meters) * _mj_per_watt(reply) for reply, meters in each]
    idle = [_idle_watts(meters) for meters in chosen if _rested(meters)]
    net, why = None, {}
    if len(idle) < len(chosen):
        why = dict.fromkeys(("net_mj", "idle_w"), "the meter gave no reading at rest")
    else:
        above = [
            g - at_rest * _mj_per_watt(reply)
            for (reply, _), g, at_rest in zip(each, gross, idle, strict=True)
        ]
        net = statistics.median(above)
        if net <= 0:
            net, why = None, {"net_mj": "running drew no more than resting: noise, or other work"}
    meters = chosen[0]
    return Energy(
        meter=f"{meters[0].source} " + " + ".join(meter.name for meter in meters),
        covers=covers,
        gross_mj=statistics.median(gross),
        gross_low_mj=min(gross),
        gross_high_mj=max(gross),
        net_mj=net,
        idle_w=statistics.median(idle) if "idle_w" not in why else None,
        n=sum(reply.count for reply in ran),
        launches=len(ran),
        notes=tuple(dict.fromkeys(meter.note for meter in meters if meter.note)),
        why_null=why,
    )


def _rested(meters: list[Meter]) -> bool:
    return all(meter.idle_joules is not None for meter in meters)


def _watts(meters: list[Meter]) -> float:
    """What the meters measured together: readings do not begin and end to the nanosecond."""
    return sum(m.joules / m.span_s for m in meters if m.joules is not None)


def _idle_watts(meters: list[Meter]) -> float:
    return sum(m.idle_joules / m.idle_span_s for m in meters if m.idle_joules is not None)


def _mj_per_watt(reply: replies.Energy) -> float:
    """mJ for each inference that one watt amounts to."""
    return 1000 * reply.seconds / reply.count
