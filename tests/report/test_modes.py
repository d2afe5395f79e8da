"""The tables of the modes: what is measured, what is null and why, what failed."""

from __future__ import annotations

import msgspec
import pytest
from rich.console import Console

from edgeopt.benchmarking.modes import ModeResult
from edgeopt.domain.load_time import LoadTime, Spread, Stages
from edgeopt.domain.open_loop import OpenLoop
from edgeopt.domain.sustained import Minute, Sustained
from edgeopt.domain.throughput import Throughput
from edgeopt.report import mode_table
from edgeopt.report.artifact_names import names

replace = msgspec.structs.replace
CASE = {"path": "models/a.onnx", "runtime": "onnxruntime", "threads": 1, "why_null": {}}

SUSTAINED = Sustained(
    **CASE, duration_s=600.0, burst_p50_ms=20.0, steady_p50_ms=36.0, slowdown=1.8, cooled_s=0.0,
    start_temperature_c=41.0,
    minutes=(Minute(minute=0, n=3000, p50_ms=20.0, p90_ms=None, temperature_c=55.5,
                    clock_mhz=2400.0, load_1m=1.0),),
)  # fmt: skip
THROUGHPUT = Throughput(
    **CASE, streams=2, per_s=182.0, per_s_low=179.0, per_s_high=185.0, p50_ms=10.0, p90_ms=12.0,
    counts=(1000, 1001), slices=11, peak_rss_bytes=90_000_000, memory_bytes=40_000_000,
    notes=("4 threads on 2 cores",),
)  # fmt: skip
OPEN_LOOP = OpenLoop(
    **CASE, fps_asked=30.0, fps_achieved=30.0, n=662, p50_ms=10.0, p90_ms=12.0, p99_ms=None,
    service_p50_ms=9.9, late_share=0.01, queue_growth_fps=0.0, queue_frames=0, busy_p50_ms=9.8,
)  # fmt: skip
SPREAD = Spread(median=30.0, low=28.0, high=35.0, n=5)
WARM = Stages(load_ms=SPREAD, compile_ms=None, first_infer_ms=SPREAD, ready_ms=SPREAD)
LOAD_TIME = LoadTime(
    **{**CASE, "why_null": {"cold": "4096 of 9000 bytes stayed in memory"}}, warm=WARM, cold=None,
    process_ms=SPREAD, import_ms=SPREAD, peak_rss_bytes=90_000_000, memory_bytes=40_000_000,
    files_bytes=9000,
)  # fmt: skip
ROWS = {
    "sustained": SUSTAINED,
    "throughput": THROUGHPUT,
    "open-loop": OPEN_LOOP,
    "load-time": LOAD_TIME,
}


def shown(mode, *rows) -> str:
    console = Console(width=160)
    with console.capture() as capture:
        console.print(mode_table.render(mode, rows, "random, seed 0"))
    return " ".join(capture.get().split())


@pytest.mark.parametrize(
    ("mode", "words"),
    [
        ("sustained", ["20.0 ms", "36.0 ms", "1.80×", "41.0 °C", "55.5 °C", "2400 MHz", "too few"]),
        ("throughput", ["182 /s", "179 to 185 /s", "40.0 MB", "4 threads on 2 cores", "11 slices"]),
        ("open-loop", ["30.0 /s", "12.0 ms", "too few", "1.0 %", "keeps up"]),
        ("load-time", ["30.0 ms", "in load", "4096 of 9000 bytes stayed in memory", "40.0 MB"]),
    ],
)
def test_a_row_is_shown_with_what_is_missing(mode, words):
    text = shown(mode, ROWS[mode])
    for word in (*words, "a.onnx", "random, seed 0"):
        assert word in text


@pytest.mark.parametrize("mode", ROWS)
def test_a_failure_is_shown_with_its_reason(mode):
    row = ROWS[mode]
    nothing = {
        name: None
        for name in row.__struct_fields__
        if getattr(row, name) is not None and name not in KEPT
    }
    failed = replace(row, **nothing, reason="the process crashed (SIGSEGV)")
    assert "SIGSEGV" in shown(mode, failed)
    assert "SIGSEGV" in shown(mode, row, failed)


KEPT = {"path", "runtime", "threads", "why_null", "reason", "minutes", "cooled_s", "streams",
        "counts", "slices", "notes", "n", "fps_asked"}  # fmt: skip


def test_files_of_one_name_are_told_apart_by_their_folders():
    first, second = (replace(SUSTAINED, path=f"runs/a/{name}/model.xml") for name in "xy")
    even = replace(second, burst_p50_ms=30.0, steady_p50_ms=30.0)
    text = shown("sustained", first, even)
    assert "y/model.xml thr 1 overtakes x/model.xml thr 1" in text
    assert "runs/a" not in text
    assert names(["runs/a/model.xml"]) == ["model.xml"]


def test_a_queue_that_grows_is_told():
    row = replace(OPEN_LOOP, queue_growth_fps=11.9, queue_frames=151)
    assert "grows by 11.9 /s, 151 at the end" in shown("open-loop", row)


def test_an_inference_that_is_slower_after_a_pause_says_why():
    row = replace(OPEN_LOOP, service_p50_ms=0.066, busy_p50_ms=0.004)
    why = "It takes up to 16.5× the 0.00400 ms that it takes without pauses: meanwhile its weights"
    assert why in shown("open-loop", OPEN_LOOP, row)
    assert "pauses" not in shown("open-loop", OPEN_LOOP)
    late = replace(row, queue_growth_fps=11.0, fps_achieved=19.0)  # frames wait: there is no pause
    assert "pauses" not in shown("open-loop", late)
    old = replace(row, busy_p50_ms=None)
    assert "pauses" not in shown("open-loop", old)


def test_a_new_order_is_told_and_is_no_verdict():
    even = replace(SUSTAINED, path="models/b.onnx", burst_p50_ms=30.0, steady_p50_ms=30.0)
    text = shown("sustained", SUSTAINED, even)
    assert "b.onnx thr 1 overtakes a.onnx thr 1 under load" in text
    assert "no verdict" in text
    assert "does not change" in shown("sustained", SUSTAINED, replace(even, steady_p50_ms=40.0))
    outcome = ModeResult("sustained", (SUSTAINED, even), "random", {}, [])
    assert outcome.ranking.swapped == ((0, 1),)
    assert tuple(outcome.data()["ranking"]["burst"]) == (0, 1)
    assert ModeResult("open-loop", (OPEN_LOOP,), "random", {}, []).ranking is None
