"""What the user leaves of the space of recipes; empty: all of it."""

from __future__ import annotations

from edgeopt.domain.model import Value


class SpaceAsked(Value, kw_only=True, frozen=True):
    """Bounds of the space.

    Attributes:
        runtimes, precisions: only these; (): every one.
        without: runtimes and precisions that are not tried.
        threads: these numbers in place of the profile's; (): the profile's.
    """

    runtimes: tuple[str, ...] = ()
    precisions: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    threads: tuple[int, ...] = ()

    def excludes(self, runtime: str, precision: str) -> tuple[str, tuple[str, ...]] | None:
        """The field that keeps a recipe out, with its names; None where it is in the space."""
        if self.runtimes and runtime not in self.runtimes:
            return "runtimes", self.runtimes
        if self.precisions and precision not in self.precisions:
            return "precisions", self.precisions
        named = tuple(name for name in self.without if name in (runtime, precision))
        return ("without", named) if named else None
