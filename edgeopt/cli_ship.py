"""`edgeopt ship`. Heavy rooms are imported in the command."""

from __future__ import annotations

from pathlib import Path

import click

from edgeopt.command import Command
from edgeopt.console import print_json, say


@click.command(cls=Command, short_help="Make the bundle of another candidate.")
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("row")
@click.option("--target", help="A target of the run, where it has several.")
@click.option(
    "--out", type=click.Path(path_type=Path), help="The bundle's folder.  [RUN/TARGET-RECIPE]"
)
@click.option("--json", "as_json", is_flag=True, help="Print what was written as JSON.")
def ship(run: Path, row: str, target: str | None, out: Path | None, as_json: bool) -> None:
    """Write the bundle of ROW of a finished RUN: its number in the table, or words of its title."""
    from edgeopt.pipeline import shipping

    found = shipping.ship(run, row, target, out)
    if as_json:
        recipe_id, title = found.record.recipe_id, found.record.title
        print_json(
            {
                "folder": str(found.folder),
                "recipe_id": recipe_id,
                "title": title,
                "misses": found.misses,
            }
        )
        return
    say(f"{found.record.title}: {found.folder}")
    for miss in found.misses:
        say(f"! {miss}")
