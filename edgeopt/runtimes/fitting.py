"""ON THE DEVICE AND HOST. What fits a model's inputs, with numpy: at intake and in each bundle."""

import contextlib

import numpy as np


class Unfit(ValueError):
    """What was found that the model cannot take; `hint`: what to do."""

    def __init__(self, found, hint=""):
        super().__init__(found)
        self.hint = hint


def fit_all(inputs, bindings):
    """{name: [n, *shape]} of all inputs of a bundle, or raises Unfit with what is wanted.

    One array for a model with one input fits under any name, and so does the only one of its shape
    among others. `bindings` are those of run.py:
    tables with "source", "original_dtype", "original_shape", "note" in words, and, where there are
    any, "open_axes" (axis -> name): what the original takes of any size; "any_size" (axes): what
    this model does, too.
    """
    names = [b["source"] for b in bindings]
    # What an .npz for edgeopt holds besides.
    inputs = {n: a for n, a in inputs.items() if n in names or n not in ("labels", "groups")}
    if len(names) == 1 and names[0] not in inputs:
        lone = list(inputs.values()) if len(inputs) == 1 else of_shape(inputs, bindings[0])
        inputs = dict(zip(names, lone)) if len(lone) == 1 else inputs
    missing = ", ".join(name for name in names if name not in inputs)
    if missing:
        takes = "; ".join(wanted(b) for b in bindings)
        given = ", ".join(repr(name) for name in inputs) or "none"
        raise Unfit(f"inputs missing: {missing}\n  wanted: {takes}\n  given: {given}"[:2000])
    found = {}
    for b in bindings:
        array = np.asarray(inputs[b["source"]])
        try:
            found[b["source"]] = fit(array, b["source"], b["original_dtype"], taken(b))
        except Unfit as error:
            got = f"wanted: {wanted(b)}; got: {array.dtype} {list(array.shape)}"
            lines = [str(error), got, error.hint, *opened(b, array)]
            raise Unfit("\n  ".join(filter(None, lines))) from None
    if len({len(array) for array in found.values()}) > 1:
        each = ", ".join(f"'{name}' has {len(array)}" for name, array in found.items())
        raise Unfit(f"the inputs have different numbers of samples: {each}")
    if not len(found[names[0]]):
        raise Unfit("there are no samples")
    return found


def as_given(outputs, inputs, fitted):
    """Outputs [n, 1, ...] without the batch axis of 1 where the inputs were given without it.

    So n samples [n, 3, 8, 8] are answered as the original answers a batch of n: [n, 10].
    """
    axis = added_axis(inputs, fitted)
    if axis is None:
        return outputs
    return {
        name: array.squeeze(axis) if array.ndim > axis and array.shape[axis] == 1 else array
        for name, array in outputs.items()
    }


def added_axis(inputs, fitted):
    """The axis of 1 that `fit_shape` put in; None where no input lacked one."""
    given = {np.shape(array) for array in inputs.values()}
    for array in fitted.values():
        for axis in range(1, array.ndim):
            lacking = array.shape[:axis] + array.shape[axis + 1 :]
            if array.shape not in given and array.shape[axis] == 1 and lacking in given:
                return axis
    return None


def of_shape(inputs, binding):
    """Those of the arrays that have an input's shape."""
    found = []
    for array in inputs.values():
        with contextlib.suppress(Unfit):
            found.append(fit_shape(np.asarray(array), binding["source"], taken(binding)))
    return found


def opened(binding, array):
    """What to do where the size of an axis differs that is open in the original."""
    name, shape = binding["source"], binding["original_shape"]
    sizes = array.shape[1:] if array.ndim > len(shape) else (1, *array.shape[1:])
    for axis, called in binding.get("open_axes", {}).items():
        if len(sizes) == len(shape) and sizes[axis] != shape[axis]:
            yield (
                f"The original takes any size of axis {axis} ({called}); this file was made for "
                f"{shape[axis]}. Make another with edgeopt optimize --shape {name}=..."
            )


def taken(binding):
    """The shape that an input takes, None where it takes any size."""
    anything = binding.get("any_size", ())
    return [None if i in anything else dim for i, dim in enumerate(binding["original_shape"])]


