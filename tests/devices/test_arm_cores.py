"""Which core stands for which target."""

from __future__ import annotations

import msgspec
import pytest

from edgeopt import targets
from edgeopt.devices.arm_cores import CORES, files, standing_for
from edgeopt.devices.emulated import Emulated
from edgeopt.domain.errors import BadInput

ARM = [name for name in targets.names() if targets.load(name).arch == "aarch64"]


@pytest.mark.parametrize(
    ("name", "core"),
    [
        ("raspberry-pi-zero-2w", "cortex-a53"),
        ("raspberry-pi-3b-plus", "cortex-a53"),
        ("raspberry-pi-4", "cortex-a72"),
        ("raspberry-pi-5", "cortex-a76"),
        ("jetson-nano", "cortex-a57"),
    ],
)
def test_a_board_with_a_known_core_gets_that_very_core(name, core):
    standing = standing_for(targets.load(name))
    assert (standing.core.name, standing.note) == (core, "")


@pytest.mark.parametrize("name", ARM)
def test_no_core_promises_more_than_its_target_has(name):
    profile = targets.load(name)
    core = standing_for(profile).core
    assert not set(core.features) & set(profile.isa.absent)
    assert ("asimddp" in core.features) == ("asimddp" in profile.isa.features)


def test_what_a_stand_in_cannot_try_is_said():
    standing = standing_for(targets.load("pixel-8"))
    assert standing.core.name == "cortex-a76"
    assert standing.note == (
        "cortex-a76 stands for cortex-x3; kernels that need i8mm, sve, sve2 are not tried"
    )
    assert standing_for(targets.load("android-arm64")).core.name == "cortex-a53"


def test_max_is_no_core():
    assert "max" not in CORES
    with pytest.raises(BadInput, match="no core 'max'"):
        Emulated(targets.load("raspberry-pi-4"), core="max")


def test_other_machines_are_refused():
    with pytest.raises(BadInput, match="intel-n100 is x86_64"):
        Emulated(targets.load("intel-n100"))


def test_a_board_says_of_itself_what_its_profile_says():
    profile = targets.load("raspberry-pi-5")
    said = files(profile, CORES["cortex-a76"])
    text = said["proc/cpuinfo"]
    assert text.count("processor\t:") == 4
    assert text.count("CPU part\t: 0xd0b\n") == 4
    assert set(profile.isa.features) <= flags(text)
    register = said["sys/devices/system/cpu/cpu3/regs/identification/midr_el1"]
    assert register == "0x00000000414fd0b1\n"


def test_cpuinfo_shows_what_a_profile_promises_beyond_its_core():
    profile = targets.load("raspberry-pi-4")
    isa = msgspec.structs.replace(profile.isa, features=("asimd", "asimddp"))
    promising = msgspec.structs.replace(profile, isa=isa)
    core = CORES["cortex-a72"]
    assert "asimddp" in flags(files(promising, core)["proc/cpuinfo"])
    assert "asimddp" not in flags(files(profile, core)["proc/cpuinfo"])


def flags(text: str) -> set[str]:
    return set(text.partition("Features\t: ")[2].partition("\n")[0].split())
