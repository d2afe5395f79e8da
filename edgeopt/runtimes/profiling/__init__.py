"""ON THE DEVICE. Where the time of an inference goes, by the runtimes' own profilers.

One file per runtime that has a profiler. Each makes a session of its own with profiling on:

    run(arrays)     one inference
    keep()          reads what the profiler says of it; absent where that comes at the end
    finish() -> (operators, rows)
        operators   {key: description}, in execution order
        rows        {key: ns} for each inference so far

A description has `name` and `type` (the runtime's own words), `precision` (the arithmetic that
ran: fp32, bf16, int8, ...; None where the runtime does not say), `output` (element type of the
result, the same words), `detail` (which kernel), `layers` (names that may be the source's), and
`fallback` (true where it did not run in the kernels that it was meant to run in).
"""

from __future__ import annotations

import itertools
import time

WARMUP = 5
#: Runs of one kind in a row; one more before them puts the caches back and is not counted.
BLOCK = 4

PRECISIONS = {
    "float": "fp32", "float32": "fp32", "f32": "fp32",
    "float16": "fp16", "f16": "fp16", "bfloat16": "bf16", "bf16": "bf16",
    "int8": "int8", "uint8": "int8", "i8": "int8", "u8": "int8",
    "int16": "int16", "i16": "int16", "int32": "int32", "i32": "int32", "int64": "int64",
    "i64": "int64",
}  # fmt: skip


def take(session, profiled, arrays_list: list, runs: int, how: str) -> dict:
    """Profile `runs` inferences, turn and turn about with as many of the plain session.

    Args:
        session: the plain one. profiled: see the module's head.
        arrays_list: inputs, taken in turn.
        how: where the times come from, in words.

    Returns:
        `how`; `operators`, each with `t_ns` of every counted run (a difference of two readings
        may be negative, their mean is right); `total_ns`, the wall time of the same runs;
        `plain_ns`, as many of the session without a profiler.

    Raises:
        ValueError: the profiler named no operator.
    """
    inputs = itertools.cycle(arrays_list)
    for _ in range(WARMUP):
        _timed(session, next(inputs))
        _timed(profiled, next(inputs))
    total: list = []
    plain: list = []
    counted: list = []
    done = WARMUP
    while len(total) < runs:
        plain += [_timed(session, next(inputs)) for _ in range(BLOCK + 1)][1:]
        total += [_timed(profiled, next(inputs)) for _ in range(BLOCK + 1)][1:]
        counted += range(done + 1, done + 1 + BLOCK)
        done += 1 + BLOCK
    operators, rows = profiled.finish()
    if not operators:
        raise ValueError("the runtime's profiler named no operator")
    if len(rows) != done:
        raise ValueError(f"the runtime's profiler told of {len(rows)} inferences, not of {done}")
    chosen = [rows[i] for i in counted]
    return {
        "how": how,
        "operators": [
            {**about, "t_ns": [row.get(key, 0) for row in chosen]}
            for key, about in operators.items()
        ],
        "total_ns": total,
        "plain_ns": plain,
    }


def _timed(session, arrays: list) -> int:
    """Wall time of one inference, ns; what the profiler then says is read outside of it."""
    start = time.perf_counter_ns()
    session.run(arrays)
    end = time.perf_counter_ns()
    keep = getattr(session, "keep", None)
    if keep is not None:
        keep()
    return end - start
