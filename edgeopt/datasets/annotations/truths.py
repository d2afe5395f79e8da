"""Annotated images as the truths that tasks are judged by."""

from __future__ import annotations

from typing import Literal

import numpy as np

from edgeopt.datasets.annotations import masks
from edgeopt.datasets.annotations.annotated import Annotated, Objects, no_objects
from edgeopt.domain.errors import BadInput
from edgeopt.tasks import keypoints, shapes
from edgeopt.tasks.boxed import GroundTruth
from edgeopt.tasks.shapes import Shapes

Shape = Literal["box", "mask", "rotated"]


def boxes(annotated: Annotated, names: tuple[str, ...] = (), shape: Shape = "box") -> GroundTruth:
    """The boxes of all images; what is difficult counts no more than a crowd does.

    Args:
        names: of the model's classes; (): the data's.
        shape: what is compared besides: the objects' outlines as masks or as rotated boxes.

    Raises:
        BadInput: nothing is boxed, or a class is beyond the model's.
    """
    every = _objects(annotated)
    names = names or annotated.names
    classes = np.concatenate([one.classes for one in every])
    _require_classes(annotated, int(classes.max(initial=-1)), len(names))
    return GroundTruth(
        count=len(annotated),
        image=np.repeat(np.arange(len(annotated)), [len(one) for one in every]),
        boxes=np.concatenate([one.boxes for one in every]),
        classes=classes,
        names=names,
        area=np.concatenate([one.areas for one in every]),
        crowd=np.concatenate([one.crowd | one.difficult for one in every]),
        shapes=_shapes(annotated, every, shape),
    )


def _shapes(annotated: Annotated, every: tuple[Objects, ...], shape: Shape) -> Shapes | None:
    """Raises BadInput where nothing is outlined."""
    if shape == "box":
        return None
    outlines = [rings for one in every for rings in (one.outlines or ((),) * len(one))]
    runs = [one for own in every for one in (own.runs or (None,) * len(own))]
    if not any(outlines) and all(one is None for one in runs):
        raise BadInput(
            f"{annotated.origin}: no object has an outline, and the model answers with "
            f"{'masks' if shape == 'mask' else 'rotated boxes'}.",
            "Give annotations with outlines, or judge the boxes: --metric map.",
        )
    around = np.concatenate([one.boxes for one in every])
    if shape == "rotated":
        _require_corners(annotated, every)
        return shapes.of_corners(outlines, around)
    sizes = [(int(h), int(w)) for w, h in annotated.sizes]
    each = [size for size, one in zip(sizes, every, strict=True) for _ in range(len(one))]
    return shapes.of_outlines(outlines, around, each, runs)


def _require_corners(annotated: Annotated, every: tuple[Objects, ...]) -> None:
    """Refuses run lengths, but of a crowd, where rotated boxes are wanted."""
    single = [
        not crowd
        for own in every
        for runs, crowd in zip(own.runs, own.crowd, strict=bool(own.runs))
        if runs is not None
    ]
    if any(single):
        raise BadInput(
            f"{annotated.origin}: {sum(single)} objects have an outline in run lengths, and the "
            "model answers with rotated boxes.",
            "Give annotations with the corners of each object as a polygon.",
        )


def poses(annotated: Annotated) -> list[keypoints.Poses]:
    """The marked poses of each image.

    Raises:
        BadInput: no key point is marked anywhere.
    """
    every = _objects(annotated)
    marked = [one.keypoints for one in every if one.keypoints is not None]
    if not any((one[..., 2] > 0).any() for one in marked):
        raise BadInput(
            f"{annotated.origin}: no key point is marked.",
            "Give annotations with key points, such as person_keypoints_val.json.",
        )
    bare = no_objects(marked[0].shape[1])
    return [_poses(bare if one.keypoints is None else one) for one in every]


def _poses(objects: Objects) -> keypoints.Poses:
    assert objects.keypoints is not None
    crowd = objects.crowd | objects.difficult
    return keypoints.marked(objects.keypoints, objects.boxes, objects.areas, crowd)


def maps(annotated: Annotated, classes: int) -> list[np.ndarray]:
    """int16[height, width] of each image: the class of each pixel, -1 where there is none.

    Raises:
        BadInput: there are no masks, or one cannot be read or holds a class beyond `classes`.
    """
    if annotated.masks is None:
        raise BadInput(f"{annotated.origin}: there are no masks.", "Name their folder.")
    binary = classes == 2 and masks.are_binary(annotated.masks)
    return [masks.pixels(path, classes, binary) for path in annotated.masks]


def _objects(annotated: Annotated) -> tuple[Objects, ...]:
    if not annotated.objects:
        raise BadInput(
            f"{annotated.origin}: nothing is boxed.", "Give annotations with boxes of objects."
        )
    return annotated.objects


def _require_classes(annotated: Annotated, highest: int, count: int) -> None:
    if highest >= count:
        name = annotated.names[highest] if highest < len(annotated.names) else ""
        raise BadInput(
            f"{annotated.origin} has objects of class {highest} ({name}), but the model has "
            f"{count} classes (0 to {count - 1}).",
            "Give the data that the model was trained for, with its classes in its order.",
        )
