"""The full account of the machine that a runner is on."""

from __future__ import annotations

from typing import Any, Dict

from edgeopt.runner import clocks, enclosure, heat, memory_groups, processor, system
from edgeopt.runner.root import Root, tell

ACCOUNT: Dict[str, Any] = {
    "arch": system.arch,
    "cpu_model": processor.model,
    "parts": processor.parts,
    "core_kinds": processor.core_kinds,
    "cores": processor.cores,
    "cores_online": processor.cores_online,
    "affinity": processor.affinity,
    "smt": processor.smt,
    "features": processor.features,
    "microcode": processor.microcode,
    "board": system.board,
    "firmware": system.firmware,
    "power_mode": system.power_mode,
    "id": system.machine_id,
    "kernel": system.kernel,
    "os": system.os_name,
    "distribution": system.distribution,
    "libc": system.libc,
    "python": system.python,
    "uptime_s": system.uptime_s,
    "memory_bytes": system.memory_bytes,
    "memory_limit_bytes": memory_groups.limit_bytes,
    "swap_bytes": system.swap_bytes,
    "governor": clocks.governor,
    "policies": clocks.policies,
    "boost": clocks.boost,
    "power_limits": clocks.power_limits,
    "clock_source": clocks.clock_source,
    "clock_resolution_ns": clocks.clock_resolution_ns,
    "virtual_machine": enclosure.virtual_machine,
    "hypervisor": enclosure.hypervisor,
    "container": enclosure.container,
    "cpu_quota": enclosure.cpu_quota,
    "thermal_zones": heat.zones,
    "throttle_count": heat.throttle_count,
    "load_1m": system.load_1m,
    "steal_share": system.steal_share,
}


def machine(root: Root) -> Dict[str, Any]:
    """Every field of `ACCOUNT`; what is not to be had is None, with its reason in `why_null`."""
    told = tell(ACCOUNT, root)
    told["features"] = told["features"] or []  # a set of flags: readers count on a list
    return told
