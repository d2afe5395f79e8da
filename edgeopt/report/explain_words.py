"""The sentence that explains a difference, and what to know before believing it."""

from __future__ import annotations

from collections.abc import Sequence

from edgeopt.attribution.reasons import NOTABLE, Reason, is_busier, is_far, reasons
from edgeopt.domain.explanation import Cost, LayerCost, Side
from edgeopt.domain.latency import Verdict
from edgeopt.report import format as fmt


def sentence(
    a: Side,
    b: Side,
    verdict: Verdict | None,
    costs: Sequence[Cost],
    compute: Sequence[LayerCost],
    layers: Sequence[LayerCost],
) -> str:
    """What makes `a` faster or slower than `b`, the largest reasons first.

    Args:
        costs, compute, layers: as in `attribution.reasons`.
    """
    why = reasons(a, b, verdict, costs, compute, layers)
    text = headline(a, b, verdict)
    if why.because:
        text += ": " + "; ".join(map(part, why.because))
    else:
        least = f"{fmt.percent(NOTABLE)} of the slower one's time"
        text += (
            f": no kind of operator differs by {least}{' in this direction' * bool(why.against)}"
        )
    text += "."
    if why.layers:
        text += f" The layers that differ most: {_layers(why.layers)}."
    against = [part(one) for one in why.against]
    against += [_layers(why.layers_against)] if why.layers_against else []
    if against:
        text += " Against that: " + "; ".join(against) + "."
    return text


def headline(a: Side, b: Side, verdict: Verdict | None) -> str:
    """Who is faster, as the run measured it; nothing is claimed where it did not."""
    names = f"{name(a)} against {name(b)}"
    times = _times(a, b)
    if verdict is None:
        return f"{names}: the run has no verdict on these two{times}; by the profile alone"
    said = {
        "FASTER": f"{name(a)} is {fmt.ratio(verdict.ratio)} as fast as {name(b)}",
        "SLOWER": f"{name(a)} is slower than {name(b)}, {fmt.ratio(verdict.ratio)} as fast",
        "EQUIVALENT": f"{name(a)} is as fast as {name(b)}, {fmt.ratio(verdict.ratio)}",
        "INCONCLUSIVE": f"{name(a)} is not shown to differ from {name(b)}, "
        f"{fmt.ratio(verdict.ratio)} as fast",
    }[verdict.word]
    known = verdict.low is not None and verdict.high is not None
    bounds = f"{'95 % CI ' if known else ''}{fmt.verdict_bounds(verdict)}"
    return f"{said} ({verdict.word}, {bounds}{times})"


def name(side: Side) -> str:
    """Runtime and precision, as the table of the run prints them."""
    return f"{side.runtime} {side.precision}"


def _times(a: Side, b: Side) -> str:
    """Both p50 where they are of one kind of schedule; figures of two are not comparable."""
    if not a.latency_ms or not b.latency_ms or a.latency_ms.stage != b.latency_ms.stage:
        return ""
    return f", p50 {fmt.ms(a.latency_ms.p50)} and {fmt.ms(b.latency_ms.p50)}"


_LEADS = {
    "fell-back": " fell back to float and",
    "slow-kernels": " run outside of the runtime's fast kernels and",
    "compute": "",
}


def part(one: Reason) -> str:
    """One reason, as a part of a sentence."""
    if one.kind == "outside":
        return f"outside of the operators it spends {_change(one.a_ms, one.b_ms)}"
    if one.kind in ("conversion", "other"):
        return _counted(one, "conversion" if one.kind == "conversion" else "other operator")
    count = _computing(one.a_count)
    if not one.a_count:
        return (
            f"its profile names none of the other's {_computing(one.b_count)} ({fmt.ms(one.b_ms)})"
        )
    takes = "takes" if one.a_count == 1 else "take"
    ran = f" ({one.arithmetics[0]} against {one.arithmetics[1]})" if one.arithmetics else ""
    if not one.b_count:
        lead = f"{count}{_LEADS[one.kind]} {takes} {fmt.ms(one.a_ms)}"
        return f"{lead}, and the other's profile names none of them"
    return f"{count}{_LEADS[one.kind]} {takes} {_change(one.a_ms, one.b_ms)}{ran}"


def _computing(number: int) -> str:
    return fmt.count(number, "convolution or matrix product", "convolutions and matrix products")


def _counted(one: Reason, noun: str) -> str:
    there = fmt.count(one.a_count, noun)
    if not one.a_count:
        return f"it has none of the other's {fmt.count(one.b_count, noun)} ({fmt.ms(one.b_ms)})"
    verb = "costs" if one.a_count == 1 else "cost"
    if not one.b_count:
        return f"{there} {verb} {fmt.ms(one.a_ms)}, which the other has not"
    return f"{there} {verb} {_change(one.a_ms, one.b_ms)} for {one.b_count}"


def _change(a_ms: float, b_ms: float) -> str:
    return f"{fmt.ms(a_ms)} instead of {fmt.ms(b_ms)}"


def _layers(layers: Sequence[LayerCost]) -> str:
    return ", ".join(f"{row.layer} ({_of_layer(row)})" for row in layers)


def _of_layer(row: LayerCost) -> str:
    """Its times; of a profile that names nothing for it none is told."""
    if not row.a:
        return f"{fmt.ms(row.b_ms)} in the other one's profile alone"
    if not row.b:
        return f"{fmt.ms(row.a_ms)}, and not in the other one's profile"
    return _change(row.a_ms, row.b_ms)


def caveats(a: Side, b: Side) -> tuple[str, ...]:
    """What to know before believing a profile."""
    found = [
        "Times of operators were taken with the profiler on: they show where time goes and are "
        "not a measurement of latency."
    ]
    for side in (a, b):
        found += [*_far(side), *_busier(side)]
    for runtime in dict.fromkeys(s.runtime for s in (a, b) if s.profile.layers_by == "position"):
        found.append(
            f"No name of a layer survived in {runtime}: they are named by their order among the "
            "source's convolutions and matrix products."
        )
    if a.threads != b.threads:
        found.append("The two run with different numbers of threads.")
    return tuple(found)


def _far(side: Side) -> list[str]:
    """Where the profiled inferences took another time than the plain ones."""
    if not is_far(side):
        return []
    told = (
        f"{name(side)}: an inference took {fmt.ms(side.profile.total_ns / 1e6)} with the profiler "
        f"and {fmt.ms(side.profile.plain_ns / 1e6)} without"
    )
    if side.profile.overhead > 0:
        return [f"{told}. Shares may be off."]
    return [f"{told}: the profiler's session is a faster one, which explains only a part."]


def _busier(side: Side) -> list[str]:
    """Where the plain inferences beside the profiled ones took longer than in the run."""
    if side.latency_ms is None or not is_busier(side):
        return []
    plain = side.profile.plain_ns / 1e6
    return [
        f"{name(side)}: an inference takes {fmt.ms(plain)} now, {fmt.ms(side.latency_ms.p50)} in "
        "the run: the machine is busier or slower than then."
    ]
