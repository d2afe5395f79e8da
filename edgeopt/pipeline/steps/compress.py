"""Compress: where it was asked for, a smaller model by steps, each judged by its latency."""

from __future__ import annotations

from dataclasses import dataclass

from edgeopt.domain.compression import Compression
from edgeopt.domain.recipe import LeftOut
from edgeopt.pipeline.compression_search import compressed
from edgeopt.pipeline.state import State
from edgeopt.pipeline.step import Obstacle
from edgeopt.pipeline.target_run import TargetRun
from edgeopt.search.space import installed


@dataclass(frozen=True)
class Compress:
    """Pruning and the like: what was kept is converted with the target's other recipes, too."""

    def obstacle(self, run: TargetRun, state: State) -> Obstacle | None:
        request = run.call.compression
        if request is None:
            return Obstacle("it was not asked for")
        reason, hint = _in_the_way(run, request, state)
        if not reason:
            return None
        return Obstacle(
            reason,
            tuple(
                LeftOut(runtime="any", precision=method, reason=reason, hint=hint)
                for method in request.methods
            ),
        )

    def advance(self, run: TargetRun, state: State) -> State:
        assert run.call.compression is not None
        return compressed(run, run.call.compression, state)


def _in_the_way(run: TargetRun, request: Compression, state: State) -> tuple[str, str]:
    """Why nothing can be compressed and what would help, or ("", "")."""
    source = run.source
    if source.exported is None:
        return (
            f"it works on PyTorch models; this one is {source.format}",
            "Give the model as torch.export.save writes it (.pt2).",
        )
    if not run.placement.timed:
        return f"its steps are judged by measured latency, and no {run.target} is at hand", ""
    if not any(map(run.can_time, state.records)):
        return "no candidate of the whole model works", ""
    if "prune" in request.methods and not installed("torch-pruning"):
        return "not installed: torch-pruning", "pip install edgeopt[compress]"
    return "", ""
