"""Orders of two forms against published figures: each model left out in turn.

A pair is one model on one device in one runtime, with as many threads: integers and floats. What
is known of it are the pairs of all other models. Counted are pairs whose figures differ by more
than 1.3 times.
"""

from __future__ import annotations

import math
import re
import statistics
from collections.abc import Callable, Sequence
from typing import Any

from edgeopt import targets
from edgeopt.domain.suggestion import Network
from edgeopt.search import suggest
from edgeopt.targets import gains, published
from edgeopt.targets.gains import Gain, Pair

DIFFER = math.log(1.3)
CNN = Network(convolutions=1.0)

#: Whether another pair is not to be known beside the one that is asked about.
Left = Callable[[Pair, Pair], bool]


def told() -> dict[str, Any]:
    """All rows, how often each order has the faster form first, and what each evidence is worth."""
    pairs = gains.pairs(published.rows())
    clear = [one for one in pairs if abs(one.log_times) > DIFFER]
    rows = [_row(one, pairs) for one in clear]
    orders = ("suggested", "suggested, family left out", "int8 always first", "profile's order")
    return {
        "about": "published_latencies.csv: pairs of one model, device, runtime and threads that "
        "differ by more than 1.3 times; the faster form is the suggested one in so many",
        "pairs": len(clear),
        "of": len(pairs),
        "faster first": {order: sum(row[order] for row in rows) for order in orders},
        "share": {order: round(sum(row[order] for row in rows) / len(rows), 3) for order in orders},
        "off by": {name: round(off, 2) for name, off in off_by(pairs).items()},
        "rows": rows,
    }


def _row(one: Pair, pairs: Sequence[Pair]) -> dict[str, Any]:
    faster = "int8-static" if one.log_times < 0 else one.over
    return {
        "device": one.place,
        "threads": one.threads,
        "runtime": one.runtime,
        "model": one.model,
        "float": one.over,
        "int8 takes": round(math.exp(one.log_times), 2),
        "suggested": _first(one, pairs, same_model) == faster,
        "suggested, family left out": _first(one, pairs, same_family) == faster,
        "int8 always first": faster == "int8-static",
        "profile's order": _by_profile(one) == faster,
    }


def same_model(one: Pair, other: Pair) -> bool:
    return one.model == other.model


def same_family(one: Pair, other: Pair) -> bool:
    """Whether both are of one family: MobileNetV1 in any width, EfficientNet-Lite0 to 4."""
    return _family(one.model) == _family(other.model)


def _family(model: str) -> str:
    found = re.match(r"[a-z]+(v\d)?", model)
    return found[0] if found else model


def _first(one: Pair, pairs: Sequence[Pair], left: Left) -> str:
    """The precision that `search.suggest` puts first, without this machine's times."""
    known = gain_of(one, pairs, left)
    forms = [suggest.Form(name, one.runtime, name) for name in ("int8-static", one.over)]
    table = {} if known is None else {(one.runtime, "int8-static"): known}
    evidence = suggest.Known(here={}, arch="", same_arch=False, gains=table, network=CNN)
    found = suggest.expected(forms, evidence, f"{one.runtime} {one.over}")
    return min(forms, key=lambda form: found[form.key].times or 0.0).precision


def gain_of(one: Pair, pairs: Sequence[Pair], left: Left) -> Gain | None:
    """What the other models tell, of the same device or of the same architecture."""
    rest = [other for other in pairs if not left(one, other)]
    return gains.gain(
        rest,
        one.runtime,
        "int8-static",
        lambda other: other.place == one.place,
        lambda other: _arch(other) == _arch(one),
    )


def _arch(one: Pair) -> str:
    return "x86_64" if one.place.startswith("Intel") else "aarch64"


def _by_profile(one: Pair) -> str:
    """What comes first in the profile of the device, or in the general one of its architecture.

    By the pair's runtime where the profile has both precisions in it, else by any.
    """
    general = "intel-cpu" if _arch(one) == "x86_64" else "android-arm64"
    rules = targets.load(one.target or general).recipes
    own = [r.precision for r in rules if r.runtime == one.runtime]
    order = own if {"int8-static", one.over} <= set(own) else [r.precision for r in rules]
    return min(
        ("int8-static", one.over),
        key=lambda name: order.index(name) if name in order else len(order),
    )


def off_by(pairs: Sequence[Pair]) -> dict[str, float]:
    """By what factor each kind of evidence was off: exp of the root mean square of logarithms.

    "here" stands for this machine: the very model in the same runtime, on another device.
    """
    told: dict[str, list[float]] = {
        "published, same device": [],
        "published, other devices": [],
        "here, same architecture": [],
        "here, other architecture": [],
    }
    for one in pairs:
        own = [p.log_times for p in pairs if _beside(p, one) and p.place == one.place]
        others = [
            p.log_times
            for p in pairs
            if _beside(p, one) and p.place != one.place and _arch(p) == _arch(one)
        ]
        for name, logs in (("same device", own), ("other devices", others)):
            if len(logs) >= gains.FEWEST:
                told[f"published, {name}"].append(statistics.median(logs) - one.log_times)
        for other in pairs:
            same = (other.model, other.runtime, other.threads) == (
                one.model, one.runtime, one.threads,
            )  # fmt: skip
            if same and other.place != one.place:
                arch = "same" if _arch(other) == _arch(one) else "other"
                told[f"here, {arch} architecture"].append(other.log_times - one.log_times)
    return {
        name: math.exp(math.sqrt(sum(e * e for e in errors) / len(errors)))
        for name, errors in told.items()
    }


def _beside(other: Pair, one: Pair) -> bool:
    return other.runtime == one.runtime and other.model != one.model
