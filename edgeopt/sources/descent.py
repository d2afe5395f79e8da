"""Which library's a value is, told without importing any of them."""

from __future__ import annotations

from typing import Any


def descends_from(value: Any, package: str, name: str) -> bool:
    """Whether a class of that name is among its ancestors, without importing the package."""
    return any(
        kind.__name__ == name and kind.__module__.split(".")[0] == package
        for kind in type(value).__mro__
    )


def is_module(value: Any) -> bool:
    """Whether it is a PyTorch module, and no Keras model that is one besides."""
    return descends_from(value, "torch", "Module") and not is_keras(value)


def is_keras(value: Any) -> bool:
    """Whether it is a Keras model."""
    return descends_from(value, "keras", "Model")


def is_estimator(value: Any) -> bool:
    """Whether it is an estimator of scikit-learn's kind."""
    return descends_from(value, "sklearn", "BaseEstimator")


def is_model(value: Any) -> bool:
    """Whether it is any of these."""
    return is_module(value) or is_keras(value) or is_estimator(value)
