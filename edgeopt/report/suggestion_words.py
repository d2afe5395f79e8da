"""A suggestion's evidence in sentences, and what would settle it."""

from __future__ import annotations

from collections.abc import Iterator

from edgeopt.domain.run import Choice, Run
from edgeopt.domain.suggestion import Evidence, Expected, Suggestion
from edgeopt.report import format as fmt

#: What is said wherever an order is shown.
ABOUT = (
    "An order of suggestions: nothing was timed on this target, and these are shares of another "
    "form's time, no measurements of it."
)


def expected_of(choice: Choice) -> Expected | None:
    """The place of the suggested candidate in its order."""
    order = choice.suggestion.order if choice.suggestion else ()
    return next((one for one in order if choice.recipe_id in one.recipe_ids), None)


def reasons(choice: Choice) -> Iterator[str]:
    """Why this one is suggested: a sentence for each piece of evidence."""
    found = expected_of(choice)
    if found is None or choice.suggestion is None:
        return
    name = found.name
    for one in found.evidence:
        yield sentence(one, name)
        name = one.over if one.kind == "unknown" else name
    yield f"Most of what the model computes is {choice.suggestion.network.work}."


def sentence(one: Evidence, name: str) -> str:
    """One piece of evidence, with how much it is worth."""
    if one.kind == "profile":
        return f"{name} computes on no processor, so that the order of the profile stands."
    if one.kind == "unknown":
        return f"Nothing tells how fast {name} is there: it is taken to be as fast as {one.over}."
    worth = f"Such figures are typically off by a factor of {fmt.factor(one.off_by or 1.0)}."
    share = fmt.factor(one.times or 0.0)
    if one.kind == "timed-here":
        kind = "the target's architecture" if one.nearest else "another architecture"
        return (
            f"On this machine ({one.where}, {kind}) {name} took {share} times the time of "
            f"{one.over}. {worth}"
        )
    cores = "the target's cores" if one.nearest else "other cores of its architecture"
    return (
        f"Published for {fmt.count(one.n, 'model')} on {cores} ({one.where}): {name} took {share} "
        f"times the time of {one.over}. {worth}"
    )


def short(one: Expected) -> str:
    """What an expected time rests on, in a few words; weights where there are several."""
    return "; ".join(_short(evidence) for evidence in one.evidence)


def _short(one: Evidence) -> str:
    if one.kind == "profile":
        return "the order of the profile"
    if one.kind == "unknown":
        return f"taken to be as fast as {one.over}"
    weight = f" ({fmt.share(one.weight)} of the weight)" if one.weight < 1 else ""
    told = f"{fmt.ratio(one.times)} the time of {one.over}"
    if one.kind == "timed-here":
        return f"here {told}{weight}"
    return f"published for {fmt.count(one.n, 'model')} on {one.where}: {told}{weight}"


def settle(suggestion: Suggestion) -> str:
    """The commands that would settle it."""
    if suggestion.link == "none":
        return "To settle the suggestion, time the model on such a device: edgeopt reaches none."
    link = "adb://SERIAL" if suggestion.link == "adb" else "ssh://USER@HOST"
    return (
        f"To settle the suggestion: `edgeopt devices add NAME {link}`, then this call again with "
        "`--device NAME`, or `edgeopt bench FILES --device NAME`."
    )


def brief(run: Run) -> Iterator[str]:
    """What a run's short form says of its suggestions: why, for one target, and what settles it."""
    found = [one.suggestion for one in run.choices if one.suggestion and one.recipe_id]
    if len(run.request.targets) == 1:
        yield from (line for one in run.choices for line in [*reasons(one)][:1])
    if found:
        yield settle(next((one for one in found if one.link != "none"), found[0]))
