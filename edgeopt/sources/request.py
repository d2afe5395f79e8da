"""What a format's file is asked in a child process."""

from __future__ import annotations

from pathlib import Path

from edgeopt.domain.model import Value
from edgeopt.domain.open_axis import KeptAxis
from edgeopt.sources.source import OpenSpec


class InspectRequest(Value, kw_only=True, frozen=True):
    """To say what a file takes.

    Attributes:
        format: a name of `formats.FORMATS`.
        trust: code inside the file may run.
    """

    path: str
    format: str = ""
    trust: bool = False


class PrepareRequest(Value, kw_only=True, frozen=True):
    """To write the forms of a model with fixed shapes.

    Attributes:
        inputs: as `inspect` found them. A file that states no dtype takes float32.
        shapes: the fixed shape of each.
        folder: where the forms are written.
        sample: an .npz with one sample of each input; None: zeros.
        kept: an axis that stays open; `shapes` have its largest size.
        trials: an .npz with a few samples [n, *shape] of each; None: only the one.
    """

    path: str
    format: str = ""
    inputs: tuple[OpenSpec, ...] = ()
    shapes: dict[str, tuple[int, ...]]
    folder: str
    trust: bool = False
    sample: str | None = None
    trials: str | None = None
    kept: KeptAxis | None = None

    @property
    def place(self) -> Path:
        """The folder."""
        return Path(self.folder)
