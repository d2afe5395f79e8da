"""A machine against a profile: whether it is one of its kind, and what it says of itself."""

from __future__ import annotations

import re
from typing import Any, get_args, get_type_hints

import msgspec

from edgeopt.domain.errors import BadInput
from edgeopt.domain.target import Cores, Fact, Isa, Memory, Profile

THIS_MACHINE = "this-machine"


def matches(profile: Profile, machine: dict[str, Any]) -> bool:
    """Whether a machine is of the profile's kind.

    Args:
        machine: what `edgeopt.runner.sensors.machine` returned there.
    """
    if profile.name == THIS_MACHINE:
        return True
    match = profile.match
    if match is None or profile.arch != machine["arch"]:
        return False
    flags = set(machine["features"])
    return (
        flags.issuperset(match.features)
        and flags.isdisjoint(match.absent)
        and _says(match.cpu_model, machine["cpu_model"])
        and _says(match.board, machine["board"])
    )


def _says(pattern: str | None, words: str | None) -> bool:
    return pattern is None or re.search(pattern, words or "") is not None


def probe(template: Profile, machine: dict[str, Any]) -> Profile:
    """The template with what a machine says of itself filled in.

    All flags are listed as present and none as absent, since every flag not listed is.

    Args:
        machine: what `edgeopt.runner.sensors.machine` returned there.

    Raises:
        BadInput: its architecture is one that no profile can have.
    """
    arch = machine["arch"]
    known = get_args(get_type_hints(Profile)["arch"])
    if arch not in known:
        raise BadInput(
            f"this machine is {arch}; targets are {' or '.join(known)}",
            "Choose a target that is reached from here: see `edgeopt targets`.",
        )
    model = machine["cpu_model"] or "unknown processor"
    return msgspec.structs.replace(
        template,
        title=f"{template.title} ({model})",
        arch=arch,
        cores=(Cores(model=model, count=machine["cores"]),),
        isa=Isa(
            features=tuple(machine["features"]),
            absent=(),
            basis="verified",
            source="/proc/cpuinfo of this machine",
        ),
        memory=_memory(template.memory, machine["memory_bytes"]),
    )


def _memory(template: Memory, size_bytes: int | None) -> Memory:
    if size_bytes is None:
        return template
    size = Fact(
        value=round(size_bytes / 2**30, 2),
        basis="verified",
        source="/proc/meminfo of this machine",
    )
    return msgspec.structs.replace(template, size_gib=size)
