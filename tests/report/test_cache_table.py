"""The list of kept results fits a screen, and says how many it leaves out."""

import io

import pytest

from edgeopt.report import cache_table
from edgeopt.report.cache_table import LISTED
from edgeopt.report.shown import Console
from edgeopt.store.results_cache import Entry


def entries(count):
    return [
        Entry(
            kind="score", group=f"group{i}", facts={"recipe": f"recipe{i}"}, files={},
            size_bytes=1200, made="2026-11-30T11:23:45+00:00",
        )
        for i in range(count)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("count", "rows", "left"), [(0, 0, ""), (LISTED, LISTED, ""), (LISTED + 12, LISTED, "12 more")]
)
def test_as_many_as_fit_a_screen(count, rows, left):
    stream = io.StringIO()
    Console(file=stream, width=80).print(cache_table.listed(entries(count)))
    text = stream.getvalue()
    assert text.count("recipe") == rows
    assert text.count("2026-11-30 11:23 ") == rows
    assert ("more" in text) == bool(left)
    assert left in text
