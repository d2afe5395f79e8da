"""`edgeopt try`, which a model's path alone means, too. Heavy rooms are imported in the command."""

from __future__ import annotations

from pathlib import Path

import click

from edgeopt.command import Command
from edgeopt.console import console, print_json, progress, say


@click.command("try", cls=Command, short_help="Time a model on this machine, without data.")
@click.argument("model", type=click.Path(path_type=Path))
@click.option(
    "--shape",
    "shapes",
    multiple=True,
    metavar="NAME=1x3x224x224",
    help="Fix the open shape of an input. Repeatable.",
)
@click.option("--trust", is_flag=True, help="Run code inside the model's file.")
@click.option("--again", is_flag=True, help="Measure again.")
@click.option("--out", type=click.Path(path_type=Path), help="Its folder.  [runs/MODEL-try]")
@click.option("--json", "as_json", is_flag=True, help="Print the run as JSON.")
@click.pass_context
def try_model(
    ctx: click.Context,
    model: Path,
    shapes: tuple[str, ...],
    trust: bool,
    again: bool,
    out: Path | None,
    as_json: bool,
) -> None:
    """Say what MODEL can do on this machine, in about a minute and without data.

    Times float forms, dynamic and weights-only int8 on random inputs. Static int8 is timed, too;
    it needs data before it can be shipped.
    """
    import msgspec

    from edgeopt import parse
    from edgeopt.pipeline import trying
    from edgeopt.report import try_table

    asked = trying.FirstLook(
        model=model,
        out=out or trying.out_of(model),
        shapes=parse.shapes(shapes),
        trust=trust,
        again=again,
    )
    with progress() as listener:
        tried = trying.look_at(asked, listener)
    if as_json:
        print_json({**msgspec.to_builtins(tried.run), "command": tried.command})
    else:
        shown = try_table.render(tried.run, tried.command, tried.cores)
        console().print(shown, crop=False)  # the call to go on with is one line, however long
        say(f"Report: {Path(tried.run.folder) / 'report.html'}")
    ctx.exit(0 if tried.run.qualified else 1)


def means_try(word: str) -> bool:
    """Whether a word that is no command is the path of a model: by its suffix, or a SavedModel."""
    from edgeopt.sources.formats import SAVED_MODEL, SUFFIXES

    path = Path(word)
    if path.suffix.lower() in SUFFIXES:
        return True
    try:
        return (path / SAVED_MODEL).is_file()
    except (OSError, ValueError):
        return False
