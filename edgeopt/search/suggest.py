"""In which order forms are suggested for a target that nothing was timed on. Pure functions.

A form's expected time is a share of the reference's. It is the weighted mean, of logarithms, of
what this machine took for it and of what others published for that runtime and precision; each
weighs one over the square of how far off its kind was (`targets/gains.py`, `HERE_*` below).
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from edgeopt import runtimes
from edgeopt.domain.record import Record
from edgeopt.domain.suggestion import Evidence, Expected, Network, Suggestion, weighted
from edgeopt.search import providers
from edgeopt.search.choose import loses_less
from edgeopt.targets.gains import Gain

#: By what factor another machine's ratio for the very same model was off (root mean square of the
#: logarithms, benchmarks/suggestions): of the target's architecture, and of another one.
HERE_SAME_ARCH, HERE_OTHER_ARCH = 1.46, 1.62

#: Expected times that are nearer than this share are taken as equal: loss and size decide.
ALIKE = 0.05

#: Another architecture's arithmetic in these says nothing: half precision is fast on one, and
#: emulated on the next.
_OF_THE_CORE = ("fp16", "bf16", "fp16-2to4")


@dataclass(frozen=True)
class Form:
    """One form of the model, with any number of threads.

    Attributes:
        key: what its times are known by.
    """

    key: str
    runtime: str
    precision: str

    @property
    def name(self) -> str:
        return f"{self.runtime} {self.precision}"


@dataclass(frozen=True)
class Known:
    """All evidence of one target.

    Attributes:
        here: logarithms of times on this machine as shares of the reference's, by key of form.
        arch: this machine's. same_arch: the target has it, too.
        gains: what is published, by runtime and precision.
        network: what the model computes: what is published is of convolutional networks.
    """

    here: Mapping[str, float]
    arch: str
    same_arch: bool
    gains: Mapping[tuple[str, str], Gain]
    network: Network


def expected(forms: Sequence[Form], known: Known, reference: str) -> dict[str, Expected]:
    """The expected time of each form, by its key; without recipes.

    What nothing tells is taken to be as fast as its runtime's fp32, whose evidence it then has.

    Args:
        reference: the form that all are shares of, in words.
    """
    found: dict[str, _Told] = {}
    for form in sorted(forms, key=lambda one: one.precision not in ("fp32", "fp16")):
        beside = {
            one.precision: found[one.key]
            for one in forms
            if one.runtime == form.runtime and one.key in found
        }
        found[form.key] = _told(form, beside, known, reference)
    return {
        key: Expected(
            recipe_ids=(), name=one.form.name, times=math.exp(one.log), evidence=one.evidence
        )
        for key, one in found.items()
    }


@dataclass(frozen=True)
class _Told:
    """A form's expected time, as a logarithm, and what it rests on."""

    form: Form
    log: float
    evidence: tuple[Evidence, ...]


def _told(form: Form, beside: Mapping[str, _Told], known: Known, reference: str) -> _Told:
    """What is told of one form.

    Args:
        beside: what is told of the runtime's floats, by precision.
    """
    told: list[tuple[float, Evidence]] = []
    here = _here(form, known, reference)
    if here is not None:
        told.append((known.here[form.key], here))
    gain = known.gains.get((form.runtime, form.precision))
    over = beside.get(gain.over) if gain else None
    if gain is not None and over is not None and known.network.convolutions > 0:
        told.append((over.log + gain.log_times, _published(gain, over.form, known.network)))
    if told:
        evidence = weighted(tuple(one for _, one in told))
        mean = sum(one.weight * log for (log, _), one in zip(told, evidence, strict=True))
        return _Told(form, mean, evidence)
    base = beside.get("fp32")
    own = Evidence(kind="unknown", times=1.0, over=base.form.name if base else reference)
    return _Told(form, base.log if base else 0.0, (own, *(base.evidence if base else ())))


def _here(form: Form, known: Known, reference: str) -> Evidence | None:
    """This machine's time; None where there is none, or it says nothing of the target."""
    log = known.here.get(form.key)
    if log is None or (form.precision in _OF_THE_CORE and not known.same_arch):
        return None
    return Evidence(
        kind="timed-here",
        times=math.exp(log),
        over=reference,
        off_by=HERE_SAME_ARCH if known.same_arch else HERE_OTHER_ARCH,
        where=known.arch,
        nearest=known.same_arch,
    )


