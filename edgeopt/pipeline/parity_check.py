"""Parity: whether answers are near enough to the source's to be a candidate's at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from edgeopt.datasets.fidelity import Nearness, compared_samples, divided, nearest
from edgeopt.datasets.lost import DEAD
from edgeopt.datasets.parts import LIKE_SHARES, Part
from edgeopt.datasets.places import Misplaced, finite, misplaced
from edgeopt.datasets.resolution import BFLOAT16, EIGHT_BITS, FLOAT16, FLOAT32
from edgeopt.datasets.rows import are_sets, in_order
from edgeopt.domain.errors import StepFailed
from edgeopt.domain.record import Parity
from edgeopt.pipeline.saturation import LARGEST, narrower, saturated

Answers = dict[str, np.ndarray]

#: Stands for a precision where the model itself was changed. Its answers may be of another scale
#: (labels train no scale), so that only nonsense is refused here; the score judges.
COMPRESSED = "compressed"

#: Least signal to noise ratio that every part of an artifact's answers must keep, dB. Integers are
#: held to little: the score judges them; at 0 dB and below the error is as large as the signal.
REQUIRED_DB = {"fp32": 40.0, "fp16": 25.0, "bf16": 15.0, COMPRESSED: -20.0}
REQUIRED_DB_INT8 = 0.0

#: What each can tell apart; integers and compressed models what 8 bits can.
RESOLUTION = {"fp32": FLOAT32, "fp16": FLOAT16, "bf16": BFLOAT16}

#: What is constant in the source has no noise as an excuse, in integers either.
REQUIRED_DB_STEADY = 15.0

#: An axis of a detector's output that is as long is of candidates: anchors, cells, queries.
LEAST_CANDIDATES = 64

_CHANGED = "The conversion changed what the model computes."
_NARROW = "This form computes in narrower floats than the source."


class TooFar(StepFailed):
    """Answers that could be compared with the source's and are too far from them.

    Attributes:
        parity: how far.
    """

    def __init__(self, parity: Parity, reason: str, hint: str = _CHANGED) -> None:
        super().__init__("failed-parity", reason, hint)
        self.parity = parity


def parity(
    precision: str,
    answers: Answers,
    source: Answers,
    divisions: Mapping[str, Sequence[Part]] | None = None,
    decoded: bool = False,
) -> Parity:
    """How near an artifact's answers are to the source's, in the worst part of all outputs.

    Args:
        divisions: the parts of each output (`fidelity.divided`), where they are known already.
        decoded: a head makes boxes of them, which are scored: of integers no candidate alone is
            held to the source's. Most never answer anything, and lose that little in 8 bits.

    Raises:
        TooFar: constant where the source is not, or further off than the precision allows.
        StepFailed: not finite where the source is.
    """
    for name, theirs in source.items():
        require_places(name, answers[name], theirs)
    answers = {name: _in_order(answers[name], theirs) for name, theirs in source.items()}
    resolution = RESOLUTION.get(precision, EIGHT_BITS)
    parts = nearest(source, answers, divisions or divided(source), resolution)
    measured = _told(parts, answers, source, precision)
    by_candidates = decoded and resolution is EIGHT_BITS
    held = [one for one in parts if not (by_candidates and _is_of_candidates(one))]
    refused = [reason for one in held if (reason := _refused(one, precision, answers, source))]
    if by_candidates:
        refused += [why for name in source if (why := _dead(name, answers[name], source[name]))]
    if refused:
        raise _refusal(measured, refused[0], answers, source)
    return measured


def _is_of_candidates(one: Nearness) -> bool:
    """Whether what is found is found of some candidates, and of the whole nothing."""
    part = one.constant or one.wrong or one.part
    if part.axis is None or part.axis != _candidates(part.shape):
        return False
    return len(part.slices) < part.shape[part.axis]


def _candidates(shape: tuple[int, ...]) -> int | None:
    """The axis of candidates: the longest; None where it is too short for that."""
    axis = int(np.argmax(shape)) if shape else 0
    return axis if shape and shape[axis] >= LEAST_CANDIDATES else None


def _dead(name: str, own: np.ndarray, theirs: np.ndarray) -> str:
    """Why a value that is the same in all candidates of all samples is refused, or ""."""
    axis = _candidates(theirs.shape[1:])
    if axis is None or theirs.dtype.kind != "f":
        return ""
    columns = [
        np.moveaxis(finite(each[: len(own)]), axis + 1, 1).reshape(
            len(own) * each.shape[axis + 1], -1
        )
        for each in (own, theirs)
    ]
    ours, wanted = (np.nanvar(each, axis=0) for each in columns)
    low, high = np.nanmin(columns[1], axis=0), np.nanmax(columns[1], axis=0)
    faint = (low >= 0) & (high < LIKE_SHARES)  # scores of what did not occur
    dead = np.flatnonzero((wanted > 0) & ~faint & (ours <= DEAD**2 * wanted))
    if not dead.size:
        return ""
    return f"value {dead[0]} of each candidate in {name}: constant, where the source's answers vary"


def _in_order(own: np.ndarray, theirs: np.ndarray) -> np.ndarray:
    """The answers that are compared, with rows that are a set in the source's order."""
    few = np.asarray(own[: compared_samples(own)])
    return in_order(few, theirs[: len(few)]) if are_sets(theirs) else few


