"""What it costs to get an artifact ready: opening it, its first inference, its memory."""

from __future__ import annotations

from edgeopt.domain.model import Value


class Start(Value, kw_only=True, frozen=True):
    """Medians over the launches of one schedule; memory is the largest. Null has a reason.

    Attributes:
        load_ms: opening the model, without importing the runtime.
        compile_ms: preparing it to run, where the runtime tells that apart from loading.
        first_infer_ms: the first inference of a process.
        peak_rss_bytes: highest resident memory of the runner's process, up to the end of the
            warm-up. memory_bytes: that minus what Python and the runtime held before the
            model was opened.
    """

    load_ms: float | None
    compile_ms: float | None
    first_infer_ms: float | None
    peak_rss_bytes: int | None
    memory_bytes: int | None
    why_null: dict[str, str]
