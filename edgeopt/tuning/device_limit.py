"""How long a model takes on a device, asked by other people's searches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgeopt.datasets.metric import AGREEMENT
from edgeopt.datasets.samples import LABELS
from edgeopt.domain import bounds
from edgeopt.domain.errors import BadInput
from edgeopt.domain.evaluation import Evaluation
from edgeopt.jobs import scratch
from edgeopt.pipeline import data_read
from edgeopt.sources import given
from edgeopt.tuning import evaluate, kinds
from edgeopt.tuning.asked import Asked


@dataclass(frozen=True)
class DeviceLimit:
    """A target, a limit on it, and samples that are fed to what is timed. Plain data: it can be
    copied and pickled, as searches do with what they are given.

    Attributes:
        data: see `edgeopt.optimize`; a few samples are enough.
        form, cache: see `edgeopt.evaluate`.
    """

    target: str
    data: str | Path | Mapping[str, Any]
    max_latency_ms: float | None = None
    form: str | None = None
    device: str | tuple[str, ...] = ()
    cache: bool = True

    def __post_init__(self) -> None:
        """Refuse what no model could be measured with, before a search begins.

        Raises:
            BadInput: the limit is none, there is no such target or form, or the data is not there.
            NotInstalled: something that reads the data is not there.
        """
        kinds.require("target", self.target)
        bounds.require("max_latency_ms", self.max_latency_ms)
        asked = self._asked()
        asked.require_known()
        data_read.require(asked.call(Path("model"), Path("out")))

    def measured(self, model: Any, example_inputs: Any = None) -> Evaluation:
        """Latency and size of a model, trained or not; one structure is timed once.

        Raises:
            BadInput: it cannot be converted; or it has no latency, since no device is at hand.
        """
        asked = self._asked()
        with scratch.folder("edgeopt-model-") as folder:
            path = given.as_path(model, example_inputs, Path(folder))
            [found] = evaluate.timed(path, asked, trust=path.parent == Path(folder))
        if found.latency_ms is None:
            raise BadInput(
                f"the model has no latency on {self.target}: {found.why_null['latency_ms']}.",
                "A search by latency needs a device of its target.",
            )
        return found

    def _asked(self) -> Asked:
        return Asked(
            targets=(self.target,),
            data=_without_labels(self.data),
            metric=AGREEMENT,
            form=self.form,
            devices=kinds.names("device", self.device),
            cache=self.cache,
        )

    def excess(self, latency_ms: float) -> float:
        """How far a latency is beyond the limit, as a share of it; 0 or less within it."""
        return 0.0 if self.max_latency_ms is None else latency_ms / self.max_latency_ms - 1


def _without_labels(data: str | Path | Mapping[str, Any]) -> str | Path | Mapping[str, Any]:
    """Nothing is scored, so that labels of any kind will do."""
    if not isinstance(data, Mapping):
        return data
    return {name: array for name, array in data.items() if name != LABELS}
