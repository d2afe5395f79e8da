"""The table of `edgeopt doctor`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import msgspec

from edgeopt.domain.finding import Diagnosis, Finding
from edgeopt.domain.visible import lines

if TYPE_CHECKING:
    from rich.console import Group
    from rich.table import Table

STYLES = {"ok": "green", "warning": "yellow", "failed": "bold red", "unknown": "dim"}
VERDICTS = {
    True: "Not fit for measuring: what is taken now is spoiled by what failed above.",
    False: "Fit for measuring. Warnings make noise: ratios hold under it, milliseconds may not.",
}


def render(diagnosis: Diagnosis) -> Group:
    """One line for each check, for a terminal; what to do stands below what was found."""
    from rich.console import Group

    from edgeopt.report.shown import Text

    title = Text(lines(_name(diagnosis), ""), style="bold")
    return Group(title, table(diagnosis.findings), Text(lines("", VERDICTS[diagnosis.failed])))


def table(findings: Iterable[Finding]) -> Table:
    """The lines alone."""
    from rich.table import Table

    from edgeopt.report.shown import Text

    table = Table(box=None, pad_edge=False)
    for heading in ("check", "state"):
        table.add_column(heading, no_wrap=True)
    table.add_column("found", overflow="fold", ratio=1)
    for finding in findings:
        words = Text(finding.found)
        if finding.advice and finding.state != "ok":
            words.append(lines("", f"→ {finding.advice}"), style="bold")
        table.add_row(finding.check, Text(finding.state, STYLES[finding.state]), words)
    return table


def _name(diagnosis: Diagnosis) -> str:
    machine = diagnosis.machine
    model = machine["board"] or machine["cpu_model"] or "unknown machine"
    system = f"{machine['os']} {machine['kernel']}"
    return f"{diagnosis.device}: {model}, {machine['cores']} cores, {system}"


def as_data(diagnosis: Diagnosis) -> dict[str, Any]:
    """The same as plain data, with every reading."""
    return {
        "v": 1,
        "device": diagnosis.device,
        "failed": diagnosis.failed,
        "findings": msgspec.to_builtins(diagnosis.findings),
        "machine": diagnosis.machine,
        "health": diagnosis.health,
        "canary": diagnosis.canary,
    }
