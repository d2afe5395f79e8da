"""The user's own function as a metric: what it is given, and what is found out about it first."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, get_args

import numpy as np

from edgeopt.datasets import function
from edgeopt.datasets.advice import Advice
from edgeopt.datasets.metric import Columns, Metric, Resampling
from edgeopt.datasets.own_samples import Combination, number
from edgeopt.domain.errors import BadInput
from edgeopt.domain.progress import Listener

CALLS = 50  # for an interval, of halves of the samples: its width is then within 20 %
LEAST_CALLS = 20
LEAST_RESAMPLES = 200  # of a bootstrap, whose ends are quantiles
INTERVAL_S = 60.0  # fewer calls are made where they would take longer, but not fewer than 20
LONGEST_S = 6.0  # a call that takes longer: two minutes for 20 of them are too long
TOLD_S = 5.0  # an interval that takes longer is told beforehand
SLOW_S = 0.5  # a call that takes longer is told
REPEATED_S = 0.02  # a call: worth keeping what it gave, since score, drop and limit ask alike
SHUFFLES = 3
SAME = 1e-9  # relative
clock = time.perf_counter
NUDGE = 1e-5  # of the answers' spread: less than any class changes by, but for exact ties


@dataclass
class Own:
    """A function of (outputs, labels) that is called with copies, and whose values are numbers."""

    reference: str
    judge: Callable[..., Any]
    tell: Listener
    seconds: float = 0.0
    _known: dict[bytes, float] = field(default_factory=dict)

    def __call__(self, outputs: np.ndarray, labels: np.ndarray) -> float:
        """Its value.

        Raises:
            BadInput: it failed, or returned something else than a number.
        """
        if self.seconds < REPEATED_S:
            return self._asked(outputs, labels)
        key = _digest(outputs, labels)
        if key not in self._known:
            if self.seconds >= SLOW_S:
                self.tell(f"calling {self.reference}, {self.seconds:.1f} s a call")
            self._known[key] = self._asked(outputs, labels)
        return self._known[key]

    def timed(self, outputs: np.ndarray, labels: np.ndarray) -> tuple[float, float]:
        """Its value, called anew, and how many seconds that took."""
        began = clock()
        value = self._asked(outputs, labels)
        took = clock() - began
        self._known[_digest(outputs, labels)] = value
        return value, took

    def raw(self, outputs: np.ndarray, labels: np.ndarray) -> Any:
        """What it returns. Raises BadInput: it failed."""
        return function.call(self.reference, self.judge, outputs.copy(), labels.copy())

    def _asked(self, outputs: np.ndarray, labels: np.ndarray) -> float:
        return number(self.reference, self.raw(outputs, labels))


@dataclass
class OwnSamples(Own):
    """One that gives each sample's part: it is called once for each model's answers."""

    combination: Combination = field(kw_only=True)

    def rows(self, outputs: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """[n] or [n, c]. Raises BadInput: it failed, or returned something else."""
        return self.combination.checked(self.raw(outputs, labels), len(outputs))

    def _asked(self, outputs: np.ndarray, labels: np.ndarray) -> float:
        return self.combination.value(self.rows(outputs, labels))


def own_metric(
    reference: str,
    source_outputs: np.ndarray,
    labels: np.ndarray,
    batch_axis: int | None,
    tell: Listener,
) -> Metric:
    """The metric `module:function`, tried on the source's answers.

    It returns one number for all samples, or what each sample adds to it (`own_samples`): then an
    interval takes no further call. It is given outputs [n, *output shape without its batch axis of
    1] and the labels as they came. Its attributes: `lower_is_better`, `combine`, `resampling` and
    `counting` as in docs/data.md.

    Args:
        batch_axis: of the output's shape, without the samples' axis; None: it has none.

    Raises:
        BadInput: it cannot be called, or gives no number.
    """
    judge = function.resolve(reference)
    integers = source_outputs.dtype if source_outputs.dtype.kind in "iu" else None

    def given(outputs: np.ndarray) -> np.ndarray:
        if integers is not None and outputs.dtype.kind in "iu":
            outputs = outputs.astype(integers, copy=False)  # LiteRT's argmax is of int32
        return without_batch(outputs, batch_axis)

    def both(outputs: np.ndarray, labels: np.ndarray) -> Columns:
        return given(outputs), labels

    def rows(outputs: np.ndarray, labels: np.ndarray) -> Columns:
        return (samples.rows(given(outputs), labels),)

    lower, resampling = bool(getattr(judge, "lower_is_better", False)), _stated(reference, judge)
    combination = Combination(reference, getattr(judge, "combine", None))
    samples = OwnSamples(reference, judge, tell, combination=combination)
    whole = Own(reference, judge, tell)
    outputs = given(source_outputs)
    tell(f"trying {reference} on {len(outputs)} answers of the source")
    began = clock()
    first = whole.raw(outputs, labels)
    took = clock() - began
    of_samples = combination.combine is not None or np.ndim(first) > 0
    about = combination.about if of_samples else f"the value of {reference}"
    metric = Metric(
        reference,
        f"{about} ({'lower' if lower else 'higher'} is better)",
        columns=rows if of_samples else both,
        combine=combination.value if of_samples else whole,
        higher_is_better=not lower,
        resampling=resampling or ("bootstrap" if of_samples else "subsample"),
    )
    if not of_samples:
        return _tried(metric, whole, (number(reference, first), took), outputs, labels)
    found = combination.checked(first, len(outputs))
    hits = found.dtype.kind == "b" and resampling is None
    metric = replace(metric, proportion=hits, counting=hits)
    return _tried(metric, samples, (combination.value(found), took), outputs, labels)


def without_batch(outputs: np.ndarray, axis: int | None) -> np.ndarray:
    """[n, *output shape] without the batch axis of 1, whose place the n samples take."""
    return outputs if axis is None else outputs.squeeze(axis + 1)


def _stated(reference: str, judge: Callable[..., Any]) -> Resampling | None:
    """How the function says that it may be resampled; None: it says nothing."""
    said: Any = getattr(judge, "resampling", None)
    if said is not None and said not in get_args(Resampling):
        raise BadInput(
            f"{reference}.resampling is {said!r}",
            f"It is one of {', '.join(get_args(Resampling))} (docs/data.md).",
        )
    found: Resampling | None = said
    return found


def _tried(
    metric: Metric,
    call: Own,
    first: tuple[float, float],
    outputs: np.ndarray,
    labels: np.ndarray,
) -> Metric:
    """The metric with what some calls on the source's answers tell of it.

    Args:
        first: what the first call gave, and its seconds.
    """
    value, first_s = first
    if not np.isfinite(value):
        return metric  # said by the caller
    if first_s >= SLOW_S:
        call.tell(f"the first call of {call.reference} took {first_s:.1f} s; calling it again")
    again, second_s = call.timed(outputs, labels)
    call.seconds = min(first_s, second_s)
    if not isinstance(call, OwnSamples):
        metric = _paced(metric, call)
    elif metric.resampling == "none":
        metric = replace(metric, why_no_interval=_refuses(call))
    advice = [*metric.advice, *_odd(call, value, again, outputs, labels)]
    judge = call.judge
    counting = getattr(judge, "counting", None)
    if counting is None:
        counting = metric.proportion or _counts(call, value, outputs, labels)
    return replace(metric, counting=bool(counting), advice=tuple(advice))


def _paced(metric: Metric, call: Own) -> Metric:
    """With as many calls for an interval as there is time for; what takes long is told at once."""
    seconds, name = call.seconds, call.reference
    if metric.resampling == "none":
        return replace(metric, why_no_interval=_refuses(call))
    if seconds > LONGEST_S:
        why = f"one call of {name} takes {seconds:.1f} s, and an interval needs {LEAST_CALLS}"
        call.tell(f"{why}: there will be no intervals")
        advice = Advice(f"no intervals: {why}", "Make it quicker, or give fewer samples.")
        return replace(metric, resampling="none", why_no_interval=why, advice=(advice,))
    affordable = int(INTERVAL_S / max(seconds, 1e-9))
    if metric.resampling == "bootstrap" and affordable < LEAST_RESAMPLES:
        metric = replace(metric, resampling="subsample")  # right for it, too, and with fewer calls
    most = CALLS if metric.resampling == "subsample" else LEAST_RESAMPLES
    calls = min(most, max(LEAST_CALLS, affordable))
    if calls * seconds >= TOLD_S:
        told = f"one call of {name} takes {seconds:.2g} s; an interval takes {calls} calls"
        call.tell(f"{told}, about {calls * seconds:.0f} s for each candidate")
    if calls < most:
        text = f"one call of {name} takes {seconds:.2g} s: intervals rest on {calls} calls"
        advice = Advice(f"{text}, not {most}", "Make it quicker for steadier intervals.")
        metric = replace(metric, advice=(advice,))
    about = f"{metric.about}; it gives one number, so an interval rests on {calls} calls of it"
    return replace(metric, resamples=calls, about=about)


def _refuses(call: Own) -> str:
    return f"{call.reference} says that it must not be resampled"


def _odd(
    call: Own, value: float, again: float, outputs: np.ndarray, labels: np.ndarray
) -> list[Advice]:
    """What speaks against a value: it changes by itself, or does not change with the answers."""
    name = call.reference
    if not np.isclose(value, again, rtol=1e-6, atol=0):
        text = f"{name} gives {value:.6g} and then {again:.6g} for the same answers"
        advice = "It is random, or keeps something from call to call: its drops are partly noise."
        return [Advice(text, advice)]
    if len(outputs) < 2 or (labels == labels[:1]).all() or (outputs == outputs[:1]).all():
        return []
    rng = np.random.default_rng(0)
    for _ in range(SHUFFLES):  # with few samples one may be as good by chance
        mixed = outputs[rng.permutation(len(outputs))]
        if not np.isclose(value, _or_nan(call, mixed, labels), rtol=SAME, atol=0):
            return []
    shapes = f"outputs {list(outputs.shape)} and labels {list(labels.shape)}"
    text = f"{name} gives {value:.4g} even where samples are given each other's answers"
    advice = f"It is called with {shapes}: does it compare each answer with its own label?"
    return [Advice(text, advice)]


def _counts(call: Own, value: float, outputs: np.ndarray, labels: np.ndarray) -> bool:
    """Whether it counts samples right or wrong, as far as that can be seen from outside.

    It lies in 0..1, and does not notice a small change of all answers: only classes, ranks or
    neighbours matter. Answers without an error then still leave it uncertain.
    """
    if not 0 <= value <= 1:
        return False
    if outputs.dtype.kind != "f":
        return True
    noise = np.random.default_rng(0).normal(size=outputs.shape) * (NUDGE * float(outputs.std()))
    nudged = _or_nan(call, (outputs + noise).astype(outputs.dtype), labels)
    return not np.isfinite(nudged) or bool(np.isclose(nudged, value, rtol=SAME, atol=SAME))


def _or_nan(call: Own, outputs: np.ndarray, labels: np.ndarray) -> float:
    """The value of answers that are none of a model's, which a function may refuse."""
    try:
        return call.timed(outputs, labels)[0]
    except BadInput:
        return float("nan")


def _digest(*arrays: np.ndarray) -> bytes:
    digest = hashlib.blake2b(digest_size=16)
    for array in arrays:
        digest.update(f"{array.dtype} {array.shape}".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.digest()
