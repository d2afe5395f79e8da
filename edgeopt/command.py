"""Commands that refuse, before anything is done, values that no option can have.

An option that is empty comes from a shell variable that is not set, and must not mean that nothing
was asked for. What each number may be stands in `domain/bounds.py`, for Python's callers, too.
"""

from __future__ import annotations

import math
from typing import Any

import click

from edgeopt.domain.errors import BadInput

#: Longer than any path that Linux takes.
MAX_CHARACTERS = 4096


class Command(click.Command):
    """A command whose values are looked at, whichever options it has."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click's, after a look at each value as it was written."""
        if not ctx.resilient_parsing:
            given, _, _ = self.make_parser(ctx).parse_args(args=list(args))
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


def _called(param: click.Parameter) -> str:
    return (
        max(param.opts, key=len) if isinstance(param, click.Option) else (param.name or "").upper()
    )


def _texts(value: Any) -> list[str]:
    return [one for one in _all(value) if isinstance(one, str)]


def _all(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]
