"""A Dask scheduler with its workers: somebody's, or one that the call starts on this machine."""

from __future__ import annotations

import contextlib
import json
import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import edgeopt
from edgeopt.domain.errors import BadInput, DeviceFailed, NotInstalled
from edgeopt.domain.progress import Listener
from edgeopt.jobs import interpreter, scratch
from edgeopt.jobs.child import QUIET_ENVIRONMENT, first_line
from edgeopt.jobs.process import Process, kill_group
from edgeopt.pipeline.placement import Placement
from edgeopt.tuning import worker_tasks
from edgeopt.tuning.asked import Asked
from edgeopt.tuning.elsewhere import RESOURCE
from edgeopt.tuning.study_folder import StudyFolder

LOCAL = "local"
START_S = 60.0
CONNECT_S, LOST_S = 15.0, 5.0
RETURN_S = 300.0
"""So long a scheduler that is gone is waited for."""

WORKERS_S = 60.0
"""So long the first worker is waited for."""


@dataclass(frozen=True)
class Worker:
    """One worker as the scheduler knows it. `devices`: that it owns."""

    address: str
    name: str
    threads: int
    devices: tuple[str, ...]


@dataclass
class LocalCluster:
    """A scheduler and workers of this machine, as processes that end with this one.

    The first worker owns this machine, and the devices that are named.
    """

    count: int
    devices: Sequence[str]
    log: Path
    folder: Path
    _processes: dict[str, Process] = field(default_factory=dict)

    def start(self) -> str:
        """Start it; returns the scheduler's address.

        Raises:
            BadInput: it does not come up.
        """
        place = self.folder / "scheduler.json"
        words = ("--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file")
        self._start("scheduler", "distributed.cli.dask_scheduler", *words, str(place))
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline and self._processes["scheduler"].poll() is None:
            with contextlib.suppress(OSError, ValueError):
                self._address = str(json.loads(place.read_text())["address"])
                self.tend()
                return self._address
            time.sleep(0.05)
        raise BadInput(f"the scheduler of this machine does not start: see {self.log}.")

    def tend(self) -> None:
        """Start the workers that are not there."""
        for number in range(self.count):
            name = f"{LOCAL}-{number}"
            process = self._processes.get(name)
            if process is not None and process.poll() is None:
                continue
            owned = (LOCAL, *self.devices) if number == 0 else ()
            tokens = [f"{RESOURCE}{one}=1" for one in dict.fromkeys(owned)]
            words = ["--name", name, "--nthreads", "1", "--no-nanny", "--no-dashboard"]
            words += ["--memory-limit", "0", "--local-directory", str(self.folder)]
            words += ["--host", "127.0.0.1", *(["--resources", " ".join(tokens)] if tokens else [])]
            self._start(name, "distributed.cli.dask_worker", self._address, *words)

    def close(self) -> None:
        """End all of it."""
        for process in self._processes.values():
            kill_group(process)

    def _start(self, name: str, module: str, *words: str) -> None:
        self._processes[name] = Process(
            interpreter.command("-m", module, *words),
            self.log,
            env={**interpreter.environment(), **QUIET_ENVIRONMENT},
        )


