"""A model given from Python: a path as it is, an object written to a file of a known format."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from edgeopt.domain.errors import BadInput
from edgeopt.jobs.told import told
from edgeopt.sources import descent, module, no_model


def is_model(value: Any) -> bool:
    """Whether it is of a kind that can be written: text may be a path, and is none here."""
    return isinstance(value, Path) or descent.is_model(value)


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
    if not is_model(model):
        raise BadInput(f"{no_model.shown(model)} is no model.", no_model.hint(model))
    name = type(model).__name__
    if descent.is_estimator(model):
        if never_fitted(model):
            raise BadInput(f"the {name} is not fitted.", "Call its fit before it is given.")
        return _estimator(model, folder / f"{name}.joblib")
    if descent.is_keras(model):
        return _keras(model, folder / name)
    if example_inputs is None:
        raise BadInput(
            f"a {name} needs example_inputs to be exported.",
            "Give it with an example of its inputs: example_inputs=torch.zeros(1, 3, 224, 224).",
        )
    path = folder / f"{name}.pt2"
    module.export(model, example_inputs, path)
    return path


def is_unfitted(model: Any) -> bool:
    """Whether it is an estimator that has no structure yet: one batch of `partial_fit` gives it."""
    if not (hasattr(model, "get_params") and hasattr(model, "set_params")):
        return False
    from sklearn.exceptions import NotFittedError
    from sklearn.utils.validation import check_is_fitted

    try:
        check_is_fitted(model)
    except NotFittedError:
        return True
    return False


def never_fitted(model: Any) -> bool:
    """Whether it is an estimator with nothing but its parameters.

    One of somebody's own may keep what it learned under names that scikit-learn does not know.
    """
    if not descent.is_estimator(model) or not is_unfitted(model):
        return False
    return set(vars(model)) <= set(model.get_params(deep=False))


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