def _published(gain: Gain, over: Form, network: Network) -> Evidence:
    """Published figures: the less of the model is convolutions, the less they are worth."""
    off_by = math.exp(math.log(gain.off_by) / math.sqrt(network.convolutions))
    return Evidence(
        kind="published",
        times=math.exp(gain.log_times),
        over=over.name,
        off_by=off_by,
        where=", ".join(gain.where),
        nearest=gain.same_core,
        n=gain.n,
        sources=gain.sources,
    )


def suggestion(
    records: Sequence[Record],
    likely: Collection[tuple[str, str, str]],
    known: Known,
    reference: str,
    threads_here: float | None = None,
    *,
    smallest: bool = False,
) -> Suggestion:
    """The order of a target's candidates.

    Those that are likely to keep what was asked come first. What runs on a GPU or NPU comes before
    what runs on the processor, in the profile's order: no processor's time tells of it. The others
    come by expected time. Among those that are expected to be as fast as the fastest (`ALIKE`):
    what none is told to lose less than, of these the smallest, then the fastest. Threads: most
    first, unless one was faster here.

    Args:
        records: candidates that qualify, in the profile's order.
        likely: keys of those that are likely to keep it on other samples.
        reference: what times here are shares of, in words.
        smallest: by size, which is known without a device, and not by time.
    """
    groups: dict[str, list[Record]] = {}
    for record in records:
        groups.setdefault(_key(record), []).append(record)
    aside = {key: _beside_processor(group[0]) for key, group in groups.items()}
    forms = [
        Form(key, group[0].runtime, group[0].precision)
        for key, group in groups.items()
        if not aside[key]
    ]
    found = expected(forms, known, reference) | {
        key: Expected(
            recipe_ids=(), name="", times=None, evidence=(Evidence(kind="profile", weight=1.0),)
        )
        for key in groups
        if aside[key]
    }
    single = threads_here is not None and threads_here * (1 + ALIKE) < 1
    told = {
        key: msgspec.structs.replace(
            found[key],
            recipe_ids=tuple(str(r.recipe_id) for r in _by_threads(group, fewest_first=single)),
            name=group[0].name,
            likely=group[0].key in likely,
        )
        for key, group in groups.items()
    }
    order: list[str] = []
    for well in (True, False):
        keys = [key for key in groups if told[key].likely == well]
        if smallest:
            order += sorted(keys, key=lambda key: groups[key][0].size_bytes or 0)
            continue
        order += [key for key in keys if aside[key]]
        order += _ordered([key for key in keys if not aside[key]], groups, told)
    return Suggestion(
        reference=reference,
        network=known.network,
        threads_here=threads_here,
        order=tuple(told[key] for key in order),
    )


def _beside_processor(record: Record) -> bool:
    """Whether it computes on something else than the processor."""
    assert record.recipe is not None
    elsewhere = bool(runtimes.spec(record.runtime).stand_in)
    return elsewhere or providers.of(record.recipe) != "CPU"


def _ordered(
    keys: Sequence[str], groups: Mapping[str, list[Record]], told: Mapping[str, Expected]
) -> list[str]:
    """Keys in order, the first to suggest first."""
    left = sorted(keys, key=lambda key: told[key].times or 0.0)
    ordered: list[str] = []
    while left:
        limit = (told[left[0]].times or 0.0) * (1 + ALIKE)
        alike = [key for key in left if (told[key].times or 0.0) <= limit]
        careful = [
            key
            for key in alike
            if not any(loses_less(groups[other][0], groups[key][0]) for other in alike)
        ]
        best = min(careful, key=lambda key: (groups[key][0].size_bytes or 0, left.index(key)))
        ordered.append(best)
        left.remove(best)
    return ordered


def _key(record: Record) -> str:
    assert record.recipe is not None
    return record.recipe.session_id


def _by_threads(group: Sequence[Record], *, fewest_first: bool) -> list[Record]:
    sign = 1 if fewest_first else -1
    return sorted(group, key=lambda r: sign * (r.recipe.threads if r.recipe else 1))
