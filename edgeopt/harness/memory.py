"""What an artifact adds to the memory of the process that runs it."""

from __future__ import annotations

from typing import Any

#: Why the two figures can be missing.
WHY_NULL = {
    "peak_rss_bytes": "this system does not tell",
    "memory_bytes": "this kernel cannot start the peak anew (/proc/self/clear_refs)",
}


def memory_bytes(opened: dict[str, Any], peak_rss_bytes: int | None) -> int | None:
    """Peak resident memory minus the baseline; None where either is not to be had.

    Args:
        opened: the runner's reply to `open`: the peak starts anew there, and the baseline is
            taken, with the runtime imported and the model not yet read.
        peak_rss_bytes: its last word on the peak (`warmup`, `streams`).
    """
    baseline = opened.get("rss_before_bytes")
    if baseline is None or peak_rss_bytes is None:
        return None
    return max(0, peak_rss_bytes - int(baseline))
