"""A candidate that is better than the chosen one, and was left since its loss is not proven."""

from __future__ import annotations

from edgeopt.domain.model import Value


class PassedOver(Value, kw_only=True, frozen=True):
    """What was left, and why. Losses are judged like `Drop.judged`.

    Attributes:
        times: how many times better it is in what is aimed at: as fast, or smaller.
        lost: on the samples of both parts that judged it. n: how many these are.
        bound: what other samples lose less than, as sure as a choice has to be (`search/evidence`).
        allowed: the limit. relative: all three are shares of the source's error.
        more: about so many more samples would show whether it keeps the limit, if they lose as
            these do; null where it would take more than 20 times as many as there are, where
            samples look alike, and beside `needed`.
        needed: so many held-out samples (groups, where they are in groups) are needed at least to
            show it, where there are fewer; null where there are enough.
        groups: the samples are in groups, so that the others are to be of other groups. alike: they
            look alike, so that the others must not.
    """

    recipe_id: str
    title: str
    times: float
    lost: float
    bound: float
    allowed: float
    n: int
    relative: bool = False
    more: int | None = None
    needed: int | None = None
    groups: bool = False
    alike: bool = False
