"""What a device can do is asked of it: nothing looks at its class."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from edgeopt import targets
from edgeopt.devices.adb import Adb
from edgeopt.devices.benchmark_phone import BenchmarkPhone
from edgeopt.devices.device import is_emulation, is_own_timer, is_prepared
from edgeopt.devices.emulated import Emulated
from edgeopt.devices.local import Local
from edgeopt.devices.ssh import Ssh
from edgeopt.domain.device import DeviceEntry

PACKAGE = Path(__file__).parents[2] / "edgeopt"


def benchmark_phone(tmp_path):
    program = tmp_path / "benchmark_model"
    program.write_text("#!/bin/sh\n")
    return BenchmarkPhone("p", DeviceEntry(link="adb://P", benchmark_model=str(program)))


@pytest.mark.parametrize(
    ("make", "times", "answers", "prepared"),
    [
        (lambda tmp_path: Local(), True, True, False),
        (lambda tmp_path: Ssh("b", DeviceEntry(link="ssh://b")), True, True, False),
        (lambda tmp_path: Adb("p", DeviceEntry(link="adb://P")), True, True, True),
        (lambda tmp_path: Emulated(targets.load("raspberry-pi-5")), False, True, True),
        (benchmark_phone, False, False, True),
    ],
    ids=["local", "ssh", "adb", "emulated", "benchmark_model"],
)
def test_every_device_says_what_it_can_do(tmp_path, make, times, answers, prepared):
    pytest.importorskip("adbutils", reason="pip install 'edgeopt[adb]'")
    device = make(tmp_path)
    assert (device.times, device.answers, device.needs_preparing) == (times, answers, prepared)
    assert is_prepared(device) == prepared == hasattr(device, "prepare")
    assert is_emulation(device) == (answers and not times)
    assert is_own_timer(device) == (not answers)
    assert times == (device.kind == "measured" and answers)


def test_where_there_is_no_device_nothing_is_asked():
    assert not is_emulation(None)
    assert not is_own_timer(None)


def test_nobody_looks_at_the_class_of_a_device():
    looking = re.compile(r"isinstance\([^)]*\b(Emulated|BenchmarkPhone|Local)\b")
    found = [path.name for path in PACKAGE.rglob("*.py") if looking.search(path.read_text("utf-8"))]
    assert found == []
