"""A sample whose answers changed, as a pair of small pictures: the source's, and the chosen's."""

from __future__ import annotations

from edgeopt.domain.model import Value

#: The measure of a classifier's pictures: how much probability moved to other classes.
PROBABILITY = "probability"


class Drawn(Value, kw_only=True, frozen=True):
    """One model's answer, drawn on the image.

    Attributes:
        file: a JPEG, its path from the run's folder. width, height: of it, in pixels.
        found: how many objects, figures or lines are drawn; null where answers are of no such kind.
        text: what a reader read, or a classifier's class; "" where answers are none.
    """

    file: str
    width: int
    height: int
    found: int | None = None
    text: str = ""


class Picture(Value, kw_only=True, frozen=True):
    """See the module's head.

    Attributes:
        number: of the sample in its data. name: the image's file name.
        measure: of the task, or `PROBABILITY`. apart: by how much of it the two answers differ,
            each judged with the other as the truth.
    """

    number: int
    name: str
    measure: str
    apart: float
    source: Drawn
    chosen: Drawn