def _refusal(measured: Parity, reason: str, answers: Answers, source: Answers) -> TooFar:
    """What is clipped is neither constant nor off by a distance: its format ends there."""
    for name, theirs in source.items():
        ended = saturated(name, np.asarray(answers[name]), theirs)
        if ended is not None:
            return TooFar(measured, str(ended), _NARROW)
    return TooFar(measured, reason)


def _told(parts: Sequence[Nearness], answers: Answers, source: Answers, precision: str) -> Parity:
    worst = parts[0] if parts else None
    counted = [one for one in parts if one.source_distinct > 0]
    coarse = min(counted, key=lambda one: one.distinct / one.source_distinct, default=None)
    return Parity(
        sqnr_db=worst.db if worst else None,
        max_abs=max(
            (_max_abs(answers[name], theirs) for name, theirs in source.items()), default=0
        ),
        n=max((compared_samples(answers[name]) for name in source), default=0),
        required_db=_required(worst, precision, source) if worst else 0.0,
        worst=worst.part.words if worst else "",
        output=worst.part.output if worst else "",
        axis=worst.part.axis if worst else None,
        slices=worst.part.slices if worst else (),
        coarsest=coarse.part.words if coarse else "",
        distinct=coarse.distinct if coarse else None,
        source_distinct=coarse.source_distinct if coarse else None,
    )


def require_places(name: str, own: np.ndarray, theirs: np.ndarray) -> None:
    """Infinities and NaNs stand where the source's stand, in all samples that were answered.

    Raises:
        StepFailed: they do not; says where and how many.
    """
    wrong = misplaced(np.asarray(own), theirs[: len(own)])
    if wrong is not None:
        raise StepFailed(
            "failed-parity",
            f"output {name!r}: {wrong}",
            _why_infinite(wrong),
        )


def _why_infinite(wrong: Misplaced) -> str:
    ends = narrower(wrong.theirs) if np.isfinite(wrong.theirs) else ""
    if ends and np.isinf(wrong.own):
        return f"{ends[0].upper()}{ends[1:]} floats end at {LARGEST[ends]:.6g}."
    return "Half-precision floats end at 65504, and integers hold no infinity."


def _refused(one: Nearness, precision: str, answers: Answers, source: Answers) -> str:
    """Why a part of the answers is not near enough, or ""."""
    if one.constant is not None:
        return f"{one.constant.words}: constant, where the source's answers vary"
    if one.wrong is not None and precision != COMPRESSED:
        return f"{one.wrong.words}: farther from the source's answers than those vary"
    required = _required(one, precision, source)
    alone = len(source) == 1 and one.part.axis is None
    where = "" if alone else f" in {one.part.words}"
    if one.db is None or one.db > required:
        return _unfollowed(one, precision, where)
    least = "more than " if required == 0 else ""
    return (
        f"its answers{where} are {_all_one(one, answers, source)}{round(one.db, 1) + 0.0} dB from "
        f"the source's; {_called(precision)} must keep {least}{required:.0f} dB"
    )


def _called(precision: str) -> str:
    return "a compressed model" if precision == COMPRESSED else precision


def _unfollowed(one: Nearness, precision: str, where: str) -> str:
    """Why answers beside a large mean do not follow what varies, or ""."""
    required = RESOLUTION.get(precision, EIGHT_BITS).follows_db
    if required is None or one.follows_db is None or one.follows_db > required:
        return ""
    return (
        f"its answers{where} vary otherwise than the source's: {round(one.follows_db, 1) + 0.0} dB "
        f"of what varies from sample to sample; {_called(precision)} must keep {required:.0f} dB"
    )


def _all_one(one: Nearness, answers: Answers, source: Answers) -> str:
    """Of an answer of one value alone that value, and what the source's are; else ""."""
    if one.distinct != 1:
        return ""
    own, theirs = (finite(one.part.of(each[one.part.output])) for each in (answers, source))
    low, high = (f"{value:.3g}" for value in (np.nanmin(theirs), np.nanmax(theirs)))
    theirs_range = low if low == high else f"{low} to {high}"
    return f"all {np.nanmax(own):.3g} (the source's: {theirs_range}), "


def _required(one: Nearness, precision: str, source: Answers) -> float:
    """What a part of an output must keep, dB."""
    required = REQUIRED_DB.get(precision, REQUIRED_DB_INT8)
    if precision == COMPRESSED:
        return required
    if source[one.part.output].dtype.kind in "biu" and precision != "fp32":
        return min(required, REQUIRED_DB_INT8)  # classes have no distance: the score judges
    return max(required, REQUIRED_DB_STEADY) if one.steady else required


def _max_abs(own: np.ndarray, theirs: np.ndarray) -> float:
    count = compared_samples(own)
    error = finite(np.asarray(own[:count])) - finite(np.asarray(theirs[:count]))
    return float(np.nan_to_num(np.abs(error)).max(initial=0.0))
