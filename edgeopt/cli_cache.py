"""`edgeopt cache`: what earlier runs left for later ones. Heavy rooms are imported in commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from edgeopt.command import Group
from edgeopt.console import console, print_json, say

if TYPE_CHECKING:
    from edgeopt.store.results_cache import ResultsCache


@click.group(
    "cache", cls=Group, invoke_without_command=True, short_help="Results that later runs use again."
)
@click.pass_context
def cache(ctx: click.Context) -> None:
    """Show or clean up the results that later runs use again. Alone: the same as `list`."""
    if ctx.invoked_subcommand is None:
        ctx.invoke(list_results, as_json=False)


@cache.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_results(as_json: bool) -> None:
    """List the results, the most recently used first."""
    import msgspec

    from edgeopt.report import cache_table

    entries = [found.entry for found in _opened().entries()]
    if as_json:
        print_json(msgspec.to_builtins(entries))
    else:
        console().print(cache_table.listed(entries))


@cache.command("size")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def size(as_json: bool) -> None:
    """Say how much disk space the results take."""
    from edgeopt.report import cache_table

    results = _opened()
    entries = [found.entry for found in results.entries()]
    if as_json:
        rows = cache_table.rows(entries)
        print_json({"place": str(results.place), "kinds": [row._asdict() for row in rows]})
    else:
        console().print(cache_table.sizes(entries, str(results.place)))


@cache.command("prune")
@click.option(
    "--to",
    "most",
    default="0",
    show_default=True,
    help="Keep at most this much: 2GB; 0 keeps nothing.",
)
@click.option(
    "--unused",
    type=click.FloatRange(0),
    metavar="DAYS",
    help="Remove only what was not used for so many days.",
)
def prune(most: str, unused: float | None) -> None:
    """Remove results, the least recently used first. Without options: all of them."""
    from edgeopt import parse
    from edgeopt.report import cache_table
    from edgeopt.store import results_cache

    unbounded = unused is not None and most == "0"
    limit = results_cache.UNBOUNDED if unbounded else parse.figure("left_bytes", most)
    oldest_s = None if unused is None else unused * 86400.0
    say(cache_table.removed(_opened().prune(limit, oldest_s)))


@cache.command("verify")
@click.pass_context
def verify(ctx: click.Context) -> None:
    """Check every file by its SHA-256, and remove damaged ones. They are made again when needed."""
    from edgeopt.report import cache_table

    whole, damaged = _opened().verify()
    say(cache_table.verified(whole, damaged))
    ctx.exit(1 if damaged else 0)


def _opened() -> ResultsCache:
    """The cache. Raises BadInput where none is kept."""
    from edgeopt.domain.errors import BadInput
    from edgeopt.store import results_cache

    place = results_cache.root()
    if place is None:
        setting = results_cache.SETTING
        raise BadInput(f"{setting} is off: no results are kept.", f"Unset {setting}.")
    return results_cache.ResultsCache(place)
