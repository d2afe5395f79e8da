"""What the process is enclosed in: a virtual machine, a container, limits of a control group."""

from __future__ import annotations

from typing import Any, Dict, List, Optional

from edgeopt.runner import processor
from edgeopt.runner.root import Missing, Root, optional

#: What virtual machines call their vendor and product, where systemd-detect-virt is not there.
HYPERVISORS = {
    "qemu": "qemu", "kvm": "kvm", "vmware": "vmware", "virtualbox": "oracle", "innotek": "oracle",
    "microsoft corporation virtual machine": "microsoft", "xen": "xen", "parallels": "parallels",
    "google compute engine": "google", "apple virtualization": "apple", "amazon ec2": "amazon",
}  # fmt: skip
CONTAINERS = ("docker", "podman", "libpod", "kubepods", "lxc", "containerd")
GROUPS = "/sys/fs/cgroup"


def virtual_machine(root: Root) -> bool:
    flagged = "hypervisor" in (optional(processor.features, root) or [])
    return flagged or optional(hypervisor, root) is not None


def hypervisor(root: Root) -> str:
    """The name of the virtual machine's host program."""
    detected = optional(root.run, "systemd-detect-virt", "--vm")
    if detected and detected != "none":
        return detected
    for path in ("/sys/hypervisor/type", "/proc/device-tree/hypervisor/compatible"):
        named = optional(root.text, path)
        if named:
            return named.replace("\x00", " ")
    names = [optional(root.text, "/sys/class/dmi/id/" + n) for n in ("sys_vendor", "product_name")]
    words = " ".join(name for name in names if name).lower()
    for sign, name in HYPERVISORS.items():
        if sign in words and ".metal" not in words:
            return name
    if "dummy-virt" in (optional(root.text, "/proc/device-tree/compatible") or ""):
        return "qemu"
    raise Missing("not a virtual machine, or one that does not say its name")


def container(root: Root) -> str:
    """What kind, "none" where nothing looks like one."""
    told = optional(root.text, "/run/systemd/container")
    if told:
        return told
    if root.exists("/run/.containerenv"):
        return "podman"
    if root.exists("/.dockerenv"):
        return "docker"
    group = optional(root.text, "/proc/self/cgroup") or ""
    return next((name for name in CONTAINERS if name in group), "none")


def groups(root: Root) -> List[str]:
    """Folders of the control group and all above it, the innermost first (version 2)."""
    for line in root.text("/proc/self/cgroup").split("\n"):
        number, _, path = line.split(":", 2)
        if number == "0":
            parts = [part for part in path.split("/") if part and part != ".."]
            return ["/".join([GROUPS, *parts[:depth]]) + "/" for depth in range(len(parts), -1, -1)]
    return []


def cpu_quota(root: Root) -> Optional[float]:
    """How many cores' worth of time the process may use; the tightest of all groups.

    Raises:
        Missing: there is no limit.
    """
    found = []
    for group in groups(root):
        words = (optional(root.text, group + "cpu.max") or "max").split()
        if words[0] != "max":
            found.append(int(words[0]) / int(words[1]))
    old = optional(root.integer, GROUPS + "/cpu/cpu.cfs_quota_us")
    if old and old > 0:
        found.append(old / root.integer(GROUPS + "/cpu/cpu.cfs_period_us"))
    if not found:
        raise Missing("no limit on processor time")
    return min(found)


def quota_stops(root: Root) -> Dict[str, Any]:
    """How often, and for how long, the process's group was stopped because its time was used up."""
    for path in [group + "cpu.stat" for group in groups(root)] + [GROUPS + "/cpu/cpu.stat"]:
        text = optional(root.text, path) or ""
        rows = dict(line.split()[:2] for line in text.split("\n") if " " in line)
        if "nr_throttled" in rows:
            used = int(rows.get("throttled_usec", 0)) or int(rows.get("throttled_time", 0)) // 1000
            return {"count": int(rows["nr_throttled"]), "stopped_ms": used / 1000}
    raise Missing("no control group with a limit on processor time")
