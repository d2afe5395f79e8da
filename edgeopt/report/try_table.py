"""The screen of `edgeopt try`: what is fastest here, what data would add, and the call to go on.

Rich is imported when it is made.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING

from edgeopt.domain.record import Record
from edgeopt.domain.run import Run
from edgeopt.report import float_words, promise, roof_words
from edgeopt.report import format as fmt
from edgeopt.report.inspect_table import kind_words
from edgeopt.search.choose import better, qualifies

if TYPE_CHECKING:
    from rich.console import Group, RenderableType
    from rich.table import Table

    from edgeopt.report.shown import Text

#: Forms that are shown, each at its fastest; characters of a reason's line, and reasons.
MOST, LONGEST = 7, 78
REASONS = 2
_VERDICTS = {"EQUIVALENT": "≈", "INCONCLUSIVE": "?"}


def render(run: Run, command: str, cores: int) -> Group:
    """All of it, within 80 columns and about 25 lines.

    Args:
        command: the `optimize` line to go on with.
    """
    from rich.console import Group

    forms = _forms(run)
    parts: list[RenderableType] = [*_head(run, cores), _text("")]
    if not forms:
        parts.append(_text(run.choices[0].why if run.choices else "Nothing was timed.", "yellow"))
    else:
        parts += [_text(line) for line in _answer(run, forms)]
        parts += [_text(""), _table(run, _shown(run, forms)), *_legend(run, _shown(run, forms))]
    parts += [_text(line, "dim") for line in _left(run, len(forms) - MOST)]
    parts += [_text(_added(run, forms)), _text("Go on with:", "bold"), _line(command)]
    return Group(*parts)


def _head(run: Run, cores: int) -> Iterator[Text]:
    """What was tried, and how."""
    name, here = PurePath(run.source.path).name, fmt.count(cores, "core")
    yield _text(f"{name} on this machine ({here}): random inputs, so no scores.", "bold")
    seems = f"It {kind_words(run.data.seems)}. " if run.data.seems else ""
    inputs = "; ".join(map(str, run.source.inputs))
    yield _text(f"{seems}{'Input' if len(run.source.inputs) == 1 else 'Inputs'}: {inputs}.", "dim")
    for axis in run.source.open_axes:
        if axis.basis == "guessed":
            yield _text(
                f"! Axis {axis.axis} of {axis.input} is open ({axis.name}): tried with "
                f"{axis.size}. --shape says another.",
                "yellow",
            )


def _forms(run: Run) -> list[Record]:
    """The record of each form that was timed, the fastest first.

    That is the chosen or the baseline, where the form has one of them, else its fastest.
    """
    choice = run.choices[0] if run.choices else None
    named = (choice.recipe_id, choice.baseline_id) if choice else ()
    best: dict[str, Record] = {}
    timed = [one for one in run.records if one.measured and one.recipe and one.status == "ok"]
    for one in sorted(timed, key=lambda one: (one.recipe_id not in named, _p50(one))):
        assert one.recipe is not None
        best.setdefault(one.recipe.conversion_id, one)
    return sorted(best.values(), key=_p50)


def _shown(run: Run, forms: Sequence[Record]) -> list[Record]:
    """The first of them, with the chosen and the baseline."""
    choice = run.choices[0]
    needed = [one for one in forms if one.recipe_id in (choice.recipe_id, choice.baseline_id)]
    others = [one for one in forms if one not in needed][: MOST - len(needed)]
    return [one for one in forms if one in needed or one in others]


def _p50(record: Record) -> float:
    return record.measured.p50 if record.measured else 0.0


def _answer(run: Run, forms: Sequence[Record]) -> Iterator[str]:
    """The fastest whose answers are the source's, its roof, and what 8 bits may give."""
    chosen = run.chosen
    if chosen is not None:
        tied = float_words.tied(run, chosen)
        told = (_speed(run, chosen), promise.tied_words(tied, chosen))
        yield f"{float_words.lead(tied).capitalize()}: {'; '.join(filter(None, told))}."
        yield from _weight(chosen)
        if roof := roof_words.line(run.choices[0].roof):
            yield roof
    limits = run.request.constraints
    unsure = [one for one in forms if not (one.latency_only or qualifies(one, limits))]
    baseline = run.choices[0].baseline_id
    if unsure and (chosen is None or better(unsure[0], chosen, baseline)):
        yield f"Faster, if data shows that it loses little: {_speed(run, unsure[0])}."


def _speed(run: Run, record: Record) -> str:
    """ "openvino bf16, 2 threads, 0.31 ms, 1.9 times as fast as onnxruntime fp32"."""
    threads = fmt.count(record.recipe.threads if record.recipe else 1, "thread")
    told = f"{record.name}, {threads}, {fmt.ms(_p50(record))}"
    verdict = record.versus_baseline
    over = run.record(record.target, verdict.over) if verdict else None
    if verdict is None or over is None:
        return f"{told}, the baseline"
    if verdict.word == "EQUIVALENT":
        return f"{told}, as fast as {over.name}"
    unsure = " (not certain)" if verdict.word == "INCONCLUSIVE" else ""
    return f"{told}, {fmt.ratio(verdict.ratio)} as fast as {over.name}{unsure}"


