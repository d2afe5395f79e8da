"""A model given from Python: a path as it is, an object written to a file of a known format."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from edgeopt.domain.errors import BadInput
from edgeopt.jobs.told import told
from edgeopt.sources import module


def as_path(model: Any, example_inputs: Any, folder: Path) -> Path:
    """The path of a model file; an object is written into `folder`.

    Args:
        model: a path, a Keras model, a scikit-learn estimator, or a `torch.nn.Module`.
        example_inputs: of a module (see `module.export`).

    Raises:
        BadInput: it is none of them, or cannot be written.
    """
    if isinstance(model, (str, Path)):
        if example_inputs is not None:
            raise BadInput(
                "example_inputs go with a module, but a path was given.",
                "Leave them out; shapes are given with shapes={...}.",
            )
        return Path(model)
    name = type(model).__name__
    if _descends_from(model, "sklearn", "BaseEstimator"):
        return _estimator(model, folder / f"{name}.joblib")
    if _descends_from(model, "keras", "Model"):
        return _keras(model, folder / name)
    if example_inputs is None:
        raise BadInput(
            f"a {name} needs example_inputs to be exported.",
            "optimize(module, example_inputs=torch.zeros(1, 3, 224, 224), ...).",
        )
    path = folder / f"{name}.pt2"
    module.export(model, example_inputs, path)
    return path


def _descends_from(model: Any, package: str, name: str) -> bool:
    """Whether a class of that name is among its ancestors, without importing the package."""
    return any(
        kind.__name__ == name and kind.__module__.split(".")[0] == package
        for kind in type(model).__mro__
    )


def _estimator(model: Any, path: Path) -> Path:
    import joblib

    try:
        joblib.dump(model, path)
    except Exception as error:
        otherwise = BadInput(
            f"the {type(model).__name__} cannot be written by joblib: {error}",
            "A function inside it must be importable, and no lambda.",
        )
        raise told(error, otherwise) from error
    return path


def _keras(model: Any, folder: Path) -> Path:
    """A SavedModel: it carries what layers of the user's own compute."""
    try:
        model.export(str(folder), format="tf_saved_model", verbose=False)
    except Exception as error:
        otherwise = BadInput(
            f"Keras cannot export this {type(model).__name__}: {error}",
            "Call it once, so that it is built, and use the TensorFlow backend.",
        )
        raise told(error, otherwise) from error
    return folder
