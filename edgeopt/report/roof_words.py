"""How near a candidate comes to what its device can do, in words."""

from __future__ import annotations

from collections.abc import Sequence

from edgeopt.domain.nearness import LayerNearness, Nearness, NoShare, WholeNearness
from edgeopt.domain.roof import Roof
from edgeopt.report import format as fmt

#: Layers of one kind that take less of the time are not worth a sentence.
_NOTABLE = 0.1

#: Checks of the machine that find others at work.
_OTHERS = ("load", "steal")
HINT = "`edgeopt roof` measures it once, in about a minute; later runs show it."

NO_SHARE: dict[NoShare, str] = {
    "no-roof": "what the device can do at most has not been measured",
    "no-peak": "no kernel was measured in this arithmetic",
    "fewer-products": "its kernels multiply less than the layers say (Winograd, sparse weights)",
    "may-multiply-less": "its runtime may multiply less than the layers say (Winograd, Strassen) "
    "and does not tell",
    "elsewhere": "it does not run on the processor",
    "unknown-work": "the multiply-adds of its layers are not known",
    "no-products": "it has no convolutions or matrix products",
    "not-timed": "it was not timed on the device",
    "too-short": "it takes too little time to tell",
    "above": "it seems faster than the fastest kernel, so one of the two was measured wrong",
}

_PLURALS = {
    "convolution": "convolutions",
    "depthwise convolution": "depthwise convolutions",
    "matrix product": "matrix products",
    "recurrent layer": "recurrent layers",
    "other": "other layers",
}
_BOUND = {"memory": "bound by memory", "compute": "bound by arithmetic"}


def whole(told: WholeNearness, device: str = "this device") -> str:
    """The share of the whole, or why there is none: a part of a sentence."""
    if told.share is None:
        return f"no share of {device}'s peak: {NO_SHARE[told.why or 'unknown-work']}"
    threads = fmt.count(told.threads, "thread")
    return (
        f"{fmt.share(told.share)} of what {device} does at most in {told.arithmetic} with {threads}"
    )


def basis(told: WholeNearness) -> str:
    """The figures behind a share; "" where there is none."""
    if told.share is None or told.multiply_adds is None or told.peak_per_s is None:
        return ""
    return (
        f"{number(told.multiply_adds)} multiply-adds in {fmt.ms(told.ms)}; "
        f"the fastest kernel measured there ({told.peak_runtime}) does "
        f"{number(told.peak_per_s)} a second"
    )


def line(told: WholeNearness | None) -> str:
    """The whole and its figures in sentences; "" where there is nothing to tell of."""
    if told is None or told.why in ("not-timed", "no-products"):
        return ""
    if told.why == "no-roof":
        return f"What this device can do at most has not been measured: {HINT}"
    if told.share is None:
        said = whole(told)
        return f"{said[0].upper()}{said[1:]}."
    return f"It runs at {whole(told)}: {basis(told)}."


def brief(told: WholeNearness | None) -> str:
    """The share of the whole in a short sentence; "" where there is none."""
    if told is None or told.share is None:
        return ""
    return f"It runs at {whole(told, 'this machine')}."


def sentence(name: str, near: Nearness, device: str = "this machine") -> str:
    """How near a candidate comes, and where most of its time goes."""
    told = near.whole
    if told.share is None:
        text = f"{name}: {whole(told, device)}."
    else:
        text = f"{name} runs at {whole(told, device)}."
    most = _most(near)
    return f"{text} {most}" if most else text


def _most(near: Nearness) -> str:
    """The kind of layers, of one bound, that takes most of the time."""
    groups: dict[tuple[str, str], list[LayerNearness]] = {}
    for layer in near.layers:
        if layer.bound is not None:
            groups.setdefault((layer.kind, layer.bound), []).append(layer)
    if not groups or not near.total_ms:
        return ""
    (kind, bound), layers = max(groups.items(), key=lambda item: _ms(item[1]))
    share = min(1.0, _ms(layers) / near.total_ms)
    if share < _NOTABLE:
        return ""
    count = fmt.count(len(layers), kind, _PLURALS[kind])
    verb = "is" if len(layers) == 1 else "are"
    return f"{fmt.share(share)} of its time is in {count} that {verb} {_BOUND[bound]}."


def _ms(layers: Sequence[LayerNearness]) -> float:
    return sum(layer.ms for layer in layers)


def bound(layer: LayerNearness) -> str:
    """What a layer is bound by: "memory (L2)"; or why there is no share."""
    if layer.share is None:
        return _SHORT.get(layer.why or "unknown-work", fmt.DASH)
    return f"memory ({layer.level})" if layer.bound == "memory" else "arithmetic"


_SHORT: dict[NoShare, str] = {
    "no-roof": "not measured",
    "no-peak": "no peak measured",
    "fewer-products": "multiplies less",
    "may-multiply-less": "may multiply less",
    "unknown-work": "work not known",
    "too-short": "too short",
    "above": "too fast to be true",
}


def billions(value: float) -> str:
    """A number of billions, three digits."""
    return fmt.significant(value / 1e9)


def number(value: float) -> str:
    """A large number with its word: "385 million", "54.5 billion"; a small one in full."""
    for size, word in ((1e12, "trillion"), (1e9, "billion"), (1e6, "million")):
        if value >= size:
            return f"{fmt.significant(value / size)} {word}"
    return fmt.whole(round(value))


def doubts(roofs: Sequence[Roof]) -> list[str]:
    """That others were at work when a roof was measured."""
    busy = [one.threads for one in roofs if any(f.check in _OTHERS for f in one.findings)]
    if not busy:
        return []
    counts = " and ".join(fmt.count(threads, "thread") for threads in busy)
    return [
        f"The machine was busy when its most with {counts} was measured, so these shares may be "
        "too high. `edgeopt roof --again` on a quiet machine measures it anew."
    ]
