"""The callback of `keras_search`, made where Keras is there: its class descends from Keras's."""

from __future__ import annotations

import importlib
from typing import Any

from edgeopt.report import beside_limit
from edgeopt.tuning.device_limit import DeviceLimit

_KERAS = importlib.import_module("keras")


class LatencyLimit(_KERAS.callbacks.Callback):  # type: ignore[name-defined]
    """Times a model before its first epoch.

    Attributes:
        latency_ms: of the model at hand; None before it was timed.
    """

    def __init__(self, limit: DeviceLimit) -> None:
        super().__init__()
        self.limit = limit
        self.latency_ms: float | None = None

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Ends the trial where the model is beyond the limit.

        Raises:
            keras_tuner.errors.FailedTrialError: it is; the search goes on with the next one.
        """
        found = self.limit.measured(self.model)
        self.latency_ms = found.latency_ms
        assert self.latency_ms is not None
        if self.limit.excess(self.latency_ms) > 0:
            from keras_tuner.errors import FailedTrialError

            assert self.limit.max_latency_ms is not None
            got, allowed = beside_limit.ms(self.latency_ms, self.limit.max_latency_ms)
            raise FailedTrialError(f"{got} on {self.limit.target}, allowed {allowed}: not trained")

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """The latency stands among the epoch's figures."""
        if logs is not None:
            logs["latency_ms"] = self.latency_ms
