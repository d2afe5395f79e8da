"""Trial records of the tests."""

from __future__ import annotations

from edgeopt.domain.evaluation import Evaluation, RelativeLatency
from edgeopt.domain.run import Constraints
from edgeopt.domain.study import Point, Study, StudyRequest, TrialRecord

TARGET = "this-machine"


def evaluation(ms, score=None, size=1000, spread=0.0):
    """`spread`: from the median to each end of its interval, as a share; 0: it has none."""
    ends = {"low": ms * (1 - spread), "high": ms * (1 + spread)} if ms and spread else {}
    return Evaluation(
        target=TARGET,
        device="local",
        form="onnxruntime fp32 threads=1",
        latency_ms=ms,
        latency=None if ms is None else RelativeLatency(ms=ms, **ends),
        score=score,
        size_bytes=size,
        outputs={"y": (1, 10)},
    )


def trial(number, score, ms, state="complete", params=None, curve=(), size=1000, spread=0.0):
    found = (evaluation(ms, score, size, spread),)
    return TrialRecord(
        number=number,
        state=state,
        params=params or {"width": number, "lr": 0.1 / (number + 1), "kind": "ab"[number % 2]},
        evaluations=found if state == "complete" else (),
        untrained=() if state == "complete" else found,
        score=score if state == "complete" else None,
        curve=tuple(Point(step=i, score=value) for i, value in enumerate(curve)),
        why="" if state == "complete" else "0.9 ms on this-machine, allowed 0.5 ms",
        seconds={"all": 1.5},
    )


def study(trials, front=(), chosen=None, **limits):
    request = StudyRequest(
        build="mine:build",
        train="mine:fit",
        targets=(TARGET,),
        data="eval.npz",
        data_sha256="0" * 64,
        metric="",
        constraints=Constraints(**limits),
        objectives=("score", f"latency:{TARGET}"),
    )
    return Study(
        state="finished",
        name="mine",
        request=request,
        sampler="tpe",
        pruner="median",
        trials=tuple(trials),
        front=tuple(front),
        chosen=chosen,
        why="the best score",
        importances={"score": {"width": 0.8, "lr": 0.2}},
        why_null={f"latency:{TARGET}": "too few"},
        seconds=12.0,
    )
