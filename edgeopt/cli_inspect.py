"""`edgeopt inspect`. Heavy rooms are imported in the command."""

from __future__ import annotations

from pathlib import Path

import click

from edgeopt.command import Command
from edgeopt.console import console, print_json, progress


@click.command(cls=Command, short_help="Say what a model is; measure nothing.")
@click.argument("model", type=click.Path(path_type=Path))
@click.option(
    "--target",
    default="this-machine",
    show_default=True,
    help="The target whose runtimes are looked at.",
)
@click.option(
    "--shape",
    "shapes",
    multiple=True,
    metavar="NAME=1x3x224x224",
    help="Fix the open shape of an input. Repeatable.",
)
@click.option("--trust", is_flag=True, help="Run code inside the model's file.")
@click.option("--json", "as_json", is_flag=True, help="Print what was found as JSON.")
@click.pass_context
def inspect(
    ctx: click.Context,
    model: Path,
    target: str,
    shapes: tuple[str, ...],
    trust: bool,
    as_json: bool,
) -> None:
    """Say what MODEL is, what it costs, and which runtimes take it; nothing is measured."""
    import msgspec

    from edgeopt import parse
    from edgeopt.pipeline import inspecting
    from edgeopt.report import inspect_table

    asked = inspecting.Question(
        model=model, target=target, shapes=parse.shapes(shapes), trust=trust
    )
    with progress() as listener:
        found = inspecting.inspect(asked, listener)
    if as_json:
        print_json(msgspec.to_builtins(found))
    else:
        # The call to go on with is one line, however long.
        console().print(inspect_table.render(found), crop=False)
    ctx.exit(0 if found.suitable else 1)
