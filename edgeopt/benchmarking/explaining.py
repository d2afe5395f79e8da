"""explain(): why one candidate of a run is faster or slower than another."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from edgeopt import convert
from edgeopt.attribution.compare import compute_costs, costs, layer_costs
from edgeopt.attribution.layers import named
from edgeopt.benchmarking import nearing, trusted
from edgeopt.benchmarking.opened_files import arrays_for, place
from edgeopt.benchmarking.sides import side, verdict
from edgeopt.datasets import sequences
from edgeopt.datasets.check import check
from edgeopt.datasets.load import load
from edgeopt.devices.registry import LOCAL
from edgeopt.domain.errors import BadInput, EdgeoptError
from edgeopt.domain.explanation import Explanation, Side
from edgeopt.domain.latency import Verdict
from edgeopt.domain.layer_names import LayerNames
from edgeopt.domain.progress import Listener, silent, under
from edgeopt.domain.record import Record
from edgeopt.domain.run import Run
from edgeopt.harness.client import RunnerFailed
from edgeopt.harness.feed import Feed
from edgeopt.harness.inputs import INPUTS
from edgeopt.harness.profiling import profile
from edgeopt.jobs.told import told
from edgeopt.report.explain_words import caveats, sentence
from edgeopt.search import find
from edgeopt.sources import layer_names
from edgeopt.store import atomic, run_folder
from edgeopt.store.run_folder import RunFolder

TURN_S = 0.5
"""About how long the profiled inferences of one turn take."""

_RUNS = (8, 40)  # profiled inferences in a turn, at least and at most


@dataclass(frozen=True)
class Question:
    """What is to be explained.

    Attributes:
        a, b: words or ids of candidates; None: the chosen one, and the fp32 of its runtime.
        target: None: the first of the run.
        runtime: explain its int8-static instead of the chosen one.
        trust: code inside the artifacts may run.
        data: inputs, as `optimize` takes them; None: the run's own where they are a file that
            is still there, else random.
        roof: what this machine can do at most is measured where it is not kept.
    """

    a: str | None = None
    b: str | None = None
    target: str | None = None
    runtime: str | None = None
    data: str | Path | Mapping[str, Any] | None = None
    seed: int = 0
    timeout_s: float = 300.0
    trust: bool = False
    roof: bool = False


def explain(folder: Path, request: Question, progress: Listener = silent) -> Explanation:
    """Profile two candidates of a run in turns and say where their times differ.

    Nothing is written into the run.

    Raises:
        BadInput: there is no such run or candidate, one has no artifact, a runtime has no
            profiler, or the data does not fit.
    """
    run = run_folder.read(folder)
    target = _target(run, request.target)
    records = [record for record in run.records if record.target == target]
    a, b = chosen_pair(run, target, records, request)
    store = RunFolder(Path(run.folder))
    with place(None) as (device, work):
        subjects = [trusted.subject(store, record, request.trust) for record in (a, b)]
        arrays, inputs = inputs_of(run, request)
        try:
            profiles = profile(
                device,
                subjects,
                Feed(arrays, work / "inputs"),
                [_runs(record) for record in (a, b)],
                work / "runner.log",
                request.timeout_s,
                under(progress, "profiling"),
            )
            threads = [record.recipe.threads for record in (a, b) if record.recipe]
            roofs = nearing.roofs(device, threads, work, progress, measured=request.roof)
        except RunnerFailed as error:
            raise refused(error) from error
    source = _names(store, records)
    sides = [side(record, named(p, source)) for record, p in zip((a, b), profiles, strict=True)]
    explanation = _explained(target, sides[0], sides[1], verdict(a, b), inputs)
    near = [
        nearing.nearness_of(store, records, record, one.profile, roofs[one.threads])
        for record, one in zip((a, b), sides, strict=True)
    ]
    return msgspec.structs.replace(
        explanation,
        caveats=explanation.caveats + _elsewhere(a),
        nearness=tuple(near),
        roofs=tuple(roof for roof in roofs.values() if roof is not None),
    )


def refused(error: RunnerFailed) -> EdgeoptError:
    """What a profile that failed is told as: not as the model's fault where it is edgeopt's own."""
    why = str(error.args[0]).rstrip(".")
    return told(error, BadInput(f"it cannot be explained: {why}.", error.hint))


def _elsewhere(record: Record) -> tuple[str, ...]:
    """What a reader must know where the run timed its candidates on another device."""
    if record.device in (LOCAL, "none"):
        return ()
    return (
        f"The run's verdict is of {record.device}; this profile was taken on this machine, where "
        "time may go elsewhere.",
    )


def keep(explanation: Explanation, path: Path) -> None:
    """Write an explanation as JSON.

    Raises:
        BadInput: the file cannot be written.
    """
    try:
        atomic.write(path, msgspec.json.format(msgspec.json.encode(explanation)))
    except OSError as error:
        raise BadInput(f"{path} cannot be written: {error.strerror}.") from None


def _explained(target: str, a: Side, b: Side, verdict: Verdict | None, inputs: str) -> Explanation:
    by_kind, layers = costs(a.profile, b.profile), layer_costs(a.profile, b.profile)
    compute = compute_costs(a.profile, b.profile)
    return Explanation(
        target=target,
        a=a,
        b=b,
        verdict=verdict,
        costs=by_kind,
        layers=layers,
        inputs=inputs,
        device="this machine",
        sentence=sentence(a, b, verdict, by_kind, compute, layers),
        caveats=caveats(a, b),
    )


def _target(run: Run, name: str | None) -> str:
    if name is None:
        return run.request.targets[0]
    if name not in run.request.targets:
        raise BadInput(
            f"the run has no target {name!r}.", f"It has {', '.join(run.request.targets)}."
        )
    return name


def chosen_pair(
    run: Run, target: str, records: list[Record], request: Question
) -> tuple[Record, Record]:
    """The two candidates that are meant.

    Raises:
        BadInput: none is called so; nothing was chosen; they are one and the same.
    """
    b = find.candidate(records, request.b) if request.b else None
    threads = b.recipe.threads if b is not None and b.recipe else None
    a = _first(run, target, records, request, threads)
    if b is None:
        b = _other(run, target, records, a)
    elif request.b and a.recipe and b.recipe and a.recipe.threads != b.recipe.threads:
        b = find.candidate(records, request.b, a.recipe.threads)
    if a.recipe_id == b.recipe_id:
        raise BadInput(f"{a.recipe} is compared with itself.", "Name two candidates.")
    return a, b


def _first(
    run: Run, target: str, records: list[Record], request: Question, threads: int | None
) -> Record:
    if request.a:
        return find.candidate(records, request.a, threads)
    if request.runtime:
        best = find.best_of(records, request.runtime, "int8-static")
        if best is None:
            ran = dict.fromkeys(r.runtime for r in records if r.recipe)
            raise BadInput(
                f"the run has no int8-static of {request.runtime!r}.",
                f"Name a candidate; its runtimes are {', '.join(ran) or 'none'}.",
            )
        return best
    choice = run.choice(target)
    record = run.record(target, choice.recipe_id) if choice and choice.recipe_id else None
    if record is None:
        raise BadInput(
            f"nothing was chosen for {target}.",
            f"Name two candidates, or give --runtime. {find.there(records)}",
        )
    return record


def _other(run: Run, target: str, records: list[Record], a: Record) -> Record:
    """What `a` is compared with where nothing is named: what the run compared it with (fp32 of
    its runtime, else the baseline), else such a one that it did not, else its own int8 form."""
    choice = run.choice(target)
    compared = [verdict.over for verdict in (a.speedup, a.versus_baseline) if verdict]
    for record in (
        *(run.record(target, over) for over in compared),
        find.own_fp32(records, a),
        run.record(target, choice.baseline_id) if choice else None,
        find.best_of(records, a.runtime, "int8-static"),
    ):
        if record is not None and record.recipe_id != a.recipe_id:
            return record
    raise _alone(target, records, a)


def _alone(target: str, records: list[Record], a: Record) -> BadInput:
    """The error where no second candidate suggests itself."""
    others = [r for r in records if r.recipe is not None and r.recipe_id != a.recipe_id]
    start = f"there is nothing to compare {a.recipe} with"
    if not others:
        return BadInput(
            f"{start}: it is the only candidate of {target} in this run.",
            "Make a run with more of them: a target whose profile has more recipes, or more "
            "runtimes installed.",
        )
    return BadInput(
        f"{start} unless you name it: apart from it {target} has no baseline in this run, and "
        f"{a.runtime} no fp32 with as many threads and no int8-static.",
        f"Name the second one after the first. {find.there(others)}",
    )


def inputs_of(run: Run, request: Question) -> tuple[dict[str, np.ndarray], str]:
    """A few samples, the same for both candidates, and where they came from."""
    specs, states = run.source.inputs, tuple(run.data.task.states.values() if run.data.task else ())
    if request.data is not None:
        origin = "the given arrays" if isinstance(request.data, Mapping) else str(request.data)
        return _few(load(request.data, [s.name for s in specs]), specs, origin, states), origin
    if run.request.data.endswith(".npz"):
        with contextlib.suppress(BadInput):  # moved, or another one by now
            samples = load(run.request.data, [s.name for s in specs])
            return _few(samples, specs, run.request.data, states), run.request.data
    return arrays_for(specs, None, request.seed), f"random, seed {request.seed}"


def _few(samples: Any, specs: Any, origin: str, states: Sequence[str]) -> dict[str, np.ndarray]:
    fitted = check(samples, specs, origin, states=states)
    return sequences.middle(fitted.inputs, fitted.steps, states, INPUTS)


def _runs(record: Record) -> int:
    """How many inferences a turn is to profile, by what the run found."""
    low, high = _RUNS
    if record.latency_ms is None:
        return low
    return max(low, min(high, round(1000 * TURN_S / record.latency_ms.p50)))


def _names(store: RunFolder, records: list[Record]) -> LayerNames | None:
    """The source's own names, out of an ONNX artifact that was made by copying them."""
    for record in records:
        converter = convert.find(record.runtime)
        if converter and record.precision in converter.copies and record.recipe:
            artifact = store.artifact(record.recipe.conversion_id)
            if artifact is not None:
                with contextlib.suppress(Exception):  # without them the runtimes' names remain
                    return layer_names.read(store.path / artifact.path)
    return None
