"""What a machine says of itself: every field a value, or null with a reason."""

from __future__ import annotations

import time

import pytest

from edgeopt.runner.glance import FILES, Glance
from edgeopt.runner.machine import ACCOUNT, machine
from edgeopt.runner.root import Missing, Root
from tests.runner.fake_tree import JETSON, LAPTOP, PI_4, PI_BITS, VM, vcgencmd

MACHINES = {"pi 4": PI_4, "laptop": LAPTOP, "vm": VM, "jetson": JETSON, "nothing": {}}


@pytest.mark.parametrize("name", MACHINES)
def test_whatever_is_null_has_its_reason(tree, name):
    told = machine(tree.write(MACHINES[name]))
    assert told.keys() == {*ACCOUNT, "why_null"}
    empty = {field for field in ACCOUNT if told[field] is None}
    assert empty == told["why_null"].keys() - {"features"}
    assert all(told["why_null"].values())


def test_of_this_machine_too():
    told = machine(Root())
    assert {field for field in ACCOUNT if told[field] is None} == told["why_null"].keys()


def test_a_pi(tree):
    told = machine(tree.write(PI_4))
    assert told["board"] == told["cpu_model"] == "Raspberry Pi 4 Model B Rev 1.4"
    assert told["parts"] == [
        {"implementer": "0x41", "variant": "0x0", "part": "0xd08", "revision": "3", "count": 4}
    ]
    assert told["features"] == ["asimd", "cpuid", "crc32", "evtstrm", "fp"]
    assert told["firmware"] == "9f1ad4c5"
    assert (told["governor"], told["policies"][0]["max_khz"]) == ("ondemand", 1_800_000)
    assert told["thermal_zones"] == [
        {"name": "cpu-thermal", "temperature_c": 48.312, "passive_c": None}
    ]
    assert (told["memory_bytes"], told["swap_bytes"]) == (4_096_000_000, 102_400_000)
    assert told["steal_share"] == 0
    assert (told["virtual_machine"], told["container"]) == (False, "none")
    assert told["distribution"] == "Debian GNU/Linux 12 (bookworm)"
    assert told["why_null"]["boost"] == "no switch for it: neither no_turbo nor boost"
    assert told["why_null"]["microcode"] == "no line 'microcode' in /proc/cpuinfo"


def test_a_laptop(tree):
    told = machine(tree.write(LAPTOP))
    assert (told["board"], told["microcode"], told["boost"]) == ("LENOVO 21AA", "0x430", True)
    assert told["core_kinds"] == {"cpu_core": "0-7", "cpu_atom": "8-15"}
    assert [p["name"] for p in told["policies"]] == ["policy0", "policy10"]
    assert told["policies"][0]["energy_preference"] == "balance_power"
    assert told["power_limits"] == [
        {"zone": "package-0", "constraint": "long_term", "limit_w": 28.0}
    ]
    assert told["throttle_count"] == 3 + 5, "both threads share a core, all cores a package"


def test_a_virtual_machine(tree):
    told = machine(tree.write(VM))
    assert (told["virtual_machine"], told["hypervisor"]) == (True, "qemu")
    assert told["steal_share"] == 0.01
    assert told["why_null"]["governor"].startswith("no cpufreq: a virtual machine")
    tree.program("systemd-detect-virt", 'test "$1" = --vm && echo kvm')
    assert machine(tree)["hypervisor"] == "kvm"


def test_a_jetson(tree):
    told = machine(tree.write(JETSON))
    assert told["firmware"].startswith("# R36 (release), REVISION: 4.3")
    assert told["power_mode"] == "pmode:0002"


def test_the_identity_tells_machines_apart_and_nothing_else(tree):
    first = machine(tree.write(PI_4))["id"]
    assert machine(tree)["id"] == first
    assert first not in str(PI_4["/etc/machine-id"])
    assert machine(tree.write({"/etc/machine-id": "f" * 32}))["id"] != first


@pytest.mark.parametrize(
    ("files", "kind"),
    [
        ({"/.dockerenv": ""}, "docker"),
        ({"/run/.containerenv": ""}, "podman"),
        ({"/run/systemd/container": "lxc"}, "lxc"),
        ({"/proc/self/cgroup": "1:name=systemd:/kubepods/pod7"}, "kubepods"),
    ],
)
def test_containers(tree, files, kind):
    assert machine(tree.write({**PI_4, **files}))["container"] == kind


