"""The pictures of a page: what the source and the chosen answer, as `data:` URIs side by side."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from edgeopt.domain.picture import PROBABILITY, Drawn, Picture
from edgeopt.report import format as fmt
from edgeopt.report.metric_name import metric_word

#: Of all pictures of a page together, as they stand in it.
MOST_BYTES = 1_450_000
_CLASSIFIED = (
    "The held-out images whose answers differ most between the source and the chosen, and how much "
    "of the probability moved from one class to another."
)
_JPEG = b"\xff\xd8\xff"
#: An image this much wider than high is above the other one, not beside it.
_WIDE = 2.0
_LONGEST = 80  # letters of a text that is read


@dataclass(frozen=True)
class Side:
    """One of two pictures. `uri`: all of it. `said`: what is found or read."""

    title: str
    uri: str
    width: int
    height: int
    said: str

    @property
    def alt(self) -> str:
        """For who cannot see it."""
        return f"{self.title}: {self.said}" if self.said else self.title


@dataclass(frozen=True)
class Pair:
    """Two pictures of one image.

    Attributes:
        stacked: one above the other. once: they are the same, and what is said differs.
    """

    name: str
    place: str
    apart: str
    sides: tuple[Side, Side]
    stacked: bool
    once: bool

    @property
    def told_alike(self) -> bool:
        """Whether nothing of it shows the difference: the pictures are one, and so is the text."""
        return self.once and self.sides[0].said == self.sides[1].said


@dataclass(frozen=True)
class Shown:
    """The pictures of one target. `about`: what they are. `left`: why some are not there."""

    pairs: tuple[Pair, ...]
    about: str
    left: str


class Budget:
    """What the pictures of a page may take together."""

    def __init__(self, most: int = MOST_BYTES) -> None:
        self.left = most

    def takes(self, *uris: str) -> bool:
        """Whether these still fit; then they are counted."""
        size = sum(map(len, uris))
        if size > self.left:
            return False
        self.left -= size
        return True


def shown(pictures: Sequence[Picture], folder: Path, budget: Budget) -> Shown | None:
    """The pictures of one target; None where there are none.

    Args:
        folder: the run's. budget: of the page.
    """
    if not pictures:
        return None
    pairs, gone, large = [], 0, 0
    for picture in pictures:
        uris = [_uri(folder, one) for one in (picture.source, picture.chosen)]
        if not all(uris):
            gone += 1
        elif not budget.takes(*dict.fromkeys(uris)):
            large += 1
        else:
            pairs.append(_pair(picture, uris))
    about = (
        _CLASSIFIED
        if pictures[0].measure == PROBABILITY
        else (
            "The held-out images whose answers differ most between the source and the chosen. The "
            f"points are what one answer loses ({metric_word(pictures[0].measure)}) when it is "
            "judged as if the other were the truth."
        )
    )
    return Shown(tuple(pairs), about, _left(gone, large))


def _left(gone: int, large: int) -> str:
    told = []
    if gone:
        told.append(f"The files of {gone} more are not in the run's folder.")
    if large:
        told.append(f"{large} more would make the page too large; they are in the run's folder.")
    return " ".join(told)


def _uri(folder: Path, drawn: Drawn) -> str:
    """ "" where the file is gone, or is no JPEG inside the folder."""
    path = PurePosixPath(drawn.file)
    if path.is_absolute() or ".." in path.parts:
        return ""
    try:
        content = (folder / path).read_bytes()
    except OSError:
        return ""
    if content[: len(_JPEG)] != _JPEG:
        return ""
    return f"data:image/jpeg;base64,{base64.b64encode(content).decode()}"


def _pair(picture: Picture, uris: Sequence[str]) -> Pair:
    both = (picture.source, picture.chosen)
    source, chosen = (
        Side(title, uri, one.width, one.height, _said(one))
        for title, uri, one in zip(("Source", "Chosen"), uris, both, strict=True)
    )
    return Pair(
        name=picture.name,
        place=f"sample {fmt.whole(picture.number)}",
        apart=_apart(picture),
        sides=(source, chosen),
        stacked=source.width > _WIDE * source.height,
        once=source.uri == chosen.uri,
    )


def _apart(picture: Picture) -> str:
    if picture.measure == PROBABILITY:
        return f"{fmt.percent(picture.apart)} of the probability moved"
    return f"they differ by {fmt.points(picture.apart)}"


def _said(drawn: Drawn) -> str:
    if drawn.text:
        text = drawn.text
        return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
    return "" if drawn.found is None else f"{fmt.whole(drawn.found)} found"
