"""Lists of candidates for ranking: which samples compete for a query, and which are right."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgeopt.datasets.annotations import table
from edgeopt.domain.errors import BadInput
from edgeopt.jobs import on_disk

WHAT = "a file of candidates (.npz or .csv)"


@dataclass(frozen=True, eq=False)
class Candidates:
    """m candidates of q queries, those of one query beside each other.

    Attributes:
        query: int64[m], 0..q-1, never falling. sample: int64[m], numbers of samples.
        relevance: float64[m], >= 0; above 0 is right, and more is better for nDCG.
    """

    query: np.ndarray
    sample: np.ndarray
    relevance: np.ndarray
    origin: str = ""

    @property
    def queries(self) -> int:
        """q."""
        return int(self.query[-1]) + 1


def read(path: Path, count: int) -> Candidates:
    """Candidates from columns `query` (any names), `sample` and `relevance`.

    Args:
        count: samples that the data has.

    Raises:
        BadInput: it is no such file, a number is none of a sample, a relevance is below 0, or a
            query has one candidate alone, none that is right, or none that is wrong.
    """
    columns = table.read(path, ("query", "sample", "relevance"), (), WHAT)
    samples = table.rows_of_data(columns["sample"], "sample", path, count)
    relevance = table.numbers(columns["relevance"], "relevance", path)
    names, query = np.unique(columns["query"], return_inverse=True)
    if relevance.min() < 0:
        raise BadInput(
            f"{on_disk.shown(path)}: a relevance of {relevance.min():g}.",
            "It is 0 for what is wrong, and above 0 for what is right.",
        )
    right = np.bincount(query, relevance > 0, len(names))
    wrong = np.bincount(query, relevance == 0, len(names))
    for counts, lacking in ((right, "right"), (wrong, "wrong")):
        bare = np.flatnonzero(counts == 0)
        if len(bare):
            raise BadInput(
                f"{on_disk.shown(path)}: the query {str(names[bare[0]])[:60]!r} has no candidate "
                f"that is {lacking} ({len(bare)} of {len(names)} queries).",
                "Give each query candidates of both kinds, or remove it.",
            )
    order = np.argsort(query, kind="stable")
    return Candidates(query[order], samples[order], relevance[order], str(path))
