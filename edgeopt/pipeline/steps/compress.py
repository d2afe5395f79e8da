"""Compress: where it was asked for, a smaller model by steps, each judged by its latency."""

from __future__ import annotations

from dataclasses import dataclass

from edgeopt.domain.compression import Compression
from edgeopt.domain.obstacle import Obstacle, said
from edgeopt.domain.recipe import LeftOut
from edgeopt.pipeline.compression_search import compressed
from edgeopt.pipeline.state import State
from edgeopt.pipeline.step import Skip
from edgeopt.pipeline.target_run import TargetRun
from edgeopt.search.space import installed


@dataclass(frozen=True)
class Compress:
    """Pruning and the like: what was kept is converted with the target's other recipes, too."""

    def why_skipped(self, run: TargetRun, state: State) -> Skip | None:
        request = run.call.compression
        if request is None:
            return Skip("it was not asked for")
        obstacle = _obstacle(run, request, state)
        if obstacle is None:
            return None
        left_out = (
            LeftOut(runtime="any", precision=method, why=obstacle) for method in request.methods
        )
        return Skip("nothing can be compressed", tuple(left_out))

    def advance(self, run: TargetRun, state: State) -> State:
        assert run.call.compression is not None
        return compressed(run, run.call.compression, state)


def _obstacle(run: TargetRun, request: Compression, state: State) -> Obstacle | None:
    """Why nothing can be compressed, or None."""
    source = run.source
    if source.exported is None:
        return said(
            f"it works on PyTorch models; this one is {source.format}",
            "Give the model as torch.export.save writes it (.pt2).",
        )
    if not run.placement.timed:
        return said(f"its steps are judged by measured latency, and no {run.target} is at hand")
    if not any(map(run.can_time, state.records)):
        return said("no candidate of the whole model works")
    if "prune" in request.methods and not installed("torch-pruning"):
        return Obstacle(kind="not-installed", names=("torch-pruning",), extra="compress")
    return None
