"""How many threads train fastest: on a small network the second one costs more than it brings.

With idle threads that sleep (`OMP_WAIT_POLICY=PASSIVE`, which keeps them out of what is timed
beside them) each operator wakes them again. What that comes to depends on network, batch and
machine, so it is tried.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from edgeopt.compress.distillation_set import DistillationSet
from edgeopt.domain.compression import Training

if TYPE_CHECKING:
    import torch

ROUNDS = 5
LONG_S = 1.0  # a step that takes longer is tried once: there the difference shows


def settle(module: torch.nn.Module, data: DistillationSet, training: Training) -> int:
    """Let PyTorch use as many threads as train this module fastest; returns how many.

    The module and the random numbers are as before.
    """
    import torch

    counts = sorted({1, torch.get_num_threads()})
    if len(counts) > 1:
        trial = copy.deepcopy(module).train()
        rows = np.sort(data.train[: training.batch])

        def step() -> None:
            data.loss(training, data.asked(trial, rows), rows).backward()

        with torch.random.fork_rng(devices=[]):
            torch.set_num_threads(fastest(step, counts, torch.set_num_threads))
    return torch.get_num_threads()


def fastest(
    step: Callable[[], None],
    counts: Sequence[int],
    use: Callable[[int], None],
    clock: Callable[[], float] = time.perf_counter,
) -> int:
    """The count with the quickest step, the counts taken in turns; the first of equals.

    Args:
        use: makes a count hold. clock: seconds.
    """
    best = dict.fromkeys(counts, float("inf"))
    for number in range(ROUNDS + 1):
        longest = 0.0
        for count in counts:
            use(count)
            began = clock()
            step()
            took = clock() - began
            longest = max(longest, took)
            if number:  # the first is a warm-up
                best[count] = min(best[count], took)
        if number and longest > LONG_S:
            break
    return min(counts, key=lambda count: best[count])
