"""Which profiles a machine is of, and what is filled in of this one."""

from __future__ import annotations

import json

import pytest

from edgeopt import targets
from edgeopt.domain.errors import BadInput
from edgeopt.domain.target import Isa
from edgeopt.runner import sensors

PI_5 = {
    "arch": "aarch64",
    "cpu_model": "BCM2835",
    "cores": 4,
    "features": ["asimd", "asimddp", "asimdhp", "fphp"],
    "memory_bytes": 8 * 2**30,
    "board": "Raspberry Pi 5 Model B Rev 1.0",
}
XEON = {
    "arch": "x86_64",
    "cpu_model": "Intel(R) Xeon(R) Platinum 8480+",
    "cores": 8,
    "features": ["amx_bf16", "amx_int8", "avx2", "avx512_fp16"],
    "memory_bytes": 25276502016,
    "board": None,
}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("machine", "matching"),
    [
        (PI_5, {"raspberry-pi-5", "this-machine"}),
        (XEON, {"intel-cpu", "xeon-sapphire-rapids", "this-machine"}),
        ({**XEON, "features": ["avx2"]}, {"intel-cpu", "this-machine"}),
        ({**XEON, "cpu_model": "Intel(R) N100"}, {"intel-cpu", "intel-n100", "this-machine"}),
        (
            {**XEON, "cpu_model": "12th Gen Intel(R) Core(TM) i5-12400"},
            {"intel-cpu", "intel-core-12th-gen", "this-machine"},
        ),
        ({**XEON, "cpu_model": "AMD Ryzen 7 5800X"}, {"this-machine"}),
        ({**XEON, "cpu_model": None}, {"this-machine"}),
        ({**PI_5, "arch": "armv7l"}, {"this-machine"}),
        (
            {**PI_5, "board": "Raspberry Pi 3 Model B Plus Rev 1.3"},
            {"raspberry-pi-3b-plus", "this-machine"},
        ),
        (
            {**PI_5, "board": "Raspberry Pi Zero 2 W Rev 1.0"},
            {"raspberry-pi-zero-2w", "this-machine"},
        ),
        (
            {**PI_5, "board": "NVIDIA Jetson Orin Nano Developer Kit"},
            {"jetson-orin-nano", "this-machine"},
        ),
        ({**PI_5, "board": "NVIDIA Jetson Nano Developer Kit"}, {"jetson-nano", "this-machine"}),
    ],
)
def test_matches(machine, matching):
    found = {name for name in targets.names() if targets.matches(targets.load(name), machine)}
    assert found == matching


@pytest.mark.parametrize(
    ("absent", "expected"), [(["sve"], True), (["asimddp"], False), (["sve", "asimd"], False)]
)
def test_match_by_absent_flags(board, absent, expected):
    path = board('board = "My Board"', f"absent = {json.dumps(absent)}")
    assert targets.matches(targets.load(path), PI_5) is expected


def test_probe_fills_in_what_the_machine_says():
    profile = targets.probe(targets.load("this-machine"), PI_5)
    assert profile.arch == "aarch64"
    assert profile.title == "This machine (BCM2835)"
    assert [(core.model, core.count, core.role) for core in profile.cores] == [
        ("BCM2835", 4, "all")
    ]
    assert profile.big_cores == 4
    assert profile.isa == Isa(
        features=("asimd", "asimddp", "asimdhp", "fphp"),
        absent=(),
        basis="verified",
        source="/proc/cpuinfo of this machine",
    )
    size = profile.memory.size_gib
    assert size is not None
    assert (size.value, size.basis, size.source) == (
        8.0,
        "verified",
        "/proc/meminfo of this machine",
    )


def test_probe_keeps_the_rest_of_the_template():
    template = targets.load("this-machine")
    profile = targets.probe(template, XEON)
    assert (profile.name, profile.recipes, profile.left_out, profile.notes) == (
        template.name,
        template.recipes,
        template.left_out,
        template.notes,
    )


def test_probe_of_a_machine_that_says_little():
    silent = {**XEON, "cpu_model": None, "features": [], "memory_bytes": None}
    profile = targets.probe(targets.load("this-machine"), silent)
    assert profile.title == "This machine (unknown processor)"
    assert profile.isa.features == ()
    assert profile.memory.size_gib is None


def test_probe_refuses_an_architecture_that_no_profile_has():
    with pytest.raises(BadInput, match="this machine is riscv64; targets are aarch64 or x86_64"):
        targets.probe(targets.load("this-machine"), {**PI_5, "arch": "riscv64"})


def test_probe_of_the_real_machine_is_a_sound_profile():
    profile = targets.probe(targets.load("this-machine"), sensors.machine())
    targets.check(profile, "this machine")
    assert profile.big_cores >= 1