@dataclass
class Scheduler:
    """A connection to a scheduler, made anew where that was lost."""

    address: str
    progress: Listener
    cluster: LocalCluster | None = None
    client: Any = None

    def connect(self, wait_s: float | None = None) -> None:
        """Connect.

        Raises:
            BadInput: it cannot be reached.
        """
        from distributed import Client

        wait_s = CONNECT_S if wait_s is None else wait_s
        deadline = time.monotonic() + wait_s
        while True:
            try:
                self.client = Client(self.address, timeout=min(10.0, wait_s), name="edgeopt")
                return
            except (OSError, ValueError, TypeError) as error:
                if time.monotonic() < deadline and isinstance(error, OSError):
                    time.sleep(1.0)
                    continue
                raise BadInput(
                    f"the scheduler {self.address} cannot be reached: {first_line(error)}",
                    "Start one with `dask scheduler`, or say --scheduler local:4.",
                ) from error

    def reconnect(self) -> None:
        """After the scheduler was lost.

        Raises:
            DeviceFailed: it does not come back.
        """
        self.progress(f"the scheduler {self.address} is gone; waiting for it")
        self.close()
        try:
            self.connect(RETURN_S)
            self.wait_for_workers(RETURN_S)
        except BadInput as error:
            raise DeviceFailed(
                f"the scheduler {self.address} was lost, and did not come back.",
                "The same call goes on when it is there again.",
            ) from error

    @property
    def alive(self) -> bool:
        """Whether the scheduler is connected."""
        return self.client is not None and self.client.status == "running"

    def is_lost(self) -> bool:
        """Whether it is gone, as soon as that shows: another connection may break first."""
        deadline = time.monotonic() + LOST_S
        while self.alive and time.monotonic() < deadline:
            time.sleep(0.05)
        return not self.alive

    def close(self) -> None:
        """Disconnect."""
        if self.client is not None:
            with contextlib.suppress(Exception):
                self.client.close(timeout=1)
        self.client = None

    def workers(self) -> list[Worker]:
        """Those that are there now.

        Raises:
            OSError: the scheduler is gone.
        """
        told = self.client.sync(self.client.scheduler.identity, n_workers=-1)
        return [_worker(address, one) for address, one in told["workers"].items()]

    def wait_for_workers(self, wait_s: float = WORKERS_S) -> None:
        """Until there is one; of a local cluster until all are there.

        Raises:
            BadInput: there is none, or one cannot be used.
        """
        count = self.cluster.count if self.cluster else 1
        try:
            self.client.wait_for_workers(count, timeout=wait_s)
        except (TimeoutError, OSError):
            raise BadInput(
                f"the scheduler {self.address} has no workers.",
                "Start some with `dask worker` where edgeopt is installed.",
            ) from None
        for name, told in self.client.run(worker_tasks.about, on_error="return").items():
            if isinstance(told, Exception):
                raise BadInput(
                    f"the worker {name} cannot be used: {first_line(told)}",
                    "Install edgeopt and its extra [distributed] there.",
                )
            if told["edgeopt"] != edgeopt.__version__:
                raise BadInput(
                    f"the worker {name} has edgeopt {told['edgeopt']}, and this is "
                    f"{edgeopt.__version__}.",
                    "Install the same version everywhere.",
                )

    def survey(self, asked: Asked) -> tuple[dict[str, Placement], tuple[str, ...]]:
        """Which device serves which target, as their owners say; and warnings.

        Raises:
            BadInput: a device that was named has no owner.
            DeviceFailed: a device that was named cannot be used.
        """
        owned = list(dict.fromkeys(d for one in self.workers() for d in one.devices))
        for name in asked.devices:
            if name not in owned:
                there = f"Owned are: {', '.join(owned)}." if owned else "None is owned."
                raise BadInput(
                    f"no worker owns the device {name!r}.",
                    f'{there} `dask worker {self.address} --resources "{RESOURCE}{name}=1"` does.',
                )
        found: dict[str, Placement] = {}
        warnings: list[str] = []
        for name in asked.devices or owned:
            self.progress(f"asking the owner of {name}")
            future = self.client.submit(
                worker_tasks.survey, asked, name, resources={f"{RESOURCE}{name}": 1}, pure=False
            )
            placements, why = future.result()
            if why and asked.devices:
                raise DeviceFailed(f"{name} cannot be used by its owner: {why}")
            if why:
                warnings.append(f"{name} was not used: {why}")
            for one in placements:
                found.setdefault(one.profile.name, one)
        return found, tuple(warnings)


@contextlib.contextmanager
def connected(
    address: str, devices: Sequence[str], folder: StudyFolder, progress: Listener
) -> Iterator[Scheduler]:
    """A scheduler with at least one worker.

    Args:
        address: "tcp://HOST:PORT", "tls://HOST:PORT" as Dask is configured for it, or "local:N":
            N workers on this machine, which end with the context.
        devices: that are named; workers of this machine own them.

    Raises:
        NotInstalled: Dask is not there.
        BadInput: it cannot be reached, has no workers, or one has another version.
    """
    try:
        import distributed  # noqa: F401
    except ImportError as error:
        raise NotInstalled(
            "--scheduler needs Dask.", "pip install 'edgeopt[distributed]'"
        ) from error
    for name in list(logging.root.manager.loggerDict):  # it says on stderr what is told here
        if name.partition(".")[0] in ("distributed", "tornado", "asyncio"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
    with contextlib.ExitStack() as stack:
        cluster = None
        if address.partition(":")[0] == LOCAL:
            log = folder.path / "logs" / "workers.log"
            log.parent.mkdir(parents=True, exist_ok=True)
            place = Path(stack.enter_context(scratch.folder("edgeopt-cluster-")))
            cluster = LocalCluster(_count(address), devices, log, place)
            stack.callback(cluster.close)
            progress("starting workers")
            address = cluster.start()
        found = Scheduler(address, progress, cluster)
        stack.callback(found.close)
        found.connect()
        found.wait_for_workers()
        yield found


def _count(address: str) -> int:
    """N of "local:N"; 2 where it is not said."""
    text = address.partition(":")[2]
    if text and not (text.isdecimal() and 0 < int(text) <= 256):
        raise BadInput(
            f"{address!r} is no scheduler.",
            "Say tcp://HOST:PORT, or local:4 for four workers on this machine.",
        )
    return int(text or 2)


def _worker(address: str, told: dict[str, Any]) -> Worker:
    """What the scheduler tells of one."""
    counts = (told.get("resources") or {}).items()
    owned = [name.removeprefix(RESOURCE) for name, n in counts if name.startswith(RESOURCE) and n]
    return Worker(address, str(told.get("name") or address), int(told["nthreads"]), tuple(owned))
