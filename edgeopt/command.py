"""Commands that refuse, before anything is done, values that no option can have.

An option that is empty comes from a shell variable that is not set, and must not mean that nothing
was asked for. What each number may be stands in `domain/bounds.py`, for Python's callers, too.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable
from typing import Any

import click

from edgeopt.domain.errors import BadInput
from edgeopt.jobs import system

#: How much of a word must be right for it to be taken for another.
NEAR = 0.75

#: Longer than any path that Linux takes.
MAX_CHARACTERS = 4096


class Command(click.Command):
    """A command whose values are looked at, whichever options it has."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click's, after a look at each value as it was written."""
        if not ctx.resilient_parsing:
            try:
                given, _, _ = self.make_parser(ctx).parse_args(args=list(args))
            except click.NoSuchOption as error:
                raise _no_option(error, self.get_params(ctx)) from None
            for param in self.get_params(ctx):
                for text in _texts(given.get(param.name or "")):
                    refuse(_called(param), text)
        rest = super().parse_args(ctx, args)
        for param in self.get_params(ctx):
            for value in _all(ctx.params.get(param.name or "")):
                if isinstance(value, float) and not math.isfinite(value):
                    raise BadInput(
                        f"{_called(param)} must be a finite number, but got {value}.",
                        "Leave it out where there is no limit.",
                    )
        return rest

    def invoke(self, ctx: click.Context) -> Any:
        """As click's, on a system where it can be done."""
        system.require()
        if note := system.note():
            from edgeopt.console import say

            say(f"note: {note}", error=True)
        return super().invoke(ctx)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """As click's, under a heading for each group."""
        groups: dict[str, list[tuple[str, str]]] = {}
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            if record is not None and isinstance(param, click.Option):
                groups.setdefault(getattr(param, "group", "") or "Options", []).append(record)
        for heading, records in groups.items():
            with formatter.section(heading):
                formatter.write_dl(records)


class GroupedOption(click.Option):
    """An option that `--help` shows under a heading of its own."""

    def __init__(self, *names: Any, group: str, **settings: Any) -> None:
        super().__init__(*names, **settings)
        self.group = group


def under(group: str) -> Callable[..., Callable[..., Any]]:
    """`click.option` for the options below one heading."""

    def option(*names: str, **settings: Any) -> Callable[..., Any]:
        return click.option(*names, cls=GroupedOption, group=group, **settings)

    return option


class Group(click.Group):
    """A group of such commands."""

    command_class = Command


Group.group_class = Group


def refuse(name: str, text: str) -> None:
    """Refuse a value that no option can have.

    Raises:
        BadInput: it is empty, too long, or no text.
    """
    if not text.strip():
        raise BadInput(
            f"{name} is empty.",
            "Is a shell variable not set? Give it a value, or leave it out.",
        )
    if len(text) > MAX_CHARACTERS:
        raise BadInput(
            f"{name} has {len(text):,} characters ({text[:20]!r}...).",
            f"Nothing takes more than {MAX_CHARACTERS:,}.",
        )
    try:
        text.encode()
    except UnicodeEncodeError:
        raise BadInput(
            f"{name} is not UTF-8 text: {text[:200]!r}.", "Rename the file, or write it as UTF-8."
        ) from None


def _no_option(error: click.NoSuchOption, params: list[click.Parameter]) -> click.UsageError:
    """The same, with the nearest option: by its letters, since all begin with dashes."""
    known = {opt.lstrip("-"): opt for param in params for opt in param.opts if opt[:2] == "--"}
    near = difflib.get_close_matches(error.option_name.lstrip("-"), known, n=1, cutoff=NEAR)
    hint = f" Did you mean {known[near[0]]}?" if near else ""
    return click.UsageError(f"No such option: {error.option_name}.{hint}", error.ctx)


def _called(param: click.Parameter) -> str:
    return (
        max(param.opts, key=len) if isinstance(param, click.Option) else (param.name or "").upper()
    )


def _texts(value: Any) -> list[str]:
    return [one for one in _all(value) if isinstance(one, str)]


def _all(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]
