"""`edgeopt setup`. Heavy rooms are imported in the command."""

from __future__ import annotations

from pathlib import Path

import click

from edgeopt.command import Command
from edgeopt.console import console, print_json, progress, say


@click.command(cls=Command, short_help="Fetch now what later runs need.")
@click.option(
    "--offline",
    metavar="FOLDER",
    type=click.Path(file_okay=False, path_type=Path),
    help="Gather it in FOLDER, for machines without a network.  [make it ready here]",
)
@click.option(
    "--target",
    "targets",
    multiple=True,
    help="Repeatable. For 64-bit ARM: the files of emulated boards; with --offline also wheels "
    "for the board.",
)
@click.option(
    "--board-python",
    "pythons",
    multiple=True,
    default=("3.11",),
    metavar="VERSION",
    help="The Python of such boards; repeatable.  [3.11]",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def setup(
    ctx: click.Context,
    offline: Path | None,
    targets: tuple[str, ...],
    pythons: tuple[str, ...],
    as_json: bool,
) -> None:
    """Fetch now what later runs need: onnx2tf's environment, ARM files, wheels for boards."""
    import msgspec

    from edgeopt.devices import offline as gathered
    from edgeopt.domain.finding import spoiled
    from edgeopt.report import doctor_table

    with progress() as listener:
        if offline is None:
            lines = gathered.make_ready(targets, listener)
        else:
            lines = gathered.gather(offline, targets, pythons, listener)
    if as_json:
        print_json(msgspec.to_builtins(lines))
    else:
        console().print(doctor_table.table(lines))
        if offline is not None:
            say(f"Without a network: EDGEOPT_OFFLINE={offline.resolve()} edgeopt ...")
    ctx.exit(1 if spoiled(lines) else 0)
