"""A run: one `optimize` call, as `run.json` keeps it."""

from __future__ import annotations

from typing import Any, Literal

from edgeopt.domain.aim import Aim
from edgeopt.domain.compression import Compression, CompressionStep
from edgeopt.domain.finding import Finding
from edgeopt.domain.fold import Fold
from edgeopt.domain.inspection import ModelKind
from edgeopt.domain.layers import Refinement
from edgeopt.domain.model import Value
from edgeopt.domain.nearness import WholeNearness
from edgeopt.domain.open_axis import KeptAxis, OpenAsked, OpenAxis
from edgeopt.domain.passed_over import PassedOver
from edgeopt.domain.record import Record
from edgeopt.domain.space_asked import SpaceAsked
from edgeopt.domain.suggestion import Suggestion
from edgeopt.domain.tail import Tail
from edgeopt.domain.task import TaskAsked, TaskFacts
from edgeopt.domain.tensor import TensorSpec

RUN_VERSION = 2


class Constraints(Value, kw_only=True, frozen=True):
    """What a chosen artifact must keep. Null: no limit.

    Attributes:
        max_drop: how much of the metric may be lost (0.01 = one point of accuracy;
            for errors: 1 % more than the source's).
        max_slice_drop: the same for the worst slice of the data that has samples enough.
        max_memory_bytes: of what the model adds to the memory of its process.
        max_energy_mj: millijoules for each inference, gross.
        space: what was left of the space of recipes. What is measured only to compare with is
            outside of it.
    """

    max_drop: float = 0.01
    max_size_bytes: int | None = None
    max_latency_ms: float | None = None
    max_slice_drop: float | None = None
    max_p90_ms: float | None = None
    max_memory_bytes: int | None = None
    max_energy_mj: float | None = None
    space: SpaceAsked | None = None


class Request(Value, kw_only=True, frozen=True):
    """What was asked for: enough to ask again.

    Attributes:
        targets: names of the profiles. profiles: the identity of each one's content.
        metric: "" where it follows from the labels. output: what is scored.
        budget: name of the final schedule.
        devices: names and links as asked for; else, where any is the user's, the device of each
            target, "" for this machine or none.
        slice_by: columns of the data by which scores are sliced, besides the class.
        corruptions: whether the chosen is scored on corrupted inputs, too.
        pictures: whether what changed most is drawn, where the samples are images of a task.
        compression: what else may be done to the model; None: nothing.
        task: what was said of the task; None: nothing.
        random_inputs: there is no data: nothing is scored, and nothing confirmed.
        later: runtimes that a first look leaves to the next call: what makes their files is not
            set up.
        aim: the figure that decides between candidates that keep all limits.
        batches: numbers of samples at once that are tried.
        open_axis: an axis that stays open; None: all shapes are fixed.
        time_s: seconds that the call may take; None: no limit.
    """

    source: str
    source_sha256: str
    targets: tuple[str, ...]
    profiles: tuple[str, ...] = ()
    data: str
    data_sha256: str
    metric: str
    constraints: Constraints
    calibration: str | None = None
    confirm: str | None = None
    output: str = ""
    budget: str = "standard"
    seed: int = 0
    devices: tuple[str, ...] = ()
    slice_by: tuple[str, ...] = ()
    corruptions: bool = False
    pictures: bool = True
    fold: Fold | None = None
    compression: Compression | None = None
    task: TaskAsked | None = None
    random_inputs: bool = False
    later: tuple[str, ...] = ()
    aim: Aim = "latency"
    batches: tuple[int, ...] = ()
    open_axis: OpenAsked | None = None
    time_s: float | None = None


class Miss(Value, kw_only=True, frozen=True):
    """A candidate that did not qualify, and by what it missed."""

    recipe_id: str
    title: str
    why: str


