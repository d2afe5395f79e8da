"""Runs in a child process: how much each group of operators adds to the noise of an output."""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from edgeopt import convert, runtimes
from edgeopt.convert import matching
from edgeopt.convert.forms import Forms
from edgeopt.convert.groups import MOST, groups, kinds
from edgeopt.convert.job import Job
from edgeopt.convert.labels import labelled
from edgeopt.convert.with_fallbacks import kept
from edgeopt.datasets.parts import Part, parts
from edgeopt.domain.errors import EdgeoptError
from edgeopt.domain.layers import Group, GroupSensitivity, LayerSensitivity, Operator
from edgeopt.domain.model import Value
from edgeopt.jobs.told import reason
from edgeopt.runtimes.binding import from_artifact
from edgeopt.sources.tail import last_layers

#: Seconds that all forms together may answer for, about.
PATIENCE_S = 120.0

#: Samples that rank at least.
LEAST = 4


class Ranking(Value, kw_only=True, frozen=True):
    """What is to be ranked.

    Attributes:
        job: of the quantized form without exceptions; its folder is not used.
        output: the judged output of the source.
        samples: of the calibrating part, taken evenly from all of it.
        threads: of the sessions that answer.
        most: groups.
    """

    job: Job
    output: str
    samples: int
    threads: int = 1
    most: int = MOST


def rank(argument: Any) -> Any:
    """Two forms for each group: only it is in integers, and all but it is.

    Raises:
        EdgeoptError: nothing in the source computes, or no form answers.
    """
    asked = msgspec.convert(argument, Ranking)
    job = msgspec.structs.replace(asked.job, relaxation=kept(asked.job))
    began = time.monotonic()
    with (
        convert.load(asked.job.recipe.runtime).forms(job) as forms,
        tempfile.TemporaryDirectory(prefix="edgeopt-") as scratch,
    ):
        operators = labelled(forms.operators, asked.job.source)
        found = groups(operators, asked.most, _branches(operators))
        alike = kinds(operators)
        if not any(group.layers for group in found):
            raise EdgeoptError("no operator of it has weights, so none can be an exception.")
        bench = _Bench(asked, forms, Path(scratch) / f"form{forms.float_path.suffix}")
        bench.be_quick(2 * len(found) + len(alike))
        plain = bench.noise(())
        table = LayerSensitivity(
            plain=plain,
            groups=(
                *(_noise(bench, group, len(operators), plain) for group in found),
                *(_noise_of_kind(bench, group, plain) for group in alike),
            ),
            samples=bench.count,
            seconds=round(time.monotonic() - began, 1),
        )
    return msgspec.to_builtins(table)


def _branches(operators: Sequence[Operator]) -> tuple[int, ...]:
    """The last layer of each branch, where there are several: boxes err in another way than scores.

    Of more than could be ranked one by one, none.
    """
    last = last_layers(operators)
    return last if 1 < len(last) <= MOST else ()


def _noise(bench: _Bench, group: Group, total: int, plain: float) -> GroupSensitivity:
    """A form that cannot be made tells nothing of its group: as if it gave nothing."""
    inside = group.numbers
    outside = [number for number in range(total) if number not in inside]
    try:
        return GroupSensitivity(
            group=group, alone=bench.noise(outside), without=bench.noise(inside)
        )
    except Exception as error:
        print(reason(error, f"operators {group.span}"))  # noqa: T201 (log)
        return GroupSensitivity(group=group, alone=0.0, without=plain)


def _noise_of_kind(bench: _Bench, group: Group, plain: float) -> GroupSensitivity:
    """Asked by the form without it alone: kinds are few, and overlap what is asked twice."""
    try:
        without = bench.noise(group.numbers)
    except Exception as error:
        print(reason(error, group.title))  # noqa: T201 (log)
        without = plain
    return GroupSensitivity(group=group, alone=max(0.0, plain - without), without=without)


class _Bench:
    """Forms of one source, compared with its fp32 form in the same runtime."""

    def __init__(self, asked: Ranking, forms: Forms, path: Path) -> None:
        self._asked, self._forms, self._path = asked, forms, path
        self._ask(asked.samples)

    def _ask(self, count: int) -> None:
        """Let the fp32 form answer so many samples, taken evenly from all."""
        job = self._asked.job
        chosen = np.linspace(0, job.count - 1, min(count, job.count)).round().astype(int)
        self._samples = [next(job.samples(int(i) + 1, int(i))) for i in chosen]
        self.count = len(self._samples)
        began = time.monotonic()
        self._expected = self._answers(self._forms.float_path)
        self._took_s = time.monotonic() - began
        self._parts = [_Worth.of(part, self._expected) for part in self._divided()]

    def be_quick(self, forms: int) -> None:
        """Take fewer samples where so many forms would answer for longer than `PATIENCE_S`."""
        affordable = int(PATIENCE_S / forms / self._took_s * self.count)
        if affordable < self.count:
            self._ask(max(LEAST, affordable))

    def noise(self, keep: Collection[int]) -> float:
        """Noise power over signal power of the form that keeps some operators in float.

        Of the part of the output that has the most of it: what is said of boxes says nothing of the
        scores beside them. Both without each sample's mean: a shift of a whole row changes no
        ranking of classes.
        """
        if len(keep) == len(self._forms.operators):
            return 0.0
        self._forms.write(keep, self._path)
        answers = self._answers(self._path)
        return max(one.noise(answers, self._expected) for one in self._parts)

    def _divided(self) -> tuple[Part, ...]:
        """The parts of unlike scale of the judged output."""
        name = self._asked.output
        return parts(name, self._expected)

    def _answers(self, path: Path) -> np.ndarray:
        """[n, values] of the judged output."""
        recipe = self._asked.job.recipe
        session = runtimes.load(recipe.runtime).open_session(
            str(path), self._asked.threads, recipe.options
        )
        inputs, outputs = matching.bound(self._asked.job, session, self._forms.permutes)
        chosen = next(b for b in outputs if b.source == self._asked.output)
        plain = msgspec.to_builtins(msgspec.structs.replace(chosen, permute=None))
        with contextlib.closing(session):
            rows = [
                np.array(session.run(matching.fed(inputs, sample))[chosen.index])
                for sample in self._samples
            ]
        return from_artifact(np.stack(rows), plain).astype(np.float64)


@dataclass(frozen=True)
class _Worth:
    """A part of the judged output with the power of its fp32 answers."""

    part: Part
    power: float

    @staticmethod
    def of(part: Part, expected: np.ndarray) -> _Worth:
        return _Worth(part, float(np.mean(_centred(part.of(expected)) ** 2)) or 1.0)

    def noise(self, answers: np.ndarray, expected: np.ndarray) -> float:
        error = _centred(self.part.of(answers)) - _centred(self.part.of(expected))
        return float(np.mean(error**2)) / self.power


def _centred(answers: np.ndarray) -> np.ndarray:
    """[n, values] without each sample's mean; what is not finite is 0."""
    rows = np.where(np.isfinite(answers), answers, 0.0).reshape(len(answers), -1)
    if rows.shape[1] == 1:
        return rows
    centred: np.ndarray = rows - rows.mean(axis=1, keepdims=True)
    return centred
