"""Divides samples into parts that never overlap: one calibrates, one chooses, one confirms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeGuard

import numpy as np

from edgeopt.datasets.samples import Samples
from edgeopt.domain.errors import BadInput

CALIBRATE_SHARE = 0.2
CALIBRATE_MOST = 300  # ranges hardly move beyond this, and calibration time grows with it
PARTS = ("calibrate", "choose", "confirm")


@dataclass(frozen=True, eq=False)
class Parts:
    """Three sets of samples with nothing in common.

    Attributes:
        calibrate: finds activation ranges. choose: ranks the candidates.
        confirm: held out until the end; its score is the one that is printed.
    """

    calibrate: Samples
    choose: Samples
    confirm: Samples


def split(
    samples: Samples,
    calibration: Samples | None = None,
    confirm: Samples | None = None,
    seed: int = 0,
) -> Parts:
    """Divides `samples`; a part that has a file of its own is taken from there, whole.

    Samples of one group, and samples that are equal, stay together. Where labels are class
    numbers and there are no groups, every part gets its share of each class. The same seed
    and data give the same parts. Groups are compared within a file, not between files.

    Args:
        samples, calibration, confirm: checked against the same model.

    Raises:
        BadInput: two files share a sample, one of two judged files has no labels, or there
            are too few groups for the parts.
    """
    _refuse_overlaps([part for part in (samples, calibration, confirm) if part is not None])
    if confirm is not None and (confirm.labels is None) != (samples.labels is None):
        with_labels, without = (samples, confirm) if confirm.labels is None else (confirm, samples)
        raise BadInput(
            f"{with_labels.origin} has labels, but {without.origin} has none",
            "Both are judged by the same metric: give labels in both or in neither.",
        )
    given = {"calibrate": calibration, "confirm": confirm}
    open_parts = [name for name in PARTS if given.get(name) is None]
    units = _units(samples)
    _refuse_too_few(samples, units, open_parts)
    sizes = _target_sizes(len(samples), open_parts)
    dealt = _deal(_order(samples, units, seed), np.bincount(units), sizes)[units]
    parts = {name: samples.take(np.flatnonzero(dealt == i)) for i, name in enumerate(open_parts)}
    parts.update({name: part for name, part in given.items() if part is not None})
    return Parts(**parts)


def _refuse_overlaps(files: Sequence[Samples]) -> None:
    """No sample may occur in two files."""
    hashes = [set(file.row_hashes()) for file in files] if len(files) > 1 else []
    for i, first in enumerate(hashes):
        for j in range(i + 1, len(hashes)):
            common = len(first & hashes[j])
            if common:
                raise BadInput(
                    f"{common} of the samples in {files[j].origin} are in {files[i].origin} too",
                    "A sample that tunes or chooses must not confirm: leave them out of one file.",
                )


def _refuse_too_few(samples: Samples, units: np.ndarray, open_parts: Sequence[str]) -> None:
    found = int(units.max()) + 1
    if found < len(open_parts):
        what = "different samples" if samples.groups is None else "groups"
        raise BadInput(
            f"{samples.origin}: {found} {what} cannot be divided into {len(open_parts)} "
            f"parts ({', '.join(open_parts)})",
            "Give more data, or files of their own with --calibration and --confirm.",
        )


def _units(samples: Samples) -> np.ndarray:
    """int[n]: samples with the same number must stay together; numbers are 0..k-1.

    The connected components of "same group" and "same content".
    """
    _, content = np.unique(np.array(samples.row_hashes(), "V16"), return_inverse=True)
    if samples.groups is None:
        return content
    _, group = np.unique(samples.groups, return_inverse=True)
    parent = list(range(int(group.max()) + 1))

    def root(node: int) -> int:
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    first_group: dict[int, int] = {}
    for copy, member in zip(content.tolist(), group.tolist(), strict=True):
        parent[root(member)] = root(first_group.setdefault(copy, member))
    roots = np.array([root(node) for node in range(len(parent))])
    return np.unique(roots[group], return_inverse=True)[1]


def _target_sizes(n: int, open_parts: Sequence[str]) -> np.ndarray:
    """float[parts]: how many samples each open part should get."""
    calibrate = min(CALIBRATE_SHARE * n, CALIBRATE_MOST) if "calibrate" in open_parts else 0.0
    judged = [name for name in open_parts if name != "calibrate"]
    rest = (n - calibrate) / len(judged)
    return np.array([calibrate if name == "calibrate" else rest for name in open_parts])


def _order(samples: Samples, units: np.ndarray, seed: int) -> np.ndarray:
    """The units in the order in which they are dealt out.

    At random; then class by class where there are classes, since dealing is proportional
    all along, or the largest group first, so that small ones even out what it upset.
    """
    _, first, sizes = np.unique(units, return_index=True, return_counts=True)
    shuffled = np.random.default_rng(seed).permutation(len(first))
    if samples.groups is not None:
        key = -sizes
    elif _are_classes(samples.labels):
        key = samples.labels[first]
    else:
        return shuffled
    return shuffled[np.argsort(key[shuffled], kind="stable")]


def _are_classes(labels: np.ndarray | None) -> TypeGuard[np.ndarray]:
    return labels is not None and labels.ndim == 1 and labels.dtype.kind in "biu"


def _deal(order: np.ndarray, sizes: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """int[units]: the part of each unit.

    Each goes to the part that is then filled least for its target (D'Hondt's rule), so that
    every stretch of `order` is divided in proportion; the last ones to parts still empty.

    Args:
        order: unit numbers. sizes: samples in each unit. targets: samples for each part.
    """
    filled = np.zeros(len(targets))
    dealt = np.zeros(len(sizes), np.int64)
    for position, unit in enumerate(order):
        fullness = (filled + sizes[unit]) / targets
        empty = filled == 0
        if len(order) - position <= empty.sum():
            fullness[~empty] = np.inf
        part = int(fullness.argmin())
        dealt[unit] = part
        filled[part] += sizes[unit]
    return dealt