def wanted(binding):
    sizes = ["any size" if dim is None else dim for dim in inner(taken(binding))]
    dims = ", ".join(map(str, ["n", *sizes]))
    note = f", {binding['note']}" if binding["note"] else ""
    return f"{binding['source']}: {binding['original_dtype']} [{dims}]{note}"


def fit(array, name, dtype, shape):
    """[n, *shape] in `dtype`, of samples that may lack the batch axis of 1; or raises Unfit.

    Every value is kept; floats may lose digits. No axis is moved, and no integer becomes a float
    nor the other way round: raw pixels for normalised ones is a mistake that nothing else notices.
    A dimension of None takes any size.
    """
    return fit_type(fit_shape(np.asarray(array), name, shape), name, np.dtype(dtype))


def fit_shape(array, name, shape):
    found, per_sample = array.shape[1:], inner(shape)
    if array.ndim and matches(found, shape):
        return array
    for axis, size in enumerate(shape):  # the batch may stand elsewhere: [time, 1, features]
        batch = size == 1 or (axis == 0 and size is None)
        if array.ndim and batch and matches(found, (*shape[:axis], *shape[axis + 1 :])):
            return np.expand_dims(array, axis + 1)
    hint = "The first axis counts the samples; the others are the model's own."
    if None not in per_sample and sorted(found) == sorted(per_sample):
        hint = "The same axes in another order: transpose them (images: layout=nchw or nhwc)."
    dims = ", ".join("?" if dim is None else str(dim) for dim in ("n", *per_sample))
    has = f"'{name}' has shape {list(array.shape)}"
    raise Unfit(f"{has}, but the model takes [{dims}]", hint)


def inner(shape):
    """A sample's shape without the batch axis, which is a first one of 1 or of any size."""
    return tuple(shape[1:] if len(shape) > 0 and shape[0] in (1, None) else shape)


def matches(found, wanted):
    return len(found) == len(wanted) and all(w in (None, f) for f, w in zip(found, wanted))


def fit_type(array, name, wanted):
    if array.dtype.kind == "f":
        refuse_gaps(array, name)
    kinds = ["i" if dtype.kind in "biu" else dtype.kind for dtype in (array.dtype, wanted)]
    if kinds[0] != kinds[1] or kinds[0] not in "if":
        has = f"'{name}' holds {array.dtype}"
        raise Unfit(f"{has}, but the model takes {wanted}", advice(array.dtype, wanted))
    if kinds[0] == "i" and array.dtype != wanted:
        refuse_beyond(array, name, wanted)
    with np.errstate(over="ignore"):
        cast = array.astype(wanted, copy=False)
    if kinds[0] == "f" and not np.isfinite(cast).all():
        has = f"'{name}' holds values up to {np.abs(array).max():g}"
        raise Unfit(f"{has}, too large for {wanted}")
    return cast


def refuse_gaps(array, name):
    if not array.size:
        return
    bad = ~np.isfinite(array).reshape(len(array), -1).all(axis=1)
    if bad.any():
        where = f"{bad.sum()} of {len(array)} samples, first in sample {int(bad.argmax())}"
        hint = "Leave these samples out, or fill the gaps as in training."
        raise Unfit(f"'{name}' has NaN or infinite values in {where}", hint)


def refuse_beyond(array, name, wanted):
    limits = (0, 1) if wanted.kind == "b" else (np.iinfo(wanted).min, np.iinfo(wanted).max)
    low, high = (int(array.min()), int(array.max())) if array.size else limits
    if low < limits[0] or high > limits[1]:
        has = f"'{name}' holds values from {low} to {high}"
        raise Unfit(f"{has}, which do not fit the model's {wanted}")


def advice(found, wanted):
    if found.kind not in "biuf":
        return ""
    if wanted.kind != "f":
        return f"If its values are whole numbers, save it with .astype('{wanted}')."
    if found == np.uint8:
        return f"Normalise it as in training and save it as {wanted}; raw pixels rarely fit."
    return f"Normalise it as in training, if there was that, and save it with .astype('{wanted}')."
