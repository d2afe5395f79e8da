"""Rich's text and console for words that come from outside. Rich is imported: import this late.

Nothing is read as markup (`[/red]`, `:smile:`), and what a terminal would obey is made visible.
No other file makes either; `tests/report/test_hostile_names.py` reads the code for it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

import rich.console
import rich.containers
import rich.measure
import rich.text

from edgeopt.domain.visible import visible
from edgeopt.report.unparted import together

_ENDLESS = 10_000
_HELD = "\ue000"  # stands for a space while lines are broken: rich breaks at U+00A0 as well


class Text(rich.text.Text):
    """As rich's, of visible characters. Line breaks come from `domain.visible.lines`."""

    def __init__(self, text: str = "", style: Any = "", **options: Any) -> None:
        super().__init__(visible(text), style, **options)

    def append(self, text: Any, style: Any = None) -> Self:
        """As rich's."""
        super().append(visible(text) if isinstance(text, str) else text, style)
        return self

    def wrap(
        self, console: rich.console.Console, width: int, **options: Any
    ) -> rich.containers.Lines:
        """As rich's; a figure is not parted from its unit."""
        held = self.copy()
        held.plain = together(self.plain, _HELD)
        lines = rich.text.Text.wrap(held, console, width, **options)
        for line in lines:
            line.plain = line.plain.replace(_HELD, " ")
        return lines


class Console(rich.console.Console):
    """As rich's; every string given to it, also in the cells of a table, is words alone."""

    def __init__(self, **options: Any) -> None:
        super().__init__(highlight=False, markup=False, emoji=False, **options)

    def render_str(self, text: str, **options: Any) -> rich.text.Text:
        """As rich's, whose tables and captions call it for each string."""
        options.update(markup=False, emoji=False, highlight=False)
        return super().render_str(visible(text), **options)


class Short:
    """The first of its forms that has at most so many lines on the console, else the last."""

    def __init__(self, most: int, *forms: Callable[[], rich.console.RenderableType]) -> None:
        self._most, self._forms = most, forms

    def __rich_console__(
        self, console: rich.console.Console, options: rich.console.ConsoleOptions
    ) -> rich.console.RenderResult:
        free = options.update(height=None)
        for make in self._forms[:-1]:
            shown = make()
            if len(console.render_lines(shown, free, pad=False)) <= self._most:
                yield shown
                return
        yield self._forms[-1]()


class Fitting:
    """A table in the first of its forms that is as narrow as the console, else in the last."""

    def __init__(self, *forms: Callable[[], rich.console.RenderableType]) -> None:
        self._forms = forms

    def __rich_console__(
        self, console: rich.console.Console, options: rich.console.ConsoleOptions
    ) -> rich.console.RenderResult:
        free = options.update(max_width=_ENDLESS)
        for make in self._forms[:-1]:
            shown = make()
            if rich.measure.Measurement.get(console, free, shown).maximum <= options.max_width:
                yield shown
                return
        yield self._forms[-1]()
