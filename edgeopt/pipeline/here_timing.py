"""Times forms on this machine, whose target is not at hand, as shares of one form's time."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

import msgspec

from edgeopt import runtimes
from edgeopt.domain.errors import BadInput
from edgeopt.domain.record import Record
from edgeopt.domain.suggestion import Network
from edgeopt.harness.interleaved import never
from edgeopt.harness.verdicts import compare
from edgeopt.pipeline.target_run import TargetRun
from edgeopt.pipeline.timing import Plan, measured
from edgeopt.runner import sensors
from edgeopt.search.find import is_plain
from edgeopt.sources.load import look

#: Threads of the reference's second form: whether more than one pays at all.
TWO = 2


def reference_of(records: Sequence[Record]) -> Record | None:
    """What times are shares of: the fp32 that runs are compared with, or the file as it is."""
    order = [
        spec.name for spec in sorted(runtimes.specs(), key=lambda one: one.baseline or math.inf)
    ]
    plain = [r for r in records if is_plain(r) and r.precision in ("fp32", "as-is")]
    plain = [r for r in plain if not r.instead] or plain
    return min(plain, key=lambda r: order.index(r.runtime), default=None)


def times_here(run: TargetRun, records: Sequence[Record], reference: Record) -> dict[str, float]:
    """Logarithms of times as shares of the reference's, by the ids of sessions.

    One thread each; the reference with two as well, under its own recipe's id. What failed, or ran
    in another arithmetic than its recipe asks for, is not in it.
    """
    own, known = _session(reference), run.context.here.times
    forms = {_session(r): _with_threads(r, 1) for r in reversed(records) if _tells(run, r)}
    forms.pop(own, None)
    wanted = {key: r for key, r in forms.items() if (own, key) not in known}
    if own not in {pair[0] for pair in known} and sensors.cores() >= TWO:
        more = _with_threads(reference, TWO)
        wanted[str(more.recipe_id)] = more
    if wanted:
        first = _with_threads(reference, 1)
        session, _ = measured(run, [first, *wanted.values()], Plan("here", run.call.seed), never)
        for key, record in wanted.items():
            verdict = compare(session, str(record.recipe_id), str(first.recipe_id))
            if verdict is not None and not session.timed[str(record.recipe_id)].failed:
                known[own, key] = -math.log(verdict.ratio)
    return {own: 0.0} | {key: log for (base, key), log in known.items() if base == own}


def threads_here(times: dict[str, float], reference: Record) -> float | None:
    """How many times as fast the reference was with two threads as with one."""
    log = times.get(str(_with_threads(reference, TWO).recipe_id))
    return None if log is None else math.exp(-log)


def network_of(run: TargetRun) -> Network:
    """What the model computes, by its ONNX form; without one by the names of its operators."""
    here = run.context.here
    if here.network is None:
        here.network = _network(run)
    return here.network


def _network(run: TargetRun) -> Network:
    source, folder = run.source, run.context.folder
    if source.onnx is not None:
        try:
            log, answers = folder.log("source"), folder.work / "looked.npz"
            costs = look(source, None, answers, log, run.call.source_timeout_s).costs
        except BadInput:  # it is evidence among others: without it the names tell
            costs = None
        if costs and costs.multiply_adds:
            total, other = costs.multiply_adds, costs.convolutions + costs.recurrent
            return Network(
                convolutions=costs.convolutions / total,
                recurrent=costs.recurrent / total,
                products=(total - other) / total,
            )
    return by_names(source.operators)


def by_names(operators: dict[str, int]) -> Network:
    """Shares by how many operators there are, where their sizes are not known."""
    found = dict.fromkeys(_WORDS, 0)
    for name, count in operators.items():
        kind = next((kind for kind, words in _WORDS.items() if words.search(name)), None)
        if kind is not None:
            found[kind] += count
    total = sum(found.values())
    return Network(**{kind: count / total for kind, count in found.items()}) if total else Network()


_WORDS = {
    "convolutions": re.compile("conv(?!ert)", re.IGNORECASE),
    "recurrent": re.compile(r"gru\b|lstm|rnn|while|loop|scan", re.IGNORECASE),
    "products": re.compile("mat_?mul|gemm|dense|linear|fully|addmm|bmm|einsum", re.IGNORECASE),
}


def _tells(run: TargetRun, record: Record) -> bool:
    return run.can_time(record) and record.recipe is not None and not record.instead


def _session(record: Record) -> str:
    assert record.recipe is not None
    return record.recipe.session_id


def _with_threads(record: Record, threads: int) -> Record:
    assert record.recipe is not None
    recipe = record.recipe.with_threads(threads)
    return msgspec.structs.replace(record, recipe=recipe, recipe_id=recipe.id)
