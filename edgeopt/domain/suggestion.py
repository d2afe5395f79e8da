"""What is suggested for a target that nothing was timed on, and the evidence that orders it.

Times are shares of another form's time, never milliseconds: none of it is a measurement of the
target.
"""

from __future__ import annotations

import math
from typing import Literal

import msgspec

from edgeopt.domain.model import Value

EvidenceKind = Literal["timed-here", "published", "unknown", "profile"]
Work = Literal["convolutions", "matrix products", "recurrent layers", "other operators"]


class Network(Value, kw_only=True, frozen=True):
    """What a model computes: shares of its multiply-adds, each from 0 to 1."""

    convolutions: float = 0.0
    products: float = 0.0
    recurrent: float = 0.0

    @property
    def work(self) -> Work:
        """What most of it is."""
        shares: dict[Work, float] = {
            "convolutions": self.convolutions,
            "matrix products": self.products,
            "recurrent layers": self.recurrent,
        }
        most = max(shares, key=lambda work: shares[work])
        return most if shares[most] > 0 else "other operators"


class Evidence(Value, kw_only=True, frozen=True):
    """One reason to expect a form's time.

    Attributes:
        kind: "timed-here": on this machine, whatever the target is; "published": by others;
            "unknown": nothing tells, so it is taken to be as fast as `over`; "profile": it runs on
            something else than a processor, so that the profile's order stands.
        times: the form's time as a share of that of `over`, a runtime and a precision; null for
            "profile".
        off_by: by what factor such evidence was typically off, in published figures; null where
            nothing tells.
        weight: its share in the expected time, 0 to 1.
        where: the machine's architecture, or the cores that the figures are of. nearest: they are
            the target's own; for "timed-here" that the architecture is.
        n: models that were published. sources: of these figures.
    """

    kind: EvidenceKind
    times: float | None = None
    over: str = ""
    off_by: float | None = None
    weight: float = 0.0
    where: str = ""
    nearest: bool = False
    n: int = 0
    sources: tuple[str, ...] = ()


class Expected(Value, kw_only=True, frozen=True):
    """One form in the order of suggestions.

    Attributes:
        recipe_ids: the form with each number of threads, the one that is suggested first.
        times: its expected time as a share of that of the suggestion's reference; null where only
            the profile's order tells.
        likely: whether other samples are likely to lose no more than is allowed; those that are
            not come last.
    """

    recipe_ids: tuple[str, ...]
    name: str
    times: float | None
    likely: bool = True
    evidence: tuple[Evidence, ...] = ()

    @property
    def told(self) -> bool:
        """Whether anything but an assumption stands behind it."""
        return any(one.kind in ("timed-here", "published") for one in self.evidence)


class Suggestion(Value, kw_only=True, frozen=True):
    """The order of a target's candidates where nothing was timed on it.

    Attributes:
        reference: what the expected times are shares of, a runtime and a precision.
        threads_here: how many times as fast the reference was here with two threads as with one;
            null where that was not timed.
        order: the forms, the suggested one first.
        link: how a device of the target is reached, as its profile says; "none": not by edgeopt.
    """

    reference: str
    network: Network = Network()
    threads_here: float | None = None
    order: tuple[Expected, ...] = ()
    link: str = ""

    @property
    def ranks(self) -> dict[str, int]:
        """The place of each recipe."""
        ids = [recipe_id for one in self.order for recipe_id in one.recipe_ids]
        return {recipe_id: place for place, recipe_id in enumerate(ids)}


def weighted(evidence: tuple[Evidence, ...]) -> tuple[Evidence, ...]:
    """The same with their weights: one over the square of how far off each kind is."""
    told = [1 / math.log(one.off_by) ** 2 if one.off_by else 0.0 for one in evidence]
    total = sum(told) or 1.0
    return tuple(
        msgspec.structs.replace(one, weight=weight / total)
        for one, weight in zip(evidence, told, strict=True)
    )
