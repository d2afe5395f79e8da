"""A model card in Markdown, from its values."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from edgeopt.domain.card import Card
from edgeopt.domain.tensor import Binding
from edgeopt.domain.visible import visible
from edgeopt.report import beside_limit, loss, roof_words
from edgeopt.report import format as fmt

Row = tuple[str, str]


def page(card: Card) -> str:
    """The page, whole."""
    name = card.source["file"]
    parts = [
        f"# {_plain(name)} for {_plain(card.target)}",
        _headline(card),
        _section("What it is", _table(_what(card))),
        _section("How fast", _table(_speed(card)), _how(card)),
        _section("How good", _table(_score(card)), _list(card.lost_for)),
        _section("Limits", _list(card.limits)),
        _section("How to run it", _run(card)),
        _section("What it was made with", _table(_made(card))),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _headline(card: Card) -> str:
    return f"{_plain(card.recipe)}, {fmt.count(card.threads, 'thread')}. {_chosen(card)}"


def _chosen(card: Card) -> str:
    """Who chose it, and whether it was timed."""
    timed = card.latency_ms is not None
    if card.picked:
        return f"Chosen by hand (`edgeopt ship`){'' if timed else ', not timed'}."
    return "Measured and chosen by edgeopt." if timed else "Suggested by edgeopt, not timed."


def _what(card: Card) -> Iterator[Row]:
    yield "Model file", f"`{card.artifact}`, {fmt.size(card.size_bytes)} in all"
    yield "SHA-256", f"`{card.sha256}`"
    source = card.source
    size = fmt.size(source["size_bytes"])
    yield "Made from", f"{_plain(source['file'])} ({_plain(source['format'])}, {size})"
    yield "SHA-256 of the source", f"`{source['sha256']}`"
    yield "Runtime", f"{card.runtime} {card.runtime_version or ''}".strip()
    yield "Arithmetic that ran", card.executed or "the runtime does not say"
    if card.float_layers:
        yield "Layers that stay in float", ", ".join(map(_plain, card.float_layers))
    if card.options:
        options = ", ".join(f"{key}={value}" for key, value in sorted(card.options.items()))
        yield "Options of the session", _plain(options)
    if card.task:
        yield "Task", _plain(card.task)
    yield "Inputs", "; ".join(map(_tensor, card.inputs))
    yield "Outputs", "; ".join(map(_tensor, card.outputs))


def _tensor(one: Binding) -> str:
    shape = " x ".join(map(str, one.shape))
    scaled = "" if one.scale is None else f", scale {one.scale:.6g}, zero point {one.zero_point}"
    return f"{_plain(one.name)} ({one.dtype} {shape}{scaled})"


def _speed(card: Card) -> Iterator[Row]:
    latency = card.latency_ms
    if latency is None:
        yield "Time", f"not measured: {_plain(card.latency_reason)}"
        return
    yield "Device", _plain(card.device)
    bounds = fmt.interval(latency.p50_low, latency.p50_high, fmt.ms)
    yield "Time of one inference, median", f"{fmt.ms(latency.p50)} (95 % interval {bounds})"
    if latency.p90 is not None:
        yield "Slower than this is one of ten", fmt.ms(latency.p90)
    verdict = card.versus_baseline
    if verdict is not None:
        told = f"{fmt.ratio(verdict.ratio)} as fast ({fmt.verdict_bounds(verdict)}, {verdict.word})"
        yield f"Against {_plain(card.over)}", told
    if card.load_ms is not None:
        yield "Loading", fmt.ms(card.load_ms)
    if card.memory_bytes is not None:
        yield "Memory", fmt.size(card.memory_bytes)
    if roof := roof_words.line(card.roof):
        yield "How near to the device's limit", roof


def _how(card: Card) -> str:
    latency = card.latency_ms
    if latency is None:
        return ""
    return (
        f"From {fmt.count(latency.n, 'inference')} in "
        f"{fmt.count(latency.launches, 'fresh process', 'fresh processes')}, in turns with the "
        "candidates that it was compared with; inputs in memory. Preparing inputs and "
        "reading the answers are not counted."
    )


def _score(card: Card) -> Iterator[Row]:
    score, drop = card.score, card.drop
    if score is None:
        yield "Score", "not measured"
        return
    shares = loss.in_shares(score, drop)
    part = "held-out sample" if score.part == "confirm" else "choosing sample"
    bounds = f"no interval ({score.why_null})"
    if score.low is not None and score.high is not None:
        found = fmt.interval(score.low, score.high, fmt.percent if shares else fmt.score)
        bounds = f"95 % interval {found}"
    value = loss.score_text(score.value, shares)
    yield _plain(score.metric), f"{value} on {fmt.count(score.n, part)} ({bounds})"
    if card.source_score is not None:
        yield "The source on the same samples", loss.score_text(card.source_score, shares)
    if drop is not None:
        found = loss.bounds(drop)
        lost, allowed = beside_limit.drop(drop, card.max_drop)
        told = f"it {lost}" + (f" ({found})" if found else "")
        yield "Compared with the source", told
        yield "Allowed loss", str(allowed)
        held = {"held": "yes", "not told": "these samples are too few to tell"}
        yield "Kept for other samples like these", held.get(card.held or "", "not told")


def _run(card: Card) -> str:
    return (
        f"It needs Python 3.9 or later, numpy and {card.runtime}. `manifest.json` has its "
        "checksum, inputs and outputs.\n\n    python run.py inputs.npz outputs.npz\n\n"
        "The first lines of `run.py` say what else it takes."
    )


def _made(card: Card) -> Iterator[Row]:
    yield "edgeopt", str(card.made["edgeopt"])
    yield "Run started", _plain(str(card.made["started"]))
    yield "Recipe", f"`{card.recipe_id}`"
    tools = ", ".join(f"{name} {version}" for name, version in card.made["tools"].items())
    yield "Packages that made it", _plain(tools)


def _section(title: str, *parts: str) -> str:
    found = [part for part in parts if part]
    return "\n\n".join([f"## {title}", *found]) if found else ""


def _table(rows: Iterator[Row]) -> str:
    lines = [f"| {name} | {value} |" for name, value in rows if value]
    return "\n".join(["| | |", "|---|---|", *lines]) if lines else ""


def _list(lines: Sequence[str]) -> str:
    return "\n".join(f"- {_plain(line)}" for line in lines)


def _plain(words: str) -> str:
    """Words from outside, on one line, with nothing that Markdown or HTML would read."""
    return re.sub(r"([\\`*\[\]<>|#])", r"\\\1", " ".join(visible(str(words)).split()))
