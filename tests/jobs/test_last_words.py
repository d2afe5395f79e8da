"""What is told of a process that died: where it was and its last words, never how far it was."""

import pytest

from edgeopt.jobs.last_words import last_words

BAR = "\rRunning Calibration::  51%|█████▏    | 74/144 [00:00<00:00, 739.47it/s]"
NNCF = "Statistics collection ━━━━━━━━━━━━━━━━━━━━━━━ 100% 1/1 • 0:00:00 • 0:00:00"
STACK = """Fatal Python error: Aborted

Current thread 0x00007f083ffc4b80 (most recent call first):
  File "/usr/lib/python3.11/ctypes/__init__.py", line 12 in call
  File "/x/.venv/lib/python3.11/site-packages/ai_edge_litert/interpreter.py", line 575 in allocate
  File "/x/edgeopt/runtimes/litert.py", line 89 in __init__

Extension modules: msgspec._core, numpy._core._multiarray_umath (total: 2)
"""
OTHERS = """Fatal Python error: Segmentation fault

Thread 0x00007f082d1fe6c0 (most recent call first):
  File "/x/.venv/lib/python3.11/site-packages/tqdm/_monitor.py", line 69 in run

Current thread 0x00007f083ffc4b80 (most recent call first):
  File "/x/site-packages/openvino/_ov_api.py", line 5 in compile_model
"""
OWN = STACK.replace("/x/.venv/lib/python3.11/site-packages/ai_edge_litert", "/x/edgeopt/convert")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", ""),
        ("reading\nkernel panic\n", ": kernel panic"),
        ("kernel panic" + BAR, ": kernel panic"),
        (BAR, ""),
        (NNCF, ""),
        ("  what():  map::at\n" + NNCF, ": what():  map::at"),
        ("INFO: Created TensorFlow Lite XNNPACK delegate for CPU.\n", ""),
        (BAR + "\n" + STACK, " in ai_edge_litert (allocate)"),
        ("bad scale" + BAR + "\n" + STACK, " in ai_edge_litert (allocate): bad scale"),
        (OTHERS, " in openvino (compile_model)"),
        (OWN, ""),
        ("the end is near: 10/12 layers\n", ": the end is near: 10/12 layers"),
        ("x" * 999, ": " + "x" * 200),
    ],
)
def test_the_cause_is_told(text, told):
    assert last_words(text) == told
