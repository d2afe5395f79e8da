"""From a file to the first answer: fresh processes, with a cold and a warm page cache in turn."""

from __future__ import annotations

import contextlib
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from edgeopt.domain.progress import Listener, silent
from edgeopt.harness import inputs
from edgeopt.harness.answering import open_session
from edgeopt.harness.client import SHORT_S, Client
from edgeopt.harness.files import files_of
from edgeopt.harness.replies import Opened, Pages
from edgeopt.harness.started import Setting, Trial, in_rounds
from edgeopt.harness.subject import Subject

REPETITIONS = 5
Prepare = Literal["evict", "fill"]  # commands of the runner
COLD: Prepare = "evict"
WARM: Prepare = "fill"


@dataclass(frozen=True)
class Visit:
    """One process: started, its runtime imported, the page cache prepared, the first inference.

    Attributes:
        round: in which it was made, from 0.
        process_ns: from its start to its first answer.
        pages: what of the files was in memory before they were opened.
    """

    round: int
    prepare: Prepare
    process_ns: int
    import_ns: int
    pages: Pages
    opened: Opened
    first_ns: int
    peak_rss_bytes: int | None


@dataclass
class LoadTimeTrial(Trial[Visit]):
    """One artifact; `turns` are its repetitions, cold and warm, in the order they were made."""


def measure_load_time(
    setting: Setting,
    subjects: Sequence[Subject],
    seed: int = 0,
    repetitions: int = REPETITIONS,
    progress: Listener = silent,
) -> list[LoadTimeTrial]:
    """Open every subject in fresh processes, once cold and once warm in each round."""
    rng = random.Random(seed)  # noqa: S311 (a schedule, not a secret)
    trials = [LoadTimeTrial(subject) for subject in subjects]

    def turn(trial: LoadTimeTrial, number: int) -> None:
        for prepare in rng.sample((COLD, WARM), 2):
            trial.turns.append(_visit(setting, trial.subject, prepare, number))

    in_rounds(trials, repetitions, seed, turn, "loading", progress)
    return trials


def _visit(setting: Setting, subject: Subject, prepare: Prepare, number: int) -> Visit:
    device = setting.device
    folder = device.put(subject.home)
    paths = [f"{folder}/{path.name}" for path in files_of(subject.path)]
    began = time.perf_counter_ns()
    with contextlib.closing(Client(device, setting.log)) as client:
        client.request("hello", SHORT_S)
        process_ns = time.perf_counter_ns() - began
        imported = client.request("import", setting.timeout_s, runtime=subject.runtime)
        inputs.give(device, client, setting.feed, subject, SHORT_S)
        pages = client.request(prepare, setting.timeout_s, paths=paths)
        opened = open_session(client, device, subject, setting.timeout_s)
        warm = client.request("warmup", setting.timeout_s, runs=0, seconds=0.0)
    return Visit(
        round=number,
        prepare=prepare,
        process_ns=process_ns,
        import_ns=imported.import_ns,
        pages=pages,
        opened=opened,
        first_ns=warm.first_ns,
        peak_rss_bytes=warm.peak_rss_bytes,
    )
