"""What an artifact adds to the memory of the process that runs it."""

from __future__ import annotations

from edgeopt.harness.replies import Loaded

#: Why the two figures can be missing.
WHY_NULL = {
    "peak_rss_bytes": "this system does not tell",
    "memory_bytes": "this kernel cannot start the peak anew (/proc/self/clear_refs)",
}


def memory_bytes(opened: Loaded | None, peak_rss_bytes: int | None) -> int | None:
    """Peak resident memory minus the baseline; None where either is not to be had.

    Args:
        opened: how the session was opened: the peak starts anew there, and the baseline is
            taken, with the runtime imported and the model not yet read.
        peak_rss_bytes: its last word on the peak (`warmup`, `streams`).
    """
    if opened is None or opened.rss_before_bytes is None or peak_rss_bytes is None:
        return None
    return max(0, peak_rss_bytes - opened.rss_before_bytes)
