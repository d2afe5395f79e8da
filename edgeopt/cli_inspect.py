"""`edgeopt inspect`. Heavy rooms are imported in the command."""

from __future__ import annotations

from pathlib import Path

import click

from edgeopt.command import Command
from edgeopt.console import console, print_json, progress


@click.command(cls=Command)
@click.argument("model", type=click.Path(path_type=Path))
@click.option("--target", default="this-machine", show_default=True, help="Whose runtimes to ask.")
@click.option(
    "--shape", "shapes", multiple=True, metavar="NAME=1x3x224x224", help="Fix a shape. Repeatable."
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
    """Say what MODEL is, what it costs, and what each runtime says to it; measure nothing."""
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
        console().print(inspect_table.render(found))
    ctx.exit(0 if found.suitable else 1)
