"""The sentence that explains a difference, and what to know before believing it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from edgeopt.attribution.kinds import asks_for_integers, is_integer
from edgeopt.domain.explanation import Cost, LayerCost, Side
from edgeopt.domain.latency import Verdict
from edgeopt.report import format as fmt

NOTABLE = 0.03
"""Share of the slower candidate's time from which a part is worth a word."""

_NAMED = 3  # layers named in the sentence
_BUSIER = 1.25  # times the run's own p50
_FAR = 0.25  # from here on a profile is not the inference that was measured


@dataclass(frozen=True)
class _Part:
    """One reason: how much longer `a` takes by it (negative: less long)."""

    more_ms: float
    words: str


def sentence(
    a: Side,
    b: Side,
    verdict: Verdict | None,
    costs: Sequence[Cost],
    compute: Sequence[LayerCost],
    layers: Sequence[LayerCost],
) -> str:
    """What makes `a` faster or slower than `b`, the largest reasons first.

    Every time in the reasons is of the profile; the headline is of the run.

    Args:
        compute: layer by layer what computes, alone; layers: with all that is done for it.
    """
    worth = NOTABLE * max(a.profile.total_ns, b.profile.total_ns) / 1e6
    parts = [part for part in _parts(a, costs, compute) if abs(part.more_ms) >= worth]
    parts.sort(key=lambda part: -abs(part.more_ms))
    slower = _is_slower(a, b, verdict)
    because = [part.words for part in parts if (part.more_ms > 0) == slower]
    against = [part.words for part in parts if (part.more_ms > 0) != slower]
    text = headline(a, b, verdict)
    if because:
        text += ": " + "; ".join(because)
    else:
        text += f": no kind of operators accounts for {fmt.percent(NOTABLE)} of it"
    text += "."
    named = _layers(layers, slower, worth / 2)
    if named:
        text += f" The largest parts are {named}."
    against += [words for words in [_layers(layers, not slower, worth)] if words]
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


def _is_slower(a: Side, b: Side, verdict: Verdict | None) -> bool:
    if verdict is not None:
        return verdict.ratio < 1
    return a.profile.total_ns > b.profile.total_ns


def _parts(a: Side, costs: Sequence[Cost], compute: Sequence[LayerCost]) -> Iterator[_Part]:
    yield from _compute(a, compute)
    for kind, noun in (("conversion", "conversion"), ("other", "other operator")):
        for cost in costs:
            if cost.kind == kind:
                yield _Part(cost.a_ms - cost.b_ms, _counted(cost, noun))
    for cost in costs:
        if cost.kind == "outside" and cost.a_ms and cost.b_ms:
            words = f"outside of the operators it spends {_change(cost.a_ms, cost.b_ms)}"
            yield _Part(cost.a_ms - cost.b_ms, words)


def _compute(a: Side, compute: Sequence[LayerCost]) -> Iterator[_Part]:
    """What computes: as wanted, apart from what fell back."""
    back = [row for row in compute if fell_back(a, row)]
    builtin = [row for row in compute if row.a_fallback and row not in back]
    rest = [row for row in compute if row not in back and row not in builtin]
    for rows, words in (
        (back, "{n} fell back to float and {take}"),
        (builtin, "{n} run outside of the runtime's fast kernels and {take}"),
        (rest, "{n} {take}"),
    ):
        if rows:
            a_ms, b_ms = sum(r.a_ms for r in rows), sum(r.b_ms for r in rows)
            n = fmt.count(len(rows), "convolution or matrix product",
                          "convolutions and matrix products")  # fmt: skip
            take = f"{'takes' if len(rows) == 1 else 'take'} {_change(a_ms, b_ms)}"
            ran = _ran(rows)
            yield _Part(a_ms - b_ms, words.format(n=n, take=take) + ran)


def fell_back(side: Side, row: LayerCost) -> bool:
    """Whether a layer of an integer candidate computes in float."""
    return (
        row.kind == "compute"
        and bool(row.a)
        and asks_for_integers(side.precision)
        and not is_integer(row.a_precision)
    )


def _ran(rows: Sequence[LayerCost]) -> str:
    """In which arithmetic they ran, where it is one and the same."""
    ran = {(row.a_precision, row.b_precision) for row in rows}
    if len(ran) != 1:
        return ""
    a, b = ran.pop()
    return f" ({a} against {b})" if a and b and a != b else ""


def _counted(cost: Cost, noun: str) -> str:
    there = fmt.count(cost.a_count, noun)
    if not cost.a_count:
        return f"it has none of the other's {fmt.count(cost.b_count, noun)} ({fmt.ms(cost.b_ms)})"
    verb = "costs" if cost.a_count == 1 else "cost"
    if not cost.b_count:
        return f"{there} {verb} {fmt.ms(cost.a_ms)}, which the other has not"
    return f"{there} {verb} {_change(cost.a_ms, cost.b_ms)} for {cost.b_count}"


def _change(a_ms: float, b_ms: float) -> str:
    return f"{fmt.ms(a_ms)} instead of {fmt.ms(b_ms)}"


def _layers(layers: Iterable[LayerCost], slower: bool, worth: float) -> str:
    """The layers that weigh most in the direction of the whole."""
    chosen = [r for r in layers if (r.more_ms > 0) == slower and abs(r.more_ms) >= worth][:_NAMED]
    return ", ".join(f"{r.layer} ({_change(r.a_ms, r.b_ms)})" for r in chosen)


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
    overhead = side.profile.overhead
    if abs(overhead) < _FAR:
        return []
    told = (
        f"{name(side)}: an inference took {fmt.ms(side.profile.total_ns / 1e6)} with the profiler "
        f"and {fmt.ms(side.profile.plain_ns / 1e6)} without"
    )
    if overhead > 0:
        return [f"{told}. Shares may be off."]
    return [f"{told}: the profiler's session is a faster one, which explains only a part."]


def _busier(side: Side) -> list[str]:
    """Where the plain inferences beside the profiled ones took longer than in the run."""
    plain = side.profile.plain_ns / 1e6
    if side.latency_ms is None or plain < _BUSIER * side.latency_ms.p50:
        return []
    return [
        f"{name(side)}: an inference takes {fmt.ms(plain)} now, {fmt.ms(side.latency_ms.p50)} in "
        "the run: the machine is busier or slower than then."
    ]
