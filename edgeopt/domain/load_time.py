"""From a file to the first answer, in fresh processes."""

from __future__ import annotations

from edgeopt.domain.case import Case
from edgeopt.domain.model import Value


class Spread(Value, kw_only=True, frozen=True):
    """A few repetitions: the middle one, the range, how many."""

    median: float
    low: float
    high: float
    n: int


class Stages(Value, kw_only=True, frozen=True):
    """What happens until the first answer.

    Attributes:
        load_ms: reading the model; with compiling where the runtime has one step for both.
        compile_ms: null in that case, with the reason in `why_null` of the row.
        first_infer_ms: the first inference.
        ready_ms: all of these, repetition by repetition.
    """

    load_ms: Spread
    compile_ms: Spread | None
    first_infer_ms: Spread
    ready_ms: Spread


class LoadTime(Case, kw_only=True, frozen=True):
    """Fresh processes, with the artifact's files in the page cache and dropped from it.

    Attributes:
        cold: null where pages stayed in memory; the reason is in `why_null`.
        process_ms: from starting a process to its first word, as the host sees it.
        import_ms: importing the runtime, whose own files are in the page cache.
        peak_rss_bytes: after the first inference of the first warm repetition.
        memory_bytes: that, minus what Python and the runtime held before the model.
        files_bytes: size of all files of the artifact.
    """

    warm: Stages | None
    cold: Stages | None
    process_ms: Spread | None
    import_ms: Spread | None
    peak_rss_bytes: int | None
    memory_bytes: int | None
    files_bytes: int | None
