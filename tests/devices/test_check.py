"""What a look at a device makes of what the device said."""

from __future__ import annotations

import msgspec
import pytest

from edgeopt.domain.device import Probe
from edgeopt.harness import device_check

PI = {
    "arch": "aarch64", "board": "Raspberry Pi 5 Model B Rev 1.0", "cpu_model": "Cortex-A76",
    "features": ["asimd", "fphp", "asimdhp", "asimddp"], "python": "3.11.2", "uptime_s": 5000.0,
}  # fmt: skip
GOOD = Probe(
    machine=PI, executable="/usr/bin/python3", bits=64, numpy="2.2.6", disk_free_bytes=10**10,
    clock_off_s=0.1, other_runners=0, runtimes={"litert": "2.3"}, missing={},
)  # fmt: skip


def findings(target="raspberry-pi-5", **fields) -> dict[str, tuple[str, str]]:
    lines = device_check.probe_findings(msgspec.structs.replace(GOOD, **fields), "pi5", target)
    return {line.check: (line.state, f"{line.found} {line.advice}") for line in lines}


def test_nothing_is_wrong_with_a_board_that_is_ready():
    found = findings()
    assert {state for state, _ in found.values()} == {"ok"}
    assert list(found) == ["python", "numpy", "litert", "target", "disk", "clock"]


@pytest.mark.parametrize(
    ("fields", "line", "state", "words"),
    [
        ({"bits": 32}, "python", "warning", "64-bit system"),
        ({"numpy": None}, "numpy", "failed", "edgeopt devices setup pi5"),
        ({"runtimes": {}, "missing": {"litert": "no"}}, "litert", "failed", "--runtime litert"),
        ({"missing": {"openvino": "GLIBC_2.35"}}, "openvino", "warning", "GLIBC_2.35"),
        ({"target": "raspberry-pi-4"}, "target", "warning", "It is of: raspberry-pi-5"),
        ({"disk_free_bytes": 10**8}, "disk", "warning", "0.1 GB free"),
        ({"disk_free_bytes": 10**7}, "disk", "failed", "--folder"),
        ({"clock_off_s": -1e6}, "clock", "warning", "1000000 s behind"),
        ({"machine": {**PI, "uptime_s": 30.0}}, "start", "warning", "30 s ago"),
        ({"other_runners": 2}, "others", "warning", "runners of others: 2"),
    ],
)
def test_each_thing_that_is_wrong_has_its_line(fields, line, state, words):
    found = findings(**fields)
    assert found[line][0] == state
    assert words in found[line][1]


def test_a_profile_that_recognises_nothing_is_taken_as_said():
    phone = {**PI, "board": "Google Pixel 8 (Google Tensor G3)"}
    assert findings("pixel-8", machine=phone)["target"][0] == "ok"
    assert findings("pixel-8", machine={**phone, "arch": "x86_64"})["target"][0] == "warning"


def test_the_most_particular_profile_comes_first():
    assert device_check.fitting(GOOD)[0] == "raspberry-pi-5"
    machine = {
        "arch": "x86_64", "board": None, "cpu_model": "Intel(R) Xeon(R) Processor",
        "features": ["avx2", "fma", "avx512f", "avx512_vnni", "amx_tile", "amx_int8", "amx_bf16"],
    }  # fmt: skip
    fits = device_check.fitting(msgspec.structs.replace(GOOD, machine=machine))
    assert fits[-1] == "intel-cpu"


@pytest.mark.parametrize(
    ("model", "flags", "first"),
    [
        ("Intel(R) N100", ["avx2"], "intel-n100"),
        ("12th Gen Intel(R) Core(TM) i5-1240P", ["avx2"], "intel-core-12th-gen"),
        ("Intel(R) Xeon(R) Platinum 8481C", ["amx_int8", "avx512_fp16"], "xeon-sapphire-rapids"),
        ("Intel(R) Xeon(R) CPU E5-2686 v4", ["avx2"], "intel-cpu"),
        ("Intel(R) Core(TM) Ultra 7 155H", ["avx2"], "intel-cpu"),
    ],
)
def test_a_processor_of_its_own_profile_is_no_intel_cpu_first(model, flags, first):
    """Else a target's own board would not be found when it is asked for."""
    machine = {"arch": "x86_64", "board": None, "cpu_model": model, "features": flags}
    assert device_check.fitting(msgspec.structs.replace(GOOD, machine=machine))[0] == first
