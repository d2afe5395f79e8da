"""The candidates of one target as rows of text, for the terminal and the page alike."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, replace
from typing import Literal

from edgeopt.domain.aim import Aim
from edgeopt.domain.latency import Latency, Verdict
from edgeopt.domain.recipe import Recipe
from edgeopt.domain.record import Executed, Record, Status
from edgeopt.domain.run import Choice, Constraints, Run
from edgeopt.report import aim_words, answer, fidelity_words
from edgeopt.report import format as fmt
from edgeopt.search.aims import OF_TIME, cost
from edgeopt.search.choose import qualifies

Mark = Literal["chosen", "on the front", "baseline", "screened only", "latency only"]


@dataclass(frozen=True)
class Cell:
    """One value: `text`, a second line `detail`, and what it sorts by (None sorts last).

    Attributes:
        word: the verdict that stands behind it, "" where there is none.
        n: the samples that it rests on, where they are worth saying.
        timed: it is a time: of two schedules none is compared.
    """

    text: fmt.Amount = fmt.UNKNOWN
    detail: fmt.Amount = fmt.BLANK
    sort: float | None = None
    word: str = ""
    n: int | None = None
    timed: bool = False


@dataclass(frozen=True)
class Row:
    """One candidate, or one recipe that was left out.

    Attributes:
        title: the recipe in one line. name: runtime and precision. settings: the rest.
        qualifies: converted, checked, and within every limit that was asked for.
        latency: of measurements only; others show why there is none in `why_untimed`.
        speedup: over the fp32 of the same runtime. versus: over the run's baseline.
        resolved: whether the samples tell on which side of the allowed drop it is. unbounded: there
            is a drop, and no interval of it.
        aimed: the figure that the run aims at, where it is another than the latency.
        confirm: the drop on held-out samples, empty where not taken.
        executed: the precision that really ran, or why it is not known.
        loss: the drop as a verb, on the samples that the choice was made by.
        number: its place among those that came through, from 1; None of any other.
        artifact: identity of the conversion. words: of the recipe, beyond `name` and threads.
        place: in the order of suggestions, from 0; None where it is not in one.
    """

    recipe_id: str | None
    title: str
    name: str
    runtime: str
    precision: str
    settings: tuple[str, ...] = ()
    threads: int | None = None
    status: Status = "skipped"
    qualifies: bool = False
    marks: tuple[Mark, ...] = ()
    latency: Cell = Cell()
    p90: Cell = Cell()
    speedup: Cell = Cell()
    versus: Cell = Cell()
    score: Cell = Cell()
    drop: Cell = Cell()
    resolved: bool = True
    unbounded: bool = False
    confirm: Cell = Cell(fmt.BLANK)
    size: Cell = Cell()
    aimed: Cell | None = None
    executed: str = fmt.DASH
    why_untimed: str = ""
    reason: str = ""
    hint: str = ""
    notes: tuple[str, ...] = ()
    loss: str = fmt.DASH
    number: int | None = None
    artifact: str = ""
    words: tuple[str, ...] = ()
    place: int | None = None

    @property
    def ok(self) -> bool:
        return self.status == "ok"

    @property
    def chosen(self) -> bool:
        return "chosen" in self.marks

    @property
    def left_out(self) -> bool:
        return self.status == "skipped"

    @property
    def state(self) -> str:
        """What became of it, in words."""
        return "left out" if self.left_out else self.status

    @property
    def screened(self) -> bool:
        """Whether its latency is of a short schedule, and not of the one that decided."""
        return "screened only" in self.marks

    @property
    def aimed_elsewhere(self) -> bool:
        """Whether its figure ranks with no others: a p90 of a short schedule, or none."""
        return self.aimed is None or self.aimed.sort is None or (self.aimed.timed and self.screened)

    @property
    def order(self) -> tuple[int, int, float]:
        """Chosen, qualifying, others, failed, left out; within each the fastest first.

        Where the run aims at another figure, the best in that, whatever schedule it came from.

        What was only screened comes after what was measured in the final schedule, since times of
        two schedules are not comparable; what was not timed comes last, as it is suggested.
        """
        groups = (self.chosen, self.qualifies, self.ok, not self.left_out, True)
        latency = self.latency.sort
        if self.aimed is not None:
            best = math.inf if self.aimed.sort is None else self.aimed.sort
            return groups.index(True), int(self.aimed_elsewhere), best
        if latency is None:
            return groups.index(True), 2, math.inf if self.place is None else self.place
        return groups.index(True), int(self.screened), latency


def rows(run: Run, target: str) -> list[Row]:
    """Every recipe of a target, tried or left out, in the order of `Row.order`."""
    choice = run.choice(target)
    records = [record for record in run.records if record.target == target]
    aim = run.request.aim
    made = [_row(record, run.request.constraints, choice, aim) for record in records]
    in_order = sorted(made, key=lambda row: row.order)
    numbers = itertools.count(1)
    return [replace(row, number=next(numbers)) if row.ok else row for row in in_order]


def settings(recipe: Recipe) -> tuple[str, ...]:
    """What a recipe says beyond its runtime and precision."""
    words = [fmt.count(recipe.threads, "thread")]
    if recipe.quantization:
        words.append(", ".join(recipe.quantization.words))
    return (*words, *recipe.at_once, *recipe.settings)


def _words(recipe: Recipe) -> tuple[str, ...]:
    """Each setting for itself, without the threads."""
    integers = recipe.quantization.words if recipe.quantization else ()
    return (*integers, *recipe.at_once, *recipe.settings)


def _row(record: Record, limits: Constraints, choice: Choice | None, aim: Aim) -> Row:
    """The row of a record."""
    recipe, latency = record.recipe, record.measured
    name = record.name
    return Row(
        recipe_id=record.recipe_id,
        title=record.title,
        name=name,
        runtime=record.runtime,
        precision=record.precision,
        settings=settings(recipe) if recipe else (),
        threads=recipe.threads if recipe else None,
        status=record.status,
        qualifies=qualifies(record, limits),
        marks=_marks(record, latency, choice),
        latency=_latency_cell(latency),
        p90=_p90_cell(latency),
        speedup=_verdict_cell(record.speedup),
        versus=_verdict_cell(record.versus_baseline),
        score=_score_cell(record),
        drop=_drop_cell(record),
        resolved=record.drop is None or record.drop.resolved,
        unbounded=record.drop is not None and record.drop.low is None,
        confirm=_confirm_cell(record),
        size=Cell(fmt.size(record.size_bytes), sort=record.size_bytes),
        aimed=_aimed_cell(record, aim),
        executed=_executed(record),
        why_untimed="" if latency else _why_untimed(record),
        reason=record.reason,
        hint=record.hint,
        notes=(*record.notes, *fidelity_words.notes(record)),
        loss=answer.loss(record.drop) if record.drop else fmt.DASH,
        artifact=recipe.conversion_id if recipe else "",
        words=_words(recipe) if recipe else (),
        place=_place(record, choice),
    )


def _place(record: Record, choice: Choice | None) -> int | None:
    suggestion = choice.suggestion if choice else None
    return suggestion.ranks.get(str(record.recipe_id)) if suggestion else None


def _marks(record: Record, latency: Latency | None, choice: Choice | None) -> tuple[Mark, ...]:
    """What is worth knowing at a glance."""
    if record.recipe_id is None:
        return ()
    marks: list[tuple[Mark, bool]] = [
        ("chosen", choice is not None and record.recipe_id == choice.recipe_id),
        ("baseline", choice is not None and record.recipe_id == choice.baseline_id),
        ("on the front", choice is not None and record.recipe_id in choice.front),
        ("screened only", latency is not None and latency.stage == "screen"),
        ("latency only", record.latency_only),
    ]
    return tuple(mark for mark, holds in marks if holds)


def _latency_cell(latency: Latency | None) -> Cell:
    if latency is None:
        return Cell()
    bounds = fmt.interval(latency.p50_low, latency.p50_high, fmt.ms)
    return Cell(fmt.ms(latency.p50), bounds, latency.p50)


def _p90_cell(latency: Latency | None) -> Cell:
    if latency is None:
        return Cell()
    few = f"only {fmt.count(latency.n, 'sample')}" if latency.p90 is None else ""
    return Cell(fmt.ms(latency.p90), fmt.Amount(few), latency.p90)


def _aimed_cell(record: Record, aim: Aim) -> Cell | None:
    if aim == "latency":
        return None
    return Cell(aim_words.figure(record, aim), sort=cost(record, aim), timed=aim in OF_TIME)


def _verdict_cell(verdict: Verdict | None) -> Cell:
    if verdict is None:
        return Cell()
    bounds = fmt.verdict_bounds(verdict)
    return Cell(fmt.ratio(verdict.ratio), bounds, verdict.ratio, verdict.word)


def _score_cell(record: Record) -> Cell:
    score = record.score
    if score is None:
        return Cell()
    return Cell(fmt.score(score.value), fmt.score_interval(score), score.value, n=score.n)


def _drop_cell(record: Record) -> Cell:
    drop = record.drop
    if drop is None:
        return Cell()
    return Cell(fmt.drop(drop), fmt.drop_interval(drop), drop.judged, n=drop.n)


def _confirm_cell(record: Record) -> Cell:
    drop = record.confirm_drop
    if drop is None:
        return Cell(fmt.BLANK)
    return Cell(fmt.drop(drop), fmt.drop_interval(drop), drop.judged, n=drop.n)


def _executed(record: Record) -> str:
    if record.executed is None:
        return fmt.DASH
    ran = record.executed.precision or record.executed.why_null.get("precision", fmt.DASH)
    return f"{ran}{_fallback(record.executed)}"


def _fallback(executed: Executed) -> str:
    """How many operators did not run where they are meant to; "" where all did."""
    total, delegated = executed.operators_total, executed.operators_delegated
    if total is None or delegated is None or delegated == total:
        return ""
    return f"; {total - delegated} of {fmt.count(total, 'operator')} fell back"


def _why_untimed(record: Record) -> str:
    """Why the latency column is empty; "" where the status already tells."""
    if record.latency_reason or record.status != "ok":
        return record.latency_reason
    return f"{record.kind}, not measured" if record.kind else "not measured"
