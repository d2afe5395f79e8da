"""What a refinement came to, in sentences and lines."""

from __future__ import annotations

from collections.abc import Iterator

from edgeopt.domain.layers import Price, Refinement
from edgeopt.domain.record import Record
from edgeopt.report import beside_limit, loss
from edgeopt.report import format as fmt


def sentence(
    done: Refinement, plain: Record, best: Record, allowed: float, trouble: str = ""
) -> str:
    """One sentence: from what to what, at which price.

    Args:
        best: the form that it came to, or the one that loses least where none holds.
        trouble: what ended it early.
    """
    began = f"{plain.name} was refused ({plain.reason})"
    if plain.drop is not None:
        began = f"{plain.name} {loss.told(plain.drop)} ({plain.drop.n} samples)"
    if done.result is None:
        return f"{began}; {_nothing(done, best, allowed)}{f'; {trouble}' if trouble else ''}."
    assert best.drop is not None
    how = _how(done, best)
    time = _time(plain, best)
    return f"{began}; with {how} it {loss.told(best.drop)}{time}."


def _nothing(done: Refinement, best: Record, allowed: float) -> str:
    tried = fmt.count(len(done.steps), "other form")
    if best.recipe_id == done.recipe_id or best.drop is None:
        return f"{tried} of it tried, and none loses less"
    lost, limit = beside_limit.drop(best.drop, allowed)
    return (
        f"{tried} of it tried, and none keeps the allowed {limit}; the nearest, {best.recipe}, "
        f"{lost}"
    )


def _how(done: Refinement, best: Record) -> str:
    if done.kept:
        titles = ", ".join(price.group.title for price in done.kept)
        return f"{fmt.count(len(done.kept), 'group')} of layers in float ({titles})"
    assert best.recipe is not None
    assert best.recipe.quantization is not None
    return ", ".join(best.recipe.quantization.words[1:])


def _time(plain: Record, best: Record) -> str:
    if plain.latency_ms is None or best.latency_ms is None:
        return ""
    if plain.latency_ms.stage != best.latency_ms.stage:
        return ""
    ratio = best.latency_ms.p50 / plain.latency_ms.p50
    return f" and takes {ratio:.2f} times as long"


def offer(other: Record | None, best: Record) -> str:
    """What another candidate offers that is no slower and loses less; "" where none does."""
    if other is None:
        return ""
    assert other.drop is not None
    ours, theirs = other.versus_baseline, best.versus_baseline
    low, high = ours.low if ours else None, theirs.high if theirs else None
    faster = low is not None and high is not None and low > high
    pace = "is faster" if faster else "is not told to be slower"
    return f"{other.recipe} {loss.told(other.drop)} and {pace}"


def lines(done: Refinement) -> Iterator[str]:
    """A refinement in the terminal: what came of it, and the layers that it keeps in float."""
    yield done.sentence
    for price in done.kept:
        yield f"in float: {price.group.title}: {_price(price)}"
    if done.kept and done.why_no_cost:
        yield f"the layers have no prices in milliseconds: {done.why_no_cost}"
    if done.offer:
        yield f"instead: {done.offer}"


def _price(price: Price) -> str:
    gain = f"gives back {fmt.percent(price.gain)} of the error"
    if price.cost_ms is None:
        return gain
    return f"{gain} for {fmt.change(price.cost_ms)}, by the runtime's profile"
