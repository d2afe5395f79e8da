"""`edgeopt roof`. Heavy rooms are imported in the command."""

from __future__ import annotations

import contextlib

import click

from edgeopt.command import Command
from edgeopt.console import console, print_json, progress


@click.command(cls=Command, short_help="Measure the peak speeds of a device.")
@click.option("--device", default="local", help="A device's name or link.  [this machine]")
@click.option(
    "--threads",
    multiple=True,
    type=click.IntRange(1),
    help="Number of threads. Repeatable.  [1, and all cores]",
)
@click.option("--again", is_flag=True, help="Measure again, even if the result is kept.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def roof(device: str, threads: tuple[int, ...], again: bool, as_json: bool) -> None:
    """Measure the peak speeds of a device: multiply-adds a second, and bytes a second.

    `explain`, reports and model cards say what share of these a model reaches. It takes about a
    minute for each number of threads, once; the result is kept.
    """
    import msgspec

    from edgeopt.benchmarking import roofs
    from edgeopt.devices.resolve import resolve
    from edgeopt.report import roof_table

    with contextlib.closing(resolve(device)) as reached, progress() as listener:
        found = roofs.measured(reached, threads, listener, again=again)
    if as_json:
        print_json(msgspec.to_builtins(found))
    else:
        for one in found:
            console().print(roof_table.render(one))
            console().print()
