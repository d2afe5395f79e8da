"""What is asked of many models alike: the target, the data, how answers are scored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

import edgeopt
from edgeopt import targets
from edgeopt.datasets import asked_task, load
from edgeopt.datasets.image_folder import Preprocessing
from edgeopt.datasets.preparation_asked import PreparationAsked
from edgeopt.domain import bounds
from edgeopt.domain.errors import BadInput
from edgeopt.domain.run import Constraints
from edgeopt.domain.task import TaskAsked
from edgeopt.pipeline.call import Call, limits
from edgeopt.pipeline.run_environment import tools
from edgeopt.tuning import forms, kinds, known


@dataclass(frozen=True)
class Asked:
    """See the module's head.

    Attributes:
        form: which forms are tried: see `forms.picked`.
        cache: earlier calls' figures may be used.
        step_timeout_s: of each conversion, and each question to a runner.
    """

    targets: tuple[str, ...]
    data: str | Path | Mapping[str, Any]
    metric: str | None = None
    constraints: Constraints = field(default_factory=Constraints)
    form: str | None = None
    devices: tuple[str, ...] = ()
    preprocessing: Preprocessing | PreparationAsked | None = None
    output: str | None = None
    shapes: dict[str, tuple[int, ...]] = field(default_factory=dict)
    trust: bool = False
    seed: int = 0
    step_timeout_s: float | None = None
    task: TaskAsked = field(default_factory=TaskAsked)
    cache: bool = True

    def __post_init__(self) -> None:
        """Refuse what cannot be asked, before anything is read, hashed or begun.

        Raises:
            BadInput: an argument of another kind, a number outside its bounds, no target, no data.
        """
        kinds.require_all(self)
        bounds.require_said("seed", self.seed)
        bounds.require("step_timeout_s", self.step_timeout_s)
        bounds.require_said("max_drop", self.constraints.max_drop)
        for name in ("max_size_bytes", "max_latency_ms"):
            bounds.require(name, getattr(self.constraints, name))
        if not self.targets:
            raise BadInput("no target is named.", "Say --target this-machine.")
        load.require_given(self.data)

    def require_known(self) -> None:
        """Refuse targets, forms and tasks that there are not, before a model is there.

        Raises:
            BadInput: see `targets.load_all`, `forms.require_known` and `asked_task.require`.
        """
        asked_task.require(self.task)
        forms.require_known(self.form, targets.load_all(self.targets))

    def call(self, model: Path, out: Path, trust: bool = False) -> Call:
        """The same asked of one model."""
        return Call(
            model=model,
            targets=self.targets,
            data=self.data,
            out=out,
            metric=self.metric,
            constraints=self.constraints,
            preprocessing=self.preprocessing,
            output=self.output,
            shapes=self.shapes,
            trust=self.trust or trust,
            seed=self.seed,
            devices=self.devices,
            pictures=False,
            task=self.task,
            **limits(self.step_timeout_s),
        )

    def key(self, model: Path, what: str) -> str | None:
        """The identity of an answer, None where the data does not tell its content quickly.

        Args:
            what: which figures.
        """
        content, data = known.of_model(model), known.of_data(self.data)
        if content is None or data is None:
            return None
        versions = tools()
        return known.identity(
            [
                what, edgeopt.__version__, versions["packages"], content, data, self.targets,
                self.metric, msgspec.to_builtins(self.constraints), self.form, self.devices,
                repr(self.preprocessing), self.output, self.shapes, self.seed,
                msgspec.to_builtins(self.task),
            ]
        )  # fmt: skip
