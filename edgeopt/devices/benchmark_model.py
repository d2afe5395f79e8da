"""LiteRT's `benchmark_model`: how it is asked, and what it prints, read. Pure functions.

Formats are those of TensorFlow Lite 1.12 to 2.19 and LiteRT; lines may have a prefix ("INFO: ",
logcat's "I tflite  : "). They differ in

    1.12-2.0  Average inference timings in us: Warmup: 146161, Init: 4452, no stats: 137722
    2.1       Average inference timings in us: Warmup: 83235, Init: 38467, Inference: 79760.9
    2.2-      Inference timings in us: Init: .., First inference: .., Warmup (avg): .., Inference (avg): ..
    -2.4      Peak memory footprint (MB): init=0 overall=12.8672
    2.5-      Memory footprint delta from the start of the tool (MB): init=6.36328 overall=109.832
    2.14-     count=50 first=.. curr=.. min=.. max=.. avg=.. std=.. p5=.. median=.. p95=..
"""  # noqa: E501

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

_NUMBER = r"(\d{1,15}(?:\.\d{0,15})?(?:e[+-]?\d{1,2})?)(?![\d.])"
_COUNT = re.compile(r"count=(\d{1,12}) (.{0,1000})")
_FIELD = re.compile(rf"(\w+)={_NUMBER}")
_SUMMARY = re.compile(r"[Ii]nference timings in us: (.{0,1000})")
_NAMED = re.compile(rf"([A-Za-z][A-Za-z ()]*): {_NUMBER}")
_MEMORY = re.compile(
    rf"(?:Peak memory footprint|Memory footprint delta[^(\n]{{0,80}}) \(MB\): init={_NUMBER} "
    rf"overall={_NUMBER}"
)

#: What each version calls the mean of the counted inferences, and of those before.
_MEAN = ("Inference (avg)", "Inference", "no stats")
_WARMUP = ("Warmup (avg)", "Warmup")

_WHY = {
    "first_ms": "this version prints no first inference",
    "median_ms": "this version prints no median",
    "memory_bytes": "it printed no memory footprint",
    "init_ms": "it printed no time of its start",
    "warmup_ms": "it printed no warm-up",
    "std_ms": "it printed no spread: one inference has none",
}


class Unreadable(ValueError):
    """What it printed has no timings. The message says what it printed last."""


@dataclass(frozen=True)
class Effort:
    """How long one process of it works.

    Attributes:
        runs, seconds: both are reached. warmup_runs: before anything counts.
    """

    runs: int = 50
    seconds: float = 5.0
    warmup_runs: int = 10


EFFORTS = {
    "quick": Effort(runs=25, seconds=2.0),
    "standard": Effort(),
    "submission": Effort(runs=1024, seconds=60.0),
}


def arguments(effort: Effort, threads: int) -> list[str]:
    """Its arguments, but for the model. All versions since 1.14 know them."""
    return [
        f"--num_threads={threads}",
        f"--num_runs={effort.runs}",
        f"--min_secs={effort.seconds:g}",
        f"--warmup_runs={effort.warmup_runs}",
    ]


def figures(text: str) -> dict[str, Any]:
    """What it printed, as fields of `domain.mean_latency.MeanLatency` with their `why_null`.

    Raises:
        Unreadable: there is no mean in it.
    """
    summary = _SUMMARY.search(text)
    told = dict(_NAMED.findall(summary[1])) if summary else {}
    mean = _first(told, _MEAN)
    if summary is None or not mean:
        raise Unreadable(last_words(text) or "it printed nothing")
    count, run = _counted(text[: summary.start()])
    memory = _MEMORY.search(text)
    found: dict[str, Any] = {
        "mean_ms": mean,
        "n": count,
        "std_ms": _ms(run.get("std")),
        "min_ms": _ms(run.get("min")),
        "max_ms": _ms(run.get("max")),
        "median_ms": _ms(run.get("median")),
        "first_ms": _first(told, ("First inference",)),
        "init_ms": _first(told, ("Init",)),
        "warmup_ms": _first(told, _WARMUP),
        "memory_bytes": round(float(memory[2]) * 2**20) if memory else None,
    }
    why = {key: _WHY.get(key, _WHY["std_ms"]) for key, value in found.items() if value is None}
    return {**found, "why_null": why}


def last_words(text: str) -> str:
    """The last line that says something, without what `Benchmarking failed.` adds to it."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    telling = [line for line in lines if not line.endswith(("Benchmarking failed.", "STARTING!"))]
    return (telling or lines or [""])[-1][:200]


def _counted(before: str) -> tuple[int, dict[str, str]]:
    """(inferences, fields) of the last run before the summary; the first one is the warm-up."""
    lines = _COUNT.findall(before)
    if not lines:
        raise Unreadable("it printed timings without a count of inferences")
    count, rest = lines[-1]
    return int(count), dict(_FIELD.findall(rest))


def _first(told: dict[str, str], names: tuple[str, ...]) -> float | None:
    return next((_ms(told[name]) for name in names if name in told), None)


def _ms(microseconds: str | None) -> float | None:
    return None if microseconds is None else float(microseconds) / 1000
