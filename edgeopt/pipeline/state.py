"""What one target's steps hand on: its candidates as they are now, and what came of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from edgeopt.domain.aim import Aim
from edgeopt.domain.compression import CompressionStep
from edgeopt.domain.finding import Finding
from edgeopt.domain.layers import Refinement
from edgeopt.domain.recipe import Recipe
from edgeopt.domain.record import Record
from edgeopt.domain.run import Constraints, Miss
from edgeopt.domain.suggestion import Suggestion
from edgeopt.search import choose
from edgeopt.search.baseline import baseline_of

Key = tuple[str, str, str]


@dataclass(frozen=True)
class State:
    """See the module's head. Steps make new ones by these verbs, and by `replace`.

    Attributes:
        constraints: what a candidate must keep. aim: what decides between those that do.
        untried: recipes that nothing was made of yet, in the profile's order.
        records: the latest of each candidate, in the order in which they were tried.
        baseline: recipe id of what latencies are compared with; None: there is none (yet).
        screened: the candidates of the last screening.
        queue: those to be measured for good, best first.
        finalists: those that were, and wait to be confirmed, best first.
        fallen: the one confirmed last, where other samples may lose more than is allowed.
        refined_fallen: more careful forms were looked for after one fell; that is done once.
        passed: confirmed, and other samples may lose more all the same.
        settled: confirmed, and likely to keep what was asked: the choice.
        rejected: taken first, and disqualified when measured for good or confirmed.
        compression, refinements: what was tried. findings: of the machine, in the last schedule.
        suggestion: the order of the finalists where nothing was timed; None: not made.
        slowness: how many times as long as expected schedules took, where there is a limited time.
        skipped: (step, why it did not apply), in their order.
    """

    constraints: Constraints
    untried: tuple[Recipe, ...] = ()
    records: tuple[Record, ...] = ()
    baseline: str | None = None
    screened: frozenset[Key] = frozenset()
    queue: tuple[Key, ...] = ()
    finalists: tuple[Key, ...] = ()
    fallen: Key | None = None
    refined_fallen: bool = False
    passed: tuple[Key, ...] = ()
    settled: Key | None = None
    rejected: tuple[Miss, ...] = ()
    compression: tuple[CompressionStep, ...] = ()
    refinements: tuple[Refinement, ...] = ()
    findings: tuple[Finding, ...] = ()
    suggestion: Suggestion | None = None
    skipped: tuple[tuple[str, str], ...] = ()
    aim: Aim = "latency"
    slowness: float = 1.0

    def updated(self, newer: Iterable[Record]) -> State:
        """With newer records of candidates; new candidates come after the others."""
        latest = {record.key: record for record in self.records}
        latest |= {record.key: record for record in newer}
        return replace(self, records=tuple(latest.values()))

    def without(self, gone: Collection[Key]) -> State:
        """Without some candidates: they are chosen by no later step."""
        return replace(
            self,
            records=tuple(record for record in self.records if record.key not in gone),
            queue=tuple(key for key in self.queue if key not in gone),
            finalists=tuple(key for key in self.finalists if key not in gone),
        )

    def latest(self, keys: Iterable[Key]) -> list[Record]:
        """The latest records of these candidates."""
        records = {record.key: record for record in self.records}
        return [records[key] for key in keys]

    def with_ids(self, recipe_ids: Collection[str | None]) -> list[Record]:
        """The candidates with these recipe ids."""
        return [record for record in self.records if record.recipe_id in recipe_ids]

    @property
    def qualifying(self) -> list[Record]:
        """Those that ended well and keep every constraint."""
        return choose.qualifying(self.records, self.constraints)

    def ranked(self, among: Sequence[Record] | None = None) -> list[Record]:
        """Those that qualify and were timed, best first: `choose.in_order`."""
        records = self.qualifying if among is None else among
        return choose.in_order(records, self.constraints, self.baseline, self.aim)

    def with_baseline(self, reference_runtime: str) -> State:
        """With what latencies are compared with, among those that were timed."""
        return replace(self, baseline=baseline_of(self.records, reference_runtime))

    def queued(self, records: Iterable[Record]) -> State:
        """With these to be measured for good, best first."""
        return replace(self, queue=tuple(record.key for record in records))

    def likely(self, record: Record) -> bool:
        """Whether other samples are likely to lose no more than is allowed."""
        return choose.likely(record, self.constraints)

    def is_enough(self, following: Key) -> bool:
        """Whether one that comes next can be no better than what was confirmed."""
        [record] = self.latest([following])
        return self.settled is not None or (bool(self.passed) and not self.likely(record))

    def schedule(self, name: str) -> str:
        """The schedule of a name, with energy in it where that has a say."""
        return f"{name}-metered" if self.needs_energy else name

    @property
    def needs_energy(self) -> bool:
        """Whether energy has a say in the choice."""
        return self.aim == "energy" or self.constraints.max_energy_mj is not None

    @property
    def chosen(self) -> Record | None:
        """The one likely to keep what was asked, else the most careful of the confirmed."""
        if self.settled is not None:
            return self.latest([self.settled])[0]
        return choose.most_careful(self.latest(self.passed))
