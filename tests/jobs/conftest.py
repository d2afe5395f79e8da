"""Jobs of a test are its own: a worker of an earlier file that still forks children has no say."""

from __future__ import annotations

import pytest

from edgeopt.jobs import warm


@pytest.fixture(autouse=True)
def nobody_forks(monkeypatch):
    """Children are started as ever, until the test begins to fork them."""
    monkeypatch.setattr(warm, "_users", 0)
    monkeypatch.setattr(warm, "_nursery", None)
