"""The tables of `edgeopt targets`."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from edgeopt import targets
from edgeopt.domain.target import Profile
from edgeopt.domain.visible import lines
from edgeopt.report.facts import facts

if TYPE_CHECKING:
    from rich.console import Group
    from rich.table import Table

    from edgeopt.report.shown import Fitting


class TargetRow(NamedTuple):
    """One target: `here` is "measured" or "converted"."""

    name: str
    title: str
    arch: str
    runtimes: tuple[str, ...]
    here: str


def rows(machine: dict[str, Any]) -> list[TargetRow]:
    """Every shipped profile, and what can be done for it on this machine."""
    found = []
    for name in targets.names():
        profile = targets.load(name)
        if name == "this-machine":
            profile = targets.probe(profile, machine)
        here = "measured" if targets.matches(profile, machine) else "converted"
        found.append(TargetRow(name, profile.title, profile.arch, _runtimes(profile), here))
    return found


def _runtimes(profile: Profile) -> tuple[str, ...]:
    return tuple(dict.fromkeys(rule.runtime for rule in profile.recipes))


HERE = "measured: this machine is of that kind; converted: made, checked and scored here, not timed"
MORE = "`edgeopt targets show NAME` has the runtimes, the facts and their sources"


def render(found: list[TargetRow]) -> Fitting:
    """For a terminal."""
    from edgeopt.report.shown import Fitting

    forms = (("arch", "runtimes"), ("arch",), ())
    return Fitting(*(partial(_table, found, more) for more in forms))


def _table(found: list[TargetRow], more: tuple[str, ...]) -> Table:
    """The targets with `more` of what is known of them, a line for each."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, caption=lines(HERE, MORE), caption_justify="left")
    table.add_column("target", no_wrap=True)  # what is typed after --target
    for heading in ("hardware", *more, "from here"):
        table.add_column(heading, overflow="fold")
    for row in found:
        style = "green" if row.here == "measured" else None
        known = {"arch": row.arch, "runtimes": ", ".join(row.runtimes)}
        cells = (row.name, row.title, *map(known.__getitem__, more), row.here)
        table.add_row(*cells, style=style)
    return table


def show(profile: Profile) -> Group:
    """One profile for a terminal: facts with their basis and source, recipes, traps."""
    from rich.console import Group
    from rich.table import Table

    from edgeopt.report.shown import Text

    head = Text.assemble((profile.title, "bold"), lines(f"  ({profile.name})", profile.summary, ""))
    figures = Table(box=None, pad_edge=False, title="Facts", title_justify="left")
    for heading in ("fact", "value", "basis", "source"):
        figures.add_column(heading, overflow="fold")
    for fact in facts(profile):
        figures.add_row(fact.name, fact.value, fact.basis, fact.source)
    recipes = Table(
        box=None, pad_edge=False, title=lines("", "Recipes, in order"), title_justify="left"
    )
    for heading in ("runtime", "precision", "needs", "why"):
        recipes.add_column(heading, overflow="fold")
    for rule in profile.recipes:
        needs = " or ".join(rule.needs_any)
        recipes.add_row(rule.runtime, rule.precision, needs, rule.why)
    left = Table(box=None, pad_edge=False, title=lines("", "Left out"), title_justify="left")
    for heading in ("runtime", "precision", "reason"):
        left.add_column(heading, overflow="fold")
    for rule_out in profile.left_out:
        left.add_row(rule_out.runtime, rule_out.precision, rule_out.reason)
    notes = Text(lines("", *(f"- {note}" for note in profile.notes)))
    return Group(head, figures, recipes, left, notes)