class Choice(Value, kw_only=True, frozen=True):
    """What was chosen for one target.

    Attributes:
        recipe_id: None where nothing qualified.
        basis: "measured" on a device of the target, or "suggested" where none is at hand (and so
            nothing was timed on one); in runs of before "profile order".
        suggestion: the order that it is the first of, with the evidence; None where it was
            measured, where nothing was chosen, and in runs of before.
        why: one sentence. rejected: candidates taken first whose confirming score broke
            the promise. front: recipe ids on the Pareto front of latency, drop and size.
        held: "held" where the confirming samples tell that the drop is below the allowed one; "not
            told" where it is not above it on them, and they are too few to tell of others; None
            where nothing was chosen, and in runs that are older.
        needed: so many samples (or groups, where they are in groups) at least would tell; None
            where none would, or it is held.
        passed_over: what is better and was left, since other samples may lose more than allowed.
        more: about so many more confirming samples would show that it is held, if they lose as
            these do; None where it is held, or that would be no advice.
        findings: warnings and failures of the machine in the schedule that decided.
        refinements: what was done about int8 forms that were fast and lost too much.
        compression: the steps of the search for a smaller model, in their order.
        roof: how near the chosen one comes to what its device can do; None where none was chosen.
    """

    target: str
    recipe_id: str | None
    basis: Literal["measured", "suggested", "profile order"]
    why: str
    held: Literal["held", "not told"] | None = None
    needed: int | None = None
    baseline_id: str | None
    front: tuple[str, ...]
    misses: tuple[Miss, ...] = ()
    rejected: tuple[Miss, ...] = ()
    warnings: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    refinements: tuple[Refinement, ...] = ()
    bundle: str | None = None
    roof: WholeNearness | None = None
    compression: tuple[CompressionStep, ...] = ()
    suggestion: Suggestion | None = None
    passed_over: tuple[PassedOver, ...] = ()
    more: int | None = None


class SourceFacts(Value, kw_only=True, frozen=True):
    """What is known of the source model; of the folded one, where something is folded in."""

    path: str
    format: str
    sha256: str
    size_bytes: int
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    operators: dict[str, int]
    fold: Fold | None = None
    notes: tuple[str, ...] = ()
    open_axes: tuple[OpenAxis, ...] = ()
    tail: Tail | None = None
    kept: KeptAxis | None = None


class DataFacts(Value, kw_only=True, frozen=True):
    """How the data was divided: samples in each part, and what they were judged by.

    Attributes:
        metric_why: why the source's answers are read so, where the metric follows from them.
        unscored: numbers of samples of the data that the source answers with NaN.
        task: what the outputs are answers to; None: one output is judged by itself.
        seems: what the model seems to be by its answers to random inputs; None with data.
    """

    calibrate: int
    choose: int
    confirm: int
    labels: bool
    groups: bool
    metric: str
    metric_about: str
    output: str
    metric_why: str = ""
    unscored: tuple[int, ...] = ()
    task: TaskFacts | None = None
    seems: ModelKind | None = None


class Run(Value, kw_only=True, frozen=True):
    """See the module's head.

    Attributes:
        folder: the run's folder, absolute; not stored.
        environment: the machine and the versions it was made with.
    """

    v: int = RUN_VERSION
    folder: str = ""
    state: Literal["running", "finished"]
    request: Request
    source: SourceFacts
    data: DataFacts
    choices: tuple[Choice, ...]
    records: tuple[Record, ...] = ()
    environment: dict[str, Any]
    warnings: tuple[str, ...] = ()
    started: str
    seconds: float

    @property
    def qualified(self) -> bool:
        """Whether something was chosen for every target."""
        return all(choice.recipe_id is not None for choice in self.choices)

    def record(self, target: str, recipe_id: str | None) -> Record | None:
        """The record of a recipe on a target, None where there is none."""
        for record in self.records:
            if record.target == target and record.recipe_id == recipe_id:
                return record
        return None

    def choice(self, target: str) -> Choice | None:
        """The choice for a target; None while the run goes on."""
        return next((choice for choice in self.choices if choice.target == target), None)

    @property
    def chosen(self) -> Record | None:
        """The chosen record of the first target."""
        choice = self.choices[0]
        return self.record(choice.target, choice.recipe_id) if choice.recipe_id else None