def _weight(record: Record) -> Iterator[str]:
    """Its size, load time and memory, as far as they are known."""
    told = [f"It weighs {fmt.size(record.size_bytes)}"] if record.size_bytes else []
    if record.executed and record.executed.load_ms is not None:
        told.append(f"loads in {fmt.ms(record.executed.load_ms)}")
    if record.executed and record.executed.memory_bytes is not None:
        told.append(f"takes {fmt.size(record.executed.memory_bytes)} of memory")
    if told:
        yield f"{', '.join(told)}."


def _table(run: Run, forms: Sequence[Record]) -> Table:
    from rich.table import Table

    from edgeopt.report.shown import Text

    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="dim")
    table.add_column("", no_wrap=True)
    table.add_column("runtime, precision", overflow="fold")
    for head in ("thr", "p50", "×base", "size", "load", "memory"):
        table.add_column(head, justify="right", no_wrap=True)
    for one in forms:
        chosen = run.chosen is not None and one.recipe_id == run.chosen.recipe_id
        style = "bold green" if chosen else "dim" if one.latency_only else ""
        table.add_row(*(Text(cell) for cell in _cells(run, one)), style=style)
    return table


def _cells(run: Run, one: Record) -> Iterator[str]:
    baseline = run.choices[0].baseline_id if run.choices else None
    chosen = run.chosen.recipe_id if run.chosen else None
    signs = [("✓", one.recipe_id == chosen), ("b", one.recipe_id == baseline)]
    yield "".join(sign for sign, holds in [*signs, ("*", one.latency_only)] if holds)
    yield one.name
    yield str(one.recipe.threads if one.recipe else fmt.DASH)
    yield fmt.ms(_p50(one))
    verdict = one.versus_baseline
    yield f"{_VERDICTS.get(verdict.word, '')}{fmt.ratio(verdict.ratio)}" if verdict else fmt.DASH
    yield fmt.size(one.size_bytes)
    yield fmt.ms(one.executed.load_ms if one.executed else None)
    yield fmt.size(one.executed.memory_bytes if one.executed else None)


def _legend(run: Run, forms: Sequence[Record]) -> Iterator[Text]:
    """What the signs mean, of those that occur."""
    words = {one.versus_baseline.word for one in forms if one.versus_baseline}
    tied = float_words.tied(run, run.chosen) if run.chosen else None
    told = [f"✓ {float_words.lead(tied)}", "b baseline"]
    told += ["≈ as fast"] * ("EQUIVALENT" in words) + ["? not certain"] * ("INCONCLUSIVE" in words)
    yield _text("  ".join(told), "dim")
    if any(one.latency_only for one in forms):
        yield _text("* latency only: its ranges come from random inputs, so never ship it", "dim")


def _left(run: Run, more: int) -> Iterator[str]:
    """What failed or was not tried, a line a reason; first of runtimes that have no row at all."""
    shown = {one.runtime for one in run.records if one.measured}
    because: dict[str, dict[str, None]] = {}
    lost = [one for one in run.records if one.status not in ("ok", "converted")]
    absent: set[str] = set()  # one reason each: fp32's, since the other forms need more
    for one in sorted(lost, key=lambda one: (one.runtime in shown, one.precision != "fp32")):
        if one.runtime not in shown:
            if one.runtime not in absent:
                because.setdefault(one.reason, {})[one.runtime] = None
            absent.add(one.runtime)
        elif one.status != "skipped":
            because.setdefault(one.reason, {})[one.name] = None
    for reason, names in list(because.items())[:REASONS]:
        yield _cut(f"Without {', '.join(names)}: {reason}")
    hidden = sum(one.runtime in shown and one.status == "skipped" for one in lost)
    hidden += len(because) - REASONS if len(because) > REASONS else 0
    beside = [
        *([fmt.count(more, "more form")] if more > 0 else []),
        *([f"{fmt.count(hidden, 'form')} not tried"] if hidden else []),
    ]
    if beside:
        yield f"In the report: {', '.join(beside)}"


def _cut(told: str) -> str:
    """The beginning, up to the end of a word."""
    if len(told) <= LONGEST:
        return told.rstrip(".")
    return f"{told[: told.rfind(' ', 0, LONGEST)].rstrip(' :,;')} …"


def _added(run: Run, forms: Sequence[Record]) -> str:
    """What data would add."""
    static = next((one for one in forms if one.latency_only), None)
    gain = ""
    if static is not None and static.versus_baseline is not None:
        sure = "" if static.versus_baseline.word == "FASTER" else ", not certain"
        gain = f" ({fmt.ratio(static.versus_baseline.ratio)}{sure})"
    if static is not None and run.chosen is not None and _p50(static) >= _p50(run.chosen):
        gain = " (no faster here)"
    return f"With data: what each form loses, static int8{gain}, a bundle."


def _line(command: str) -> Text:
    """To be copied as one line."""
    from edgeopt.report.shown import Text

    return Text(f"  {command}", no_wrap=True, overflow="ignore")


def _text(line: str, style: str = "") -> Text:
    from edgeopt.report.shown import Text

    return Text(line, style=style)
