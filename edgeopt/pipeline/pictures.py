"""What the chosen answers otherwise than the source, drawn: small JPEGs in the run's folder."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeopt import decoding
from edgeopt.datasets.annotations.upright import open_image
from edgeopt.decoding import answering, drawing, plain
from edgeopt.decoding.detections import Detections
from edgeopt.decoding.outputs import WrongHead
from edgeopt.decoding.placement import Placement
from edgeopt.domain.errors import BadInput
from edgeopt.domain.picture import Drawn, Picture
from edgeopt.pipeline import thumbnails
from edgeopt.store import atomic

if TYPE_CHECKING:
    from PIL.Image import Image

FOLDER = "pictures"
MOST = 8
#: Of all JPEGs of a run: base64 makes them a third larger, and the page has 1.5 MB for them.
MOST_BYTES = 1_050_000

Outputs = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Sample:
    """One sample that is drawn: its image, and both models' outputs for it.

    Attributes:
        number: in the data. apart: how far the two answers differ, in the measure's unit.
        source, chosen: output -> [*shape].
    """

    number: int
    path: Path
    place: Placement
    apart: float
    source: Outputs
    chosen: Outputs


@dataclass(frozen=True)
class Artist:
    """Draws answers of one task.

    Attributes:
        task: as it is recorded (`TaskFacts` as a dict). own: outputs and place -> the answer, of a
            task of the user's own; None: it is one that is known.
        most: bytes of one JPEG.
    """

    task: Mapping[str, Any]
    own: Callable[[Outputs, Placement], Any] | None = None
    most: int = MOST_BYTES // (2 * MOST)

    def drawn(self, sample: Sample) -> tuple[tuple[Image, Image], tuple[Any, Any]]:
        """The image with the source's answer and with the chosen's, and the answers.

        Raises:
            BadInput: the image is gone. ValueError, TypeError: an answer cannot be drawn.
        """
        image = open_image(sample.path)
        size = thumbnails.size_for(*image.size)
        base = thumbnails.resized(image, size)
        # The answers are taken back to the thumbnail instead of the image: lines and letters are
        # drawn at the size at which they are looked at.
        place = replace(sample.place, image=(size[1], size[0]))
        answers = tuple(self._answer(each, place) for each in (sample.source, sample.chosen))
        shown = [self._shown(answer) for answer in answers]
        if any(one is None for one in shown):
            raise TypeError("such an answer is no picture")
        names = plain.class_names(self.task)
        # A text is said beside its image: fonts of pictures lack letters, and pages do not.
        first, second = (
            base if isinstance(one, str) else drawing.draw(base, one, names) for one in shown
        )
        return (first, second), (shown[0], shown[1])

    def _answer(self, outputs: Outputs, place: Placement) -> Any:
        if self.own is not None:
            return self.own(outputs, place)
        name = self.task.get("head")
        head = decoding.load(name) if name else None
        return answering.answered(self.task, outputs, place, head, answering.SURE)

    def _shown(self, answer: Any) -> Any:
        if self.own is not None:
            return answer
        if self.task["name"] == "image-to-image":
            from PIL import Image

            return Image.fromarray(plain.picture(self.task, answer))
        return plain.shown(self.task, answer)


def made(
    samples: Sequence[Sample], artist: Artist, measure: str, folder: Path, target: str
) -> tuple[Picture, ...]:
    """Draw the samples and write their pictures into the run's folder.

    Older ones of the target are removed. What cannot be drawn, since its image is gone or its
    answer is no picture, is left out.

    Args:
        folder: the run's.

    Raises:
        OSError: they cannot be written.
    """
    place = f"{FOLDER}/{target}"
    found = tuple(_written(samples, artist, measure, folder, place))
    kept = {one.file for picture in found for one in (picture.source, picture.chosen)}
    for path in (folder / place).glob("*.jpg"):  # of what was chosen before, under other limits
        if f"{place}/{path.name}" not in kept:
            path.unlink()
    return found


def _written(
    samples: Sequence[Sample], artist: Artist, measure: str, folder: Path, place: str
) -> Iterator[Picture]:
    for sample in samples:
        try:
            images, answers = artist.drawn(sample)
        except (BadInput, WrongHead, ValueError, TypeError):
            continue
        (folder / place).mkdir(parents=True, exist_ok=True)
        source, chosen = (
            _kept(image, answer, artist.most, folder, f"{place}/{sample.number}")
            for image, answer in zip(images, answers, strict=True)
        )
        yield Picture(
            number=sample.number,
            name=sample.path.name,
            measure=measure,
            apart=float(sample.apart),
            source=source,
            chosen=chosen,
        )


def _kept(image: Image, answer: Any, most: int, folder: Path, stem: str) -> Drawn:
    content, (width, height) = thumbnails.encoded(image, most)
    file = f"{stem}-{hashlib.sha256(content).hexdigest()[:8]}.jpg"
    atomic.write(folder / file, content)
    found = None
    if isinstance(answer, Detections):
        found = len(answer.scores)
    elif isinstance(answer, list):
        found = len(answer)
    text = answer if isinstance(answer, str) else ""
    return Drawn(file=file, width=width, height=height, found=found, text=text)
