"""Parametrized networks for `tune`, each of operators that every runtime has.

Each function asks a trial (`suggest_int`, `suggest_categorical`, as Optuna's) and gives a PyTorch
module, not trained. `docs/spaces.md` has one example of each. PyTorch is imported where it is used.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import numpy as np
    from torch import nn

__all__ = ["Trial", "audio", "best_features", "image", "series", "table"]


class Trial(Protocol):
    """What a space asks: Optuna's trials, and those of `tune`."""

    def suggest_int(self, name: str, low: int, high: int) -> int: ...

    def suggest_categorical(self, name: str, choices: Sequence[Any]) -> Any: ...


def image(
    trial: Trial,
    classes: int,
    *,
    sizes: Sequence[int] = (64, 96, 128, 160, 224),
    channels: int = 3,
    widths: Sequence[float] = (0.25, 0.5, 0.75, 1.0),
    grey: bool = False,
) -> nn.Module:
    """A network like MobileNetV2 and V3 (arXiv 1801.04381, 1905.02244): float32[n, channels, h, w].

    Asks: `size` (the image is scaled to it inside the network, so that the data stays as it is and
    the cost is on the device), `width`, `depth` (blocks of a stage), `kernel` (3 or 5), `expansion`
    (3 to 6), `activation` ("relu6", "hard-swish"); with `grey` also `channels` (1 or all of them).

    Returns:
        float32[n, classes], logits.
    """
    from edgeopt.spaces.mobile import Mobile, MobileShape

    shape = MobileShape(
        size=trial.suggest_categorical("size", list(sizes)),
        width=trial.suggest_categorical("width", list(widths)),
        depth=trial.suggest_int("depth", 1, 3),
        kernel=trial.suggest_categorical("kernel", [3, 5]),
        expansion=trial.suggest_int("expansion", 3, 6),
        activation=trial.suggest_categorical("activation", ["relu6", "hard-swish"]),
        grey=grey and trial.suggest_categorical("channels", [1, channels]) == 1,
    )
    return Mobile(shape, classes, channels)


def audio(
    trial: Trial, classes: int, *, widths: Sequence[int] = (32, 48, 64, 96, 128)
) -> nn.Module:
    """A DS-CNN (Zhang and others 2017, arXiv 1711.07128) of spectrograms.

    Takes float32[n, 1, frames, bands].

    Asks: `width`, `depth` (separable layers), `kernel` (3 or 5), `stride` (1 or 2, of the first).

    Returns:
        float32[n, classes], logits.
    """
    from edgeopt.spaces.separable import Separable, SeparableShape

    return Separable(_separable(trial, widths, SeparableShape), classes, inputs=1, axes=2)


def series(
    trial: Trial,
    classes: int,
    *,
    channels: int,
    widths: Sequence[int] = (16, 32, 48, 64, 96),
) -> nn.Module:
    """The same along one axis, for time series: float32[n, channels, steps].

    Asks and returns as `audio`.
    """
    from edgeopt.spaces.separable import Separable, SeparableShape

    return Separable(_separable(trial, widths, SeparableShape), classes, inputs=channels, axes=1)


def table(
    trial: Trial,
    outputs: int,
    *,
    features: int,
    widths: Sequence[int] = (16, 32, 64, 128, 256),
    chosen: Sequence[int] | None = None,
) -> nn.Module:
    """A perceptron of columns: float32[n, features].

    Asks: `width`, `depth` (hidden layers).

    Args:
        chosen: numbers of the columns that it takes (`best_features`); None: all.

    Returns:
        float32[n, outputs]: logits, or values.
    """
    from edgeopt.spaces.perceptron import Perceptron

    width = trial.suggest_categorical("width", list(widths))
    return Perceptron(features, outputs, width, trial.suggest_int("depth", 1, 4), chosen)


def best_features(
    trial: Trial, values: np.ndarray, labels: np.ndarray, *, least: int = 1
) -> list[int]:
    """The columns of training data that tell most of the labels, as many as the trial says.

    Asks: `features`, `least` to all. They are ranked by their mutual information with the labels
    (scikit-learn's `mutual_info_classif`, seed 0). Rank on training data alone.

    Args:
        values: [n, features]. labels: int[n].

    Returns:
        Numbers of columns in ascending order.
    """
    from sklearn.feature_selection import SelectKBest, mutual_info_classif

    count = trial.suggest_int("features", least, values.shape[1])

    def told(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        found: np.ndarray = mutual_info_classif(x, y, random_state=0)
        return found

    kept = SelectKBest(told, k=count).fit(values, labels).get_support(indices=True)
    return [int(number) for number in kept]


def _separable(trial: Trial, widths: Sequence[int], shape: type[Any]) -> Any:
    return shape(
        width=trial.suggest_categorical("width", list(widths)),
        depth=trial.suggest_int("depth", 1, 6),
        kernel=trial.suggest_categorical("kernel", [3, 5]),
        stride=trial.suggest_categorical("stride", [1, 2]),
    )
