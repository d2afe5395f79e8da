"""Which core stands for a target under QEMU, and what that board's /proc/cpuinfo says.

Core and /proc/cpuinfo come from one profile, since libraries choose their kernels by both:
pytorch/cpuinfo takes a Cortex-A76's part number for a promise of dot-product instructions.
"""

from __future__ import annotations

from dataclasses import dataclass

from edgeopt.domain.errors import BadInput
from edgeopt.domain.target import Profile

_ARMV8_0 = ("fp", "asimd", "evtstrm", "crc32", "cpuid")
_ARMV8_2 = (*_ARMV8_0, "aes", "pmull", "sha1", "sha2", "atomics", "fphp", "asimdhp", "asimdrdm",
            "lrcpc", "dcpop", "asimddp")  # fmt: skip

#: Instruction sets beyond what any core of the table has, and that kernels of runtimes use.
_BEYOND = ("i8mm", "bf16", "sve", "sve2")


@dataclass(frozen=True)
class ArmCore:
    """A core that QEMU user mode emulates by name. Never `max`: it runs int8 models wrongly.

    Attributes:
        part, variant, revision: as /proc/cpuinfo has them on a board with it.
        features: flags as Linux prints them there.
    """

    name: str
    part: int
    variant: int
    revision: int
    features: tuple[str, ...]


#: Numbers: MIDR_EL1 in Arm's technical reference manuals; of the Raspberry Pis 3B+, 4 and 5, the
#: Jetson Nano and Ampere Altra. Flags: those boards in hrw/arm-socs-table @7adad61. Raspberry Pis
#: have no aes, QEMU's cores do.
CORES = {
    core.name: core
    for core in (
        ArmCore("cortex-a53", 0xD03, 0, 4, _ARMV8_0),
        ArmCore("cortex-a57", 0xD07, 1, 1, _ARMV8_0),
        ArmCore("cortex-a72", 0xD08, 0, 3, _ARMV8_0),
        ArmCore("cortex-a76", 0xD0B, 4, 1, _ARMV8_2),
        ArmCore("neoverse-n1", 0xD0C, 3, 1, _ARMV8_2),
    )
}


@dataclass(frozen=True)
class Standing:
    """A core that stands for a target's.

    Attributes:
        note: where it is not the very core: what is not tried on it; else "".
    """

    core: ArmCore
    note: str


def standing_for(profile: Profile) -> Standing:
    """The core to emulate for a target: its first big one, or the nearest that is no better.

    Raises:
        BadInput: the target is no ARM one.
    """
    if profile.arch != "aarch64":
        raise BadInput(
            f"{profile.name} is {profile.arch}; only 64-bit ARM targets are emulated",
            "It is measured where edgeopt runs on such a machine.",
        )
    models = [cores.model for cores in profile.cores if cores.role != "little"]
    if models and models[0] in CORES:
        return Standing(CORES[models[0]], "")
    name = "cortex-a76" if "asimddp" in profile.isa.features else "cortex-a53"
    untried = [flag for flag in _BEYOND if flag in profile.isa.features]
    note = f"{name} stands for {models[0] if models else 'any 64-bit ARM core'}"
    if untried:
        note += f"; kernels that need {', '.join(untried)} are not tried"
    return Standing(CORES[name], note)


def files(profile: Profile, core: ArmCore) -> dict[str, str]:
    """What a board says of its cores, {path below /: text}; as many as the profile has in all."""
    count = sum(cores.count for cores in profile.cores) or 4
    # Implementer 0x41 is Arm; 0xf says that the rest is in the feature registers.
    midr = 0x41 << 24 | core.variant << 20 | 0xF << 16 | core.part << 4 | core.revision
    registers = "sys/devices/system/cpu/cpu{}/regs/identification/midr_el1"
    return {
        "proc/cpuinfo": cpuinfo(profile, core, count),
        **{registers.format(number): f"{midr:#018x}\n" for number in range(count)},
    }


def cpuinfo(profile: Profile, core: ArmCore, count: int) -> str:
    """/proc/cpuinfo: the core's own flags, and what the profile promises beyond."""
    extra = [flag for flag in profile.isa.features if flag not in (*core.features, *_BEYOND)]
    features = " ".join((*core.features, *extra))
    return "".join(
        f"processor\t: {number}\n"
        "BogoMIPS\t: 108.00\n"
        f"Features\t: {features}\n"
        "CPU implementer\t: 0x41\n"
        "CPU architecture: 8\n"
        f"CPU variant\t: {core.variant:#x}\n"
        f"CPU part\t: {core.part:#05x}\n"
        f"CPU revision\t: {core.revision}\n\n"
        for number in range(count)
    )
