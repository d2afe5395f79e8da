"""Which samples, and groups of them, contribute to a task's measure."""

from __future__ import annotations

import numpy as np

from edgeopt.tasks.embedding import Pairs
from edgeopt.tasks.task import Judged, Located


def units_of(judged: Judged, contributions: int, samples: int) -> np.ndarray | None:
    """int[m]: the sample that each contribution is of; None where that is not known."""
    if isinstance(judged, Located):
        return judged.units()
    return np.arange(samples) if contributions == samples else None


def together(
    units: np.ndarray | None,
    groups: np.ndarray | None,
    alike: np.ndarray | None,
    truths: object,
    count: int,
) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Groups that are told, and that seem to be, of m contributions.

    Pairs that share samples are not independent: without told groups, those that are connected
    seem to be one. Contributions whose samples are not known seem to be one group altogether, so
    that nothing is called safe by them.

    Args:
        groups, alike: [n] or None, of samples. truths: that the samples are judged by.
        count: m.
    """
    if units is None:
        return None, np.zeros(count, np.int64)
    if groups is not None:
        return groups[units], None
    if isinstance(truths, Pairs):
        return None, connected(truths)
    return None, None if alike is None else alike[units]


def connected(pairs: Pairs) -> np.ndarray:
    """int[m]: pairs that share samples, directly or through others, have one number."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    size = int(max(pairs.left.max(initial=0), pairs.right.max(initial=0))) + 1
    links = coo_array((np.ones(len(pairs)), (pairs.left, pairs.right)), (size, size))
    found: np.ndarray = connected_components(links, directed=False)[1][pairs.left]
    return found
