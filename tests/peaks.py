"""How far this process's resident memory rises while something is done.

Not getrusage's peak: that one is the highest since the process began, which other tests raise.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from edgeopt.runner import memory


@contextmanager
def rises_less_than(mib: int) -> Iterator[None]:
    """Fails where the peak is `mib` MiB or more above what was resident before."""
    if not memory.restart_peak():
        pytest.skip("/proc/self/clear_refs cannot be written: no peak of a part of a process")
    before = memory.rss_bytes()
    yield
    risen = (memory.peak_rss_bytes() - before) >> 20
    assert risen < mib, f"{risen} MiB more than before"
