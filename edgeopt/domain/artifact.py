"""An artifact: the converted model on disk, known by its content."""

from __future__ import annotations

from edgeopt.domain.model import Value
from edgeopt.domain.recipe import Recipe
from edgeopt.domain.tensor import Binding


class Artifact(Value, kw_only=True, frozen=True):
    """A converted model.

    Attributes:
        path: the file a session opens, relative to the run's folder.
        files: every file that belongs to it (path below its folder -> sha256).
        sha256: of the file, or of the lines "sha256  name" where it is several files.
        size_bytes: of all its files together.
        source_sha256: of the source model it was made from.
        tools: package -> version of what made it.
        notes: what the conversion wants the user to know.
    """

    recipe: Recipe
    path: str
    files: dict[str, str]
    sha256: str
    size_bytes: int
    inputs: tuple[Binding, ...]
    outputs: tuple[Binding, ...]
    source_sha256: str
    tools: dict[str, str]
    convert_s: float
    notes: tuple[str, ...] = ()
