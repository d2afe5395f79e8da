"""How long opening takes: figures of repetitions, nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from edgeopt.domain.load_time import LoadTime, Spread, Stages
from edgeopt.harness.load_time import COLD, WARM, LoadTimeTrial, Prepare, Visit
from edgeopt.harness.memory import WHY_NULL, memory_bytes
from edgeopt.stats.quantile import median


def figures(trial: LoadTimeTrial) -> LoadTime:
    """The row of one artifact."""
    visits = [] if trial.failed else trial.turns
    row: dict[str, Any] = dict.fromkeys(
        ("process_ms", "import_ms", "peak_rss_bytes", "memory_bytes", "files_bytes")
    )
    why = dict.fromkeys((*row, "cold", "warm"), trial.failed)
    cold, warm = (_of(visits, prepare) for prepare in (COLD, WARM))
    if visits:
        row = {
            "process_ms": _spread([visit.process_ns for visit in visits]),
            "import_ms": _spread([visit.import_ns for visit in visits]),
            "peak_rss_bytes": warm[0].peak_rss_bytes,
            "memory_bytes": memory_bytes(warm[0].opened, warm[0].peak_rss_bytes),
            "files_bytes": warm[0].pages.bytes,
        }
        why = {
            **{name: reason for name, reason in WHY_NULL.items() if row[name] is None},
            "compile_ms": visits[0].opened.why_null.get("compile_ns", ""),
            "cold": next((reason for visit in cold if (reason := _still_warm(visit))), ""),
        }
    return LoadTime(
        **trial.case,
        **row,
        warm=_stages(warm) if warm else None,
        cold=_stages(cold) if cold and not why["cold"] else None,
        why_null={name: reason for name, reason in why.items() if reason},
    )


def _of(visits: Sequence[Visit], prepare: Prepare) -> list[Visit]:
    return [visit for visit in visits if visit.prepare == prepare]


def _still_warm(visit: Visit) -> str:
    """Why this repetition was not cold; "" where no page of the files was in memory."""
    pages = visit.pages
    resident = pages.resident_bytes
    if resident is None:
        return f"it is not known what was in memory: {pages.why_null['resident_bytes']}"
    if resident:
        return (
            f"{resident} of {pages.bytes} bytes stayed in memory: files of another user, "
            "open in another process, or on a file system in memory"
        )
    return ""


def _stages(visits: Sequence[Visit]) -> Stages:
    load = [visit.opened.load_ns for visit in visits]
    compiling = [visit.opened.compile_ns for visit in visits]
    first = [visit.first_ns for visit in visits]
    compiled = [ns for ns in compiling if ns is not None]
    ready = [a + (b or 0) + c for a, b, c in zip(load, compiling, first, strict=True)]
    return Stages(
        load_ms=_spread(load),
        compile_ms=_spread(compiled) if len(compiled) == len(compiling) else None,
        first_infer_ms=_spread(first),
        ready_ms=_spread(ready),
    )


def _spread(values_ns: Sequence[int]) -> Spread:
    ms = [value / 1e6 for value in values_ns]
    return Spread(median=median(ms), low=min(ms), high=max(ms), n=len(ms))
