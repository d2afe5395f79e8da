"""What is run or timed: an artifact, opened in a runtime with its options."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edgeopt.domain.artifact import Artifact
from edgeopt.domain.recipe import Recipe
from edgeopt.domain.tensor import Binding


@dataclass(frozen=True)
class Subject:
    """One thing to run.

    Attributes:
        key: the recipe's id.
        title: for people.
        path: the file a session opens, on the host.
        inputs: bindings of the artifact's inputs, in the order of its session.
        folder: what travels to a device, with a file of the same name in it; None: the folder
            that `path` is in, which is the model's own.
        affinity: which cores the runner keeps to (`runner/affinity.py`).
        items: samples that one run takes at once.
        size: of the axis that is open, at which it is timed; 0: the largest that is stated.
        served: its runs are from a photo to an answer: what `runner/end_to_end.py` takes.
    """

    key: str
    title: str
    runtime: str
    path: Path
    threads: int
    inputs: tuple[Binding, ...]
    outputs: tuple[Binding, ...]
    options: dict[str, str | int] = field(default_factory=dict)
    folder: Path | None = None
    affinity: str = "any"
    served: dict[str, Any] | None = None
    items: int = 1
    size: int = 0

    @classmethod
    def of(cls, recipe: Recipe, artifact: Artifact, path: Path) -> Subject:
        """A candidate's artifact, opened as its recipe says; `path` is where its file lies."""
        return cls(
            key=recipe.id,
            title=str(recipe),
            runtime=recipe.runtime,
            path=path,
            threads=recipe.threads,
            inputs=artifact.inputs,
            outputs=artifact.outputs,
            options=dict(recipe.options),
            affinity=recipe.affinity,
            items=recipe.batch,
        )

    @property
    def home(self) -> Path:
        """The folder that travels."""
        return self.folder or self.path.parent
