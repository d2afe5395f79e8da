"""For Keras Tuner: a callback that times each model before it is trained, and an objective.

    tuner = keras_tuner.RandomSearch(build, objective="val_accuracy", ...)
    tuner.search(x, y, callbacks=[latency_limit(limit)], ...)

A model beyond the limit is not trained: its trial is marked as failed, and the search goes on. The
latency is among the logs of every epoch as `latency_ms`, so that `objective()` can search by it.
"""

from __future__ import annotations

import importlib
from typing import Any

from edgeopt.domain.errors import NotInstalled
from edgeopt.tuning.device_limit import DeviceLimit

LATENCY = "latency_ms"


def latency_limit(limit: DeviceLimit) -> Any:
    """The callback, a `keras.callbacks.Callback`.

    Raises:
        NotInstalled: Keras is not there.
    """
    return _module("keras_callback").LatencyLimit(limit)


def objective() -> Any:
    """The latency as an objective that is minimized, alone or in a list of several.

    Raises:
        NotInstalled: Keras Tuner is not there.
    """
    try:
        import keras_tuner
    except ImportError as error:
        raise NotInstalled("Keras Tuner is not installed.", "pip install keras-tuner") from error
    return keras_tuner.Objective(LATENCY, "min")


def _module(name: str) -> Any:
    try:
        return importlib.import_module(f"edgeopt.tuning.{name}")
    except ImportError as error:
        raise NotInstalled(
            f"Keras or Keras Tuner is not installed: {error}", "pip install keras keras-tuner"
        ) from error
