"""One workload: edgeopt's choice and the plain tools' files, scored alike and timed together."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from benchmarks.compression.plain import ACCURACY_CONTROL, TOOLS, Task
from edgeopt import runtimes
from edgeopt.convert.bindings import bind
from edgeopt.convert.litert_float import image_permutes
from edgeopt.datasets.samples import Samples
from edgeopt.datasets.split import CALIBRATE_MOST
from edgeopt.devices.local import Local
from edgeopt.domain.artifact import Artifact
from edgeopt.domain.errors import BadInput, EdgeoptError, StepFailed
from edgeopt.domain.record import Record
from edgeopt.domain.run import Run
from edgeopt.domain.tensor import Binding
from edgeopt.harness.answering import answer
from edgeopt.harness.budget import BUDGETS
from edgeopt.harness.client import RunnerFailed
from edgeopt.harness.feed import Feed
from edgeopt.harness.figures import latency
from edgeopt.harness.interleaved import measure
from edgeopt.harness.subject import Subject
from edgeopt.harness.timed import Measurement
from edgeopt.harness.verdicts import compare, noise
from edgeopt.jobs import child
from edgeopt.pipeline.evaluation_set import EvaluationSet
from edgeopt.pipeline.intake import Intake
from edgeopt.pipeline.real_steps import feed_of, single_steps
from edgeopt.pipeline.scoring import scoring_of
from edgeopt.pipeline.source_model import ask, output_shapes, shuffled
from edgeopt.runner import sensors
from edgeopt.store.run_folder import RunFolder

#: Making one plain file; NNCF's accuracy control can take longer than a user would wait.
MAKE_S = 600.0
STEP_S = 300.0
OURS = "edgeopt's choice"


@dataclass
class Contest:
    """What is compared.

    Attributes:
        run: of `edgeopt.optimize`, in `folder`/run. budget: of the schedule at the end.
    """

    intake: Intake
    run: Run
    folder: Path
    budget: str

    def __post_init__(self) -> None:
        self.device, self.log = Local(), self.folder / "bench.log"
        parts, request, output = self.intake.parts, self.run.request, self.intake.output
        self.choose, _, answers = self._asked("choose", parts.choose)
        source, place = self.intake.source, self.folder / "single"
        #: Of a model with a memory single steps, which are also all that a library can be given.
        self.calibrate, self.validate = (
            single_steps(source, part, CALIBRATE_MOST, place / name, self.device, self.log, STEP_S)
            for name, part in (("calibrate", parts.calibrate), ("choose", self.choose))
        )
        scoring = scoring_of(request, self.intake.source, self.choose, answers)
        #: NNCF's accuracy control needs a class for each sample, which a task does not have.
        self.wanted = None
        if scoring.settled is None:
            self.wanted = self._classes(self.choose, answers[output])
        self.max_drop = scoring.max_drop
        self.confirm = EvaluationSet("confirm", *self._asked("confirm", parts.confirm), scoring)

    def _asked(self, part: str, samples: Samples) -> tuple[Samples, Feed, Any]:
        samples = shuffled(samples)
        place = self.folder / "parts" / part
        feed = feed_of(self.intake.source, samples, place, self.device, self.log, STEP_S)
        return samples, feed, ask(self.intake.source, self.device, feed, self.log, STEP_S)

    def _classes(self, samples: Samples, answers: np.ndarray) -> np.ndarray:
        """What NNCF's accuracy control is told is right: the labels, else the source's answers."""
        if samples.labels is not None:
            return samples.labels
        return answers.reshape(len(answers), -1).argmax(1)

    def entries(self) -> dict[str, dict[str, Any]]:
        """Title -> {"score", "drop", "size_bytes", "p50_ms", ...}, or {"why": what failed}."""
        found: dict[str, dict[str, Any]] = {}
        subjects: list[Subject] = []
        for title, made in self._made():
            if isinstance(made, str):
                found[title] = {"why": made}
                continue
            found[title] = self._scored(made[0])
            subjects += made if "why" not in found[title] else []
        session = self._timed(subjects)
        self.noise = noise(session)
        for title, entry in found.items():
            if "why" not in entry:
                self._with_latency(title, entry, session)
        self.device.close()
        return found

    def _made(self) -> Iterator[tuple[str, list[Subject] | str]]:
        for title in TOOLS:
            if self.wanted is None and title == ACCURACY_CONTROL:
                continue
            try:
                yield title, self._plain(title)
            except EdgeoptError as error:
                yield title, str(error.args[0])
        record = self._chosen()
        yield OURS, "nothing qualified" if record is None else [self._ours(record)]

    def _chosen(self) -> Record | None:
        wanted = self.run.choices[0].recipe_id
        return next((r for r in self.run.records if wanted and r.recipe_id == wanted), None)

    def _ours(self, record: Record) -> Subject:
        recipe = record.recipe
        assert recipe is not None
        artifact = self._artifact(record)
        assert artifact is not None
        return replace(Subject.of(recipe, artifact, self.folder / "run" / artifact.path), key=OURS)

    def _artifact(self, record: Record) -> Artifact | None:
        assert record.recipe is not None
        return RunFolder(self.folder / "run").artifact(record.recipe.conversion_id)

    def _plain(self, title: str) -> list[Subject]:
        """A tool's file, with one thread and with all cores.

        Raises:
            EdgeoptError: it makes none, or its runtime does not open it.
        """
        tool = TOOLS[title]
        base = self._float(tool.base)
        path = self.folder / "run" / base.path
        if tool.make is not None:
            out = self.folder / "plain" / title.replace(" ", "-") / f"model{tool.suffix}"
            out.parent.mkdir(parents=True)
            task = msgspec.to_builtins(self._task(title, base, path, out))
            child.run("benchmarks.compression.plain:make", task, self.log, MAKE_S)
            path = out
        inputs, outputs = self._bindings(tool.runtime, path)
        return [
            Subject(
                key=f"{title}, threads={threads}", title=title, runtime=tool.runtime, path=path,
                threads=threads, inputs=inputs, outputs=outputs,
            )
            for threads in sorted({1, sensors.cores()})
        ]  # fmt: skip

    def _float(self, runtime: str) -> Artifact:
        for record in self.run.records:
            if (record.runtime, record.precision, record.status) == (runtime, "fp32", "ok"):
                artifact = self._artifact(record)
                if artifact is not None:
                    return artifact
        raise EdgeoptError(f"there is no {runtime} float file to start from")

    def _task(self, title: str, base: Artifact, path: Path, out: Path) -> Task:
        """Samples are handed over in the layout of the float file."""
        ordered = sorted(base.inputs, key=lambda binding: binding.index)
        labels = self.folder / "labels.npy"
        np.save(labels, np.zeros(0) if self.wanted is None else self.wanted)
        return Task(
            tool=title, base=str(path), out=str(out), names=tuple(b.name for b in ordered),
            calibration=self._files("calibrate", self.calibrate, base),
            validation=self._files("choose", self.validate, base),
            labels=str(labels), max_drop=self.max_drop,
        )  # fmt: skip

    def _files(self, part: str, samples: Samples, base: Artifact) -> tuple[str, ...]:
        place = self.folder / "feed" / part / base.recipe.runtime
        return tuple(str(path) for path in Feed(samples.inputs, place).files(base.inputs))

    def _bindings(
        self, runtime: str, path: Path
    ) -> tuple[tuple[Binding, ...], tuple[Binding, ...]]:
        source = self.intake.source
        session = runtimes.load(runtime).open_session(str(path), 1, {})
        permutes = image_permutes(source) if runtime == "litert" else {}
        found = (
            bind(source.inputs, session.inputs, permutes),
            bind(source.outputs, session.outputs, {}),
        )
        session.close()
        return found

    def _scored(self, subject: Subject) -> dict[str, Any]:
        """On the confirming samples, as it would be deployed."""
        shapes = output_shapes(self.intake.source)
        try:
            answers, _ = answer(self.device, subject, self.confirm.feed, shapes, self.log, STEP_S)
        except RunnerFailed as error:
            return {"why": str(error.args[0])}
        try:
            score, drop = self.confirm.marks(answers)
        except (BadInput, StepFailed) as error:  # nothing that could be scored
            return {"why": str(error.args[0])}
        size = sum(path.stat().st_size for path in _own_files(subject.path))
        return {
            "runtime": subject.runtime,
            "score": score.value,
            "drop": drop.judged,
            "low": drop.low,
            "high": drop.high,
            "holds": bool(drop.judged <= self.max_drop),
            "size_bytes": size,
        }

    def _timed(self, subjects: list[Subject]) -> Measurement:
        baseline = next(s.key for s in subjects if s.key.startswith("ONNX Runtime fp32"))
        return measure(
            self.device, subjects, self.confirm.feed, BUDGETS[self.budget], self.log, STEP_S,
            baseline=baseline,
            progress=lambda what, done, total: print(f"  {done}/{total} {what}", file=sys.stderr),
        )  # fmt: skip

    def _with_latency(self, title: str, entry: dict[str, Any], session: Measurement) -> None:
        """The better one of its thread counts, and the choice's verdict over it."""
        keys = [k for k, t in session.timed.items() if t.title == title or k == title == OURS]
        alive = {k: latency(session.timed[k], session.budget) for k in keys if k != session.twin
                 and not session.timed[k].failed}  # fmt: skip
        if not alive:
            entry["why"] = session.timed[keys[0]].failed
            return
        best = min(alive, key=lambda key: alive[key].p50)
        entry |= {"p50_ms": alive[best].p50, "timed_as": best}
        if OURS in session.timed and title != OURS and not session.timed[OURS].failed:
            found = compare(session, OURS, best)
            entry["choice_over_it"] = None if found is None else msgspec.to_builtins(found)

    def verdict(self, entries: dict[str, dict[str, Any]]) -> dict[str, Any]:
        """The choice against the fastest plain file that holds the drop."""
        held = {
            title: entry for title, entry in entries.items()
            if title != OURS and entry.get("holds") and entry.get("choice_over_it")
        }  # fmt: skip
        if not held:
            return {"best_plain": None, "ratio": None}
        best = min(held, key=lambda title: held[title]["p50_ms"])
        over = held[best]["choice_over_it"]
        return {"best_plain": best, "ratio": over["ratio"], "low": over["low"],
                "high": over["high"], "word": over["word"], "noise": self.noise}  # fmt: skip


def _own_files(path: Path) -> list[Path]:
    weights = path.with_suffix(".bin")
    return [path, weights] if path.suffix == ".xml" and weights.exists() else [path]


def geometric_mean(ratios: list[float]) -> float:
    """Of speeds."""
    return math.exp(sum(math.log(ratio) for ratio in ratios) / len(ratios))
