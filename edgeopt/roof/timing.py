"""One kernel at work on a device, by the runner that times artifacts, too."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

import numpy as np

from edgeopt.convert.roof import network
from edgeopt.devices.device import Device
from edgeopt.domain.roof import ARITHMETICS, Arithmetic, Peak
from edgeopt.harness.answering import open_session
from edgeopt.harness.client import Client, RunnerFailed
from edgeopt.harness.subject import Subject
from edgeopt.roof.kernels import Kernel

#: Of a block: about this long, so that one of them may pass undisturbed.
_BLOCK_NS = 20e6
_MOST = 200


class Timing:
    """A kernel's session, open on a device. A context manager: the session ends with it.

    Args:
        work: a scratch folder on the host.

    Raises:
        ImportError: what writes the file is missing. RunnerFailed: the runtime is missing there,
            or refuses it; `DeviceFailed` where the device was lost.
    """

    def __init__(
        self, kernel: Kernel, device: Device, threads: int, work: Path, log: Path, limit_s: float
    ) -> None:
        self.kernel, self._limit_s = kernel, limit_s
        folder = work / kernel.title.replace(" ", "-")
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / kernel.name
        kernel.write(path)
        subject = Subject(
            key=kernel.title,
            title=kernel.title,
            runtime=kernel.runtime,
            path=path,
            threads=threads,
            inputs=(),
            outputs=(),
            options=dict(kernel.options),
        )
        self._client = Client(device, log)
        try:
            opened = open_session(self._client, device, subject, limit_s)
            [spec] = opened.inputs
            sizes = tuple(size for size in spec.shape if isinstance(size, int))
            data = work / f"{folder.name}.npy"
            np.save(data, network.inputs(sizes, spec.dtype))
            self._client.request("inputs", limit_s, files=[device.put(data)], count=1)
            facts = self._client.request("facts", limit_s).facts
            warm = self._client.request("warmup", limit_s, runs=2, seconds=0.05)
        except BaseException:
            self._client.close()
            raise
        self.version = opened.version
        self.ran = _main(facts.precisions, kernel.asked)
        self._best_ns = min(warm.t_ns)
        self._count = 1

    def __enter__(self) -> Timing:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._client.close()

    def turn(self) -> int:
        """One block of runs; how long it took, in ns."""
        self._count = max(3, min(_MOST, round(_BLOCK_NS / self._best_ns)))
        times = self._client.request("block", self._limit_s, count=self._count).t_ns
        self._best_ns = min(self._best_ns, *times)
        return sum(times)

    @property
    def peak(self) -> Peak:
        """By the best run so far.

        Raises:
            RunnerFailed: it ran in no arithmetic that is known.
        """
        if self.ran is None:
            raise RunnerFailed("the runtime does not say in which arithmetic it ran")
        return Peak(
            arithmetic=self.ran,
            runtime=self.kernel.runtime,
            version=self.version,
            kernel=self.kernel.kind,
            multiply_adds_per_s=1e9 * network.MULTIPLY_ADDS / self._best_ns,
        )


def _main(ran: Mapping[str, int] | None, asked: Arithmetic) -> Arithmetic | None:
    """What most of the layers ran in; what was asked for where the runtime keeps silent."""
    if not ran:
        return asked
    name = max(ran, key=lambda one: ran[one])
    return next((one for one in ARITHMETICS if one == name), None)
