"""NVIDIA GPUs, by the driver's library (nvidia-ml-py, imported as pynvml) or by nvidia-smi."""

from __future__ import annotations

from typing import Any, Dict, List

from edgeopt.runner.root import Missing, Root

PACKAGES = ("pynvml",)

#: Bits of the clocks' event reasons that mean heat or power holds the clocks down.
#: https://docs.nvidia.com/deploy/nvml-api/group__nvmlClocksEventReasons.html
REASONS = (
    "idle", "clocks set by the user", "power cap", "hardware slowdown", "synchronised boost",
    "thermal slowdown (software)", "thermal slowdown (hardware)", "power brake",
    "display clock",
)  # fmt: skip


def words(bits: int) -> List[str]:
    return [word for i, word in enumerate(REASONS) if bits & 1 << i]


def gpus(root: Root) -> List[Dict[str, Any]]:
    """Every GPU: clocks, why they are what they are, temperature, power, who computes on it."""
    try:
        return [_by_library(nvml, handle, i) for nvml, i, handle in handles()]
    except Missing as reason:
        why = str(reason)
    try:
        return _by_program(root)
    except Missing as reason:
        raise Missing("{}; {}".format(why, reason)) from None


def handles() -> List[Any]:
    """(the library, index, handle) of every GPU.

    Raises:
        Missing: no library, or no driver below it.
    """
    try:
        import pynvml
    except ImportError:
        raise Missing("nvidia-ml-py is not installed (pip install nvidia-ml-py)") from None
    try:
        pynvml.nvmlInit()
        count = pynvml.nvmlDeviceGetCount()
        return [(pynvml, i, pynvml.nvmlDeviceGetHandleByIndex(i)) for i in range(count)]
    except pynvml.NVMLError as error:
        raise Missing("NVML: {}".format(error)) from None


def asked(nvml: Any, call: str, *arguments: Any) -> Any:
    """One answer of the library.

    Raises:
        Missing: this GPU or this driver does not have it.
    """
    try:
        return getattr(nvml, call)(*arguments)
    except (nvml.NVMLError, AttributeError) as error:
        raise Missing("{}: {}".format(call, error)) from None


def _by_library(nvml: Any, gpu: Any, index: int) -> Dict[str, Any]:
    def ask(call: str, *more: Any) -> Any:
        try:
            return asked(nvml, call, gpu, *more)
        except Missing:
            return None

    name, power = ask("nvmlDeviceGetName"), ask("nvmlDeviceGetPowerUsage")
    bits = ask("nvmlDeviceGetCurrentClocksEventReasons")
    if bits is None:
        bits = ask("nvmlDeviceGetCurrentClocksThrottleReasons")  # drivers before 535
    state = ask("nvmlDeviceGetPerformanceState")
    running = ask("nvmlDeviceGetComputeRunningProcesses")
    return {
        "index": index,
        "name": name.decode() if isinstance(name, bytes) else name,
        "temperature_c": ask("nvmlDeviceGetTemperature", nvml.NVML_TEMPERATURE_GPU),
        "power_w": None if power is None else power / 1000,
        "clock_mhz": ask("nvmlDeviceGetClockInfo", nvml.NVML_CLOCK_SM),
        "memory_clock_mhz": ask("nvmlDeviceGetClockInfo", nvml.NVML_CLOCK_MEM),
        "performance_state": None if state is None else "P{}".format(state),
        "event_reasons": None if bits is None else words(bits),
        "processes": None
        if running is None
        else [{"pid": one.pid, "memory_bytes": one.usedGpuMemory} for one in running],
    }


COLUMNS = "index,name,uuid,temperature.gpu,power.draw,clocks.sm,clocks.mem,pstate"


def _by_program(root: Root) -> List[Dict[str, Any]]:
    try:
        table = _table(root, "--query-gpu={},clocks_event_reasons.active".format(COLUMNS))
    except Missing:  # drivers before 535
        table = _table(root, "--query-gpu={},clocks_throttle_reasons.active".format(COLUMNS))
    try:
        running = _table(root, "--query-compute-apps=gpu_uuid,pid,used_gpu_memory")
    except Missing:  # nobody computes: nothing is printed
        running = []
    return [_row(row, running) for row in table]


def _table(root: Root, query: str) -> List[List[str]]:
    text = root.run("nvidia-smi", query, "--format=csv,noheader,nounits", timeout_s=20)
    return [
        [cell.strip() for cell in line.split(",")] for line in text.splitlines() if line.strip()
    ]


def _row(row: List[str], running: List[List[str]]) -> Dict[str, Any]:
    index, name, uuid, celsius, watts, clock, memory, state, bits = row
    own = [one for one in running if one[0] == uuid]
    return {
        "index": int(index),
        "name": name,
        "temperature_c": _number(celsius),
        "power_w": _number(watts),
        "clock_mhz": _number(clock),
        "memory_clock_mhz": _number(memory),
        "performance_state": state if state.startswith("P") else None,
        "event_reasons": words(int(bits, 16)) if bits.startswith("0x") else None,
        "processes": [{"pid": int(pid), "memory_bytes": _mebibytes(used)} for _, pid, used in own],
    }


def _number(cell: str):
    try:
        return float(cell)
    except ValueError:  # "[N/A]", "[Not Supported]"
        return None


def _mebibytes(cell: str):
    number = _number(cell)
    return None if number is None else int(number) << 20
