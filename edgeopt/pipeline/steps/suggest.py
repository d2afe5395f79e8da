"""Suggest: where nothing was timed on the target, candidates are confirmed by evidence."""

from __future__ import annotations

import platform
from dataclasses import dataclass, replace

import msgspec

from edgeopt import targets
from edgeopt.pipeline.here_timing import network_of, reference_of, threads_here, times_here
from edgeopt.pipeline.state import State
from edgeopt.pipeline.step import Skip
from edgeopt.pipeline.target_run import TargetRun
from edgeopt.search import suggest
from edgeopt.targets import gains, published


@dataclass(frozen=True)
class Suggest:
    """What this machine takes for them, what is published for that core, then size and drop."""

    def why_skipped(self, run: TargetRun, state: State) -> Skip | None:
        return None if state.qualifying else Skip("nothing qualifies")

    def advance(self, run: TargetRun, state: State) -> State:
        records = state.qualifying
        reference = reference_of(records) or records[0]
        times = times_here(run, records, reference)
        profile, arch = run.placement.profile, platform.machine()
        profiles = [targets.load(name) for name in targets.names()]
        pairs, forms = gains.pairs(published.rows()), {(r.runtime, r.precision) for r in records}
        known = suggest.Known(
            here=times,
            arch=arch,
            same_arch=profile.arch == arch,
            gains=gains.of_forms(pairs, forms, profile, profiles),
            network=network_of(run),
        )
        found = suggest.suggestion(
            records,
            {record.key for record in records if state.likely(record)},
            known,
            f"{reference.runtime} {reference.precision}",
            threads_here(times, reference),
            smallest=state.aim == "size",
        )
        found = msgspec.structs.replace(found, link=profile.link)
        keys = {str(record.recipe_id): record.key for record in records}
        order = tuple(keys[recipe_id] for recipe_id in found.ranks)
        return replace(state, suggestion=found, finalists=order)