def test_the_limits_of_all_groups_count(tree):
    group = "/sys/fs/cgroup/user.slice"
    tree.write({**PI_4, f"{group}/cpu.max": "150000 100000", f"{group}/memory.max": 1 << 30})
    tree.write({f"{group}/session-1.scope/cpu.max": "max 100000"})
    told = machine(tree)
    assert (told["cpu_quota"], told["memory_limit_bytes"]) == (1.5, 1 << 30)


def test_a_denied_file_says_which(tree):
    tree.write(PI_4).deny("/proc/meminfo")
    assert machine(tree)["why_null"]["memory_bytes"] == (
        "permission denied: /proc/meminfo (readable by root only)"
    )


def test_files_that_hold_something_else(tree):
    tree.write({"/a": "", "/b": "words"})
    for path, words in (("/a", "/a is empty"), ("/b", "/b holds 'words'"), ("/c", "no /c")):
        with pytest.raises(Missing, match=words):
            tree.number(path)


def test_programs_that_fail_hang_or_are_not_there(tree):
    tree.program("fails", "echo first; echo 'no device' >&2; exit 3").program("hangs", "sleep 9")
    with pytest.raises(Missing, match="`fails now` ended with 3: no device"):
        tree.run("fails", "now")
    with pytest.raises(Missing, match=r"took longer than 0\.1 s"):
        tree.run("hangs", timeout_s=0.1)
    with pytest.raises(Missing, match="no program gone"):
        tree.run("gone")


# --- the cheap readings around a block


def test_a_glance_takes_the_highest_of_all(tree):
    told = Glance(tree.write(LAPTOP)).told()
    assert (told["clock_khz"], told["temperature_c"]) == (2_400_000, 61.0)
    assert (told["throttle_count"], told["load_1m"]) == (8, 0.1)
    assert (told["steal_ticks"], told["total_ticks"]) == (0, 10_000)
    assert told["throttled_bits"] is None
    tree.write({"/sys/devices/system/cpu/cpufreq/policy10/scaling_cur_freq": 3_000_000})
    tree.write({PI_BITS: "50005"})
    glance = Glance(tree)
    assert (glance.told()["clock_khz"], glance.told()["throttled_bits"]) == (3_000_000, 0x50005)


def test_what_a_glance_cannot_tell_has_its_reason(tree):
    glance = Glance(tree.write(VM))
    told = glance.told()
    assert {name for name in FILES if told[name] is None} == glance.why_null.keys() == {*FILES}
    del told["clock_khz"], told["temperature_c"], told["throttle_count"], told["throttled_bits"]
    assert None not in told.values()


def test_a_file_that_takes_long_is_left_out_of_a_glance(tree):
    """The clock runs by 1 ms in each reading of the second zone."""
    tree.write(LAPTOP)
    now = [0]

    class Slow(type(tree)):
        def _read(self, path, most):
            now[0] += 1_000_000 if "thermal_zone1" in path else 10_000
            return super()._read(path, most)

    tree.__class__ = Slow
    glance = Glance(tree, clock=lambda: now[0])
    assert glance.told()["temperature_c"] == 45.0
    assert glance.why_null.keys() == {"throttled_bits"}
    tree.write({"/sys/class/thermal/thermal_zone0/temp": "words"})
    slow = Glance(tree, clock=lambda: now[0])
    assert slow.told()["temperature_c"] is None
    assert "takes 1000000 ns to read" in slow.why_null["temperature_c"]


def test_a_glance_at_this_machine_is_well_below_a_millisecond():
    glance, spent = Glance(Root()), []
    for _ in range(50):
        start = time.perf_counter_ns()
        glance.told()
        spent.append(time.perf_counter_ns() - start)
    assert sorted(spent)[25] < 1_000_000


def test_a_pi_without_its_program_is_read_from_sysfs_by_a_glance(tree):
    vcgencmd(tree.write({**PI_4, PI_BITS: "4"}), throttled="0x8")
    assert Glance(tree).told()["throttled_bits"] == 4
