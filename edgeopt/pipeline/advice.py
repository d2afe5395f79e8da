"""What a run says of its data and its metric."""

from __future__ import annotations

from edgeopt.datasets import by_step, likeness, scores
from edgeopt.datasets import doubts as doubtful
from edgeopt.domain.score import FEWEST_GROUPS
from edgeopt.pipeline.run_context import RunContext
from edgeopt.report import reused_words
from edgeopt.store.results_cache import KINDS


def doubts(context: RunContext) -> tuple[str, ...]:
    """What is told first of all: why scores may say little, and what is not scored."""
    if context.scoring.unscored:
        return ()
    choose = context.choose
    of_metric = choose.judging.doubts()
    faint = (a for name, each in choose.source.items() for a in doubtful.faint(name, each))
    total = sum(len(one.samples) for one in context.evaluation_sets())
    left_out = doubtful.unanswered_samples(unscored(context), total)
    return tuple(map(str, (*of_metric, *faint, *left_out)))


def unscored(context: RunContext) -> tuple[int, ...]:
    """Numbers of the samples that the source answers with NaN, of all parts asked so far."""
    numbers: list[int] = []
    for one in context.evaluation_sets():
        named = one.samples.numbers
        numbers += (one.unscored if named is None else named[one.unscored]).tolist()
    return tuple(sorted(numbers))


def reused(context: RunContext) -> tuple[str, ...]:
    """What was not made, scored or measured now, but by earlier runs."""
    taken = context.results.taken
    if not taken:
        return ()
    kinds = [reused_words.counted(kind, taken[kind]) for kind in KINDS if kind in taken]
    return (reused_words.sentence(kinds, context.results.oldest),)


def warnings(context: RunContext) -> tuple[str, ...]:
    """What to know of the metric, the parts' sizes, and samples that look alike."""
    if context.scoring.unscored:
        return ()
    scoring, parts = context.scoring, context.intake.parts
    sentences = [
        str(advice)
        for samples in map(by_step.samples, (parts.choose, parts.confirm))
        for advice in scores.too_few(scoring.metric, len(samples), samples.groups, scoring.max_drop)
    ]
    for part in context.evaluation_sets():
        alike = part.alike
        if alike is not None and int(alike.max()) < FEWEST_GROUPS - 1:
            sentences.append(str(likeness.advice(alike)))
    return tuple(dict.fromkeys([*map(str, scoring.metric.advice), *sentences]))
