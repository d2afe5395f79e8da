"""Lists of candidates for ranking: which samples compete for a query, and which are right."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from edgeopt.datasets.annotations import table
from edgeopt.domain.errors import BadInput
from edgeopt.jobs import on_disk
from edgeopt.tasks.ranking import Candidates

WHAT = "a file of candidates (.npz or .csv)"


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
