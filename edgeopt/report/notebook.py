"""A run in a notebook: one line, and a small table of HTML."""

from __future__ import annotations

from html import escape

from edgeopt.domain.record import Record
from edgeopt.domain.run import Run
from edgeopt.domain.visible import visible
from edgeopt.report import format as fmt
from edgeopt.report.answer import answer

MOST_ROWS = 10


def line(run: Run) -> str:
    """What was found, in one line for a prompt."""
    told = "; ".join(f"{target}: {answer(run, target)}" for target in run.request.targets)
    count = fmt.count(len(run.records), "candidate")
    return visible(f"<edgeopt run of {run.request.source}, {count}, in {run.folder}. {told}>")


def table(run: Run) -> str:
    """The answers, and the candidates that were scored: the fastest first, ten a target."""
    parts = [f"<p><b>edgeopt</b> {_text(run.request.source)}</p>"]
    for target in run.request.targets:
        parts.append(f"<p><b>{_text(target)}</b>: {_text(answer(run, target))}</p>")
        found = [r for r in run.records if r.target == target and r.score is not None]
        found.sort(key=lambda r: r.measured.p50 if r.measured else float("inf"))
        choice = run.choice(target)
        rows = "".join(_row(r, bool(choice and r.recipe_id == choice.recipe_id))
                       for r in found[:MOST_ROWS])  # fmt: skip
        parts.append(f"<table><tr>{_HEAD}</tr>{rows}</table>")
        if len(found) > MOST_ROWS:
            parts.append(f"<p>{len(found) - MOST_ROWS} more: to_pandas() has all of them.</p>")
    return "".join(parts)


_HEAD = "".join(
    f"<th style='text-align:left'>{name}</th>"
    for name in ("", "candidate", "p50", "as fast as the baseline", "lost", "size")
)


def _row(record: Record, chosen: bool) -> str:
    latency = record.measured
    cells = (
        "✓" if chosen else "",
        record.title,
        str(fmt.ms(latency.p50)) if latency else "not timed",
        str(fmt.ratio(record.versus_baseline.ratio)) if record.versus_baseline else "",
        fmt.lost(record.drop) if record.drop else "",
        str(fmt.size(record.size_bytes)) if record.size_bytes is not None else "",
    )
    return "<tr>" + "".join(f"<td>{_text(cell)}</td>" for cell in cells) + "</tr>"


def _text(text: str) -> str:
    return escape(visible(text))
