"""Names the operator behind a float form that does not answer as the source does."""

from __future__ import annotations

import msgspec
import numpy as np

from edgeopt.convert.bisection import Difference
from edgeopt.datasets.samples import Samples
from edgeopt.domain.errors import CannotWrite, EdgeoptError, StepFailed
from edgeopt.domain.recipe import Recipe
from edgeopt.jobs import child
from edgeopt.pipeline.conversions import Conversions

#: It converts a few cuts of the model; a large model is not looked into.
LIMIT_S = 120.0


def named(
    conversions: Conversions, recipe: Recipe, samples: Samples, error: StepFailed
) -> StepFailed:
    """A failed parity with the first operator that is computed otherwise, where one is found.

    Only fp32 is looked into: other precisions differ everywhere.
    """
    if recipe.precision != "fp32" or recipe.compression:
        return error
    return told(_difference(conversions, recipe, samples), error)


def told(difference: Difference | None, error: StepFailed) -> StepFailed:
    """The failure with what was found."""
    if difference is None:
        return error
    if difference.reach is not None:
        return StepFailed(error.status, f"{error.reason}; {rounded(difference)}", ROUNDED)
    hint = f"The conversion changes what {difference.operator} computes, first of all operators."
    return StepFailed(error.status, error.reason, hint)


def rounded(difference: Difference) -> str:
    """Of a model whose answers the order of additions decides."""
    return (
        f"rounding decides the model's answers: {difference.operator} is given values up to "
        f"{difference.reach:.2g} and answers otherwise when they change by a millionth"
    )


ROUNDED = "No conversion can keep such answers. Check the model's weights and the data's scale."


def _difference(conversions: Conversions, recipe: Recipe, samples: Samples) -> Difference | None:
    """Found once for a conversion, whatever its threads."""
    folder = conversions.folder.work / "culprits" / recipe.conversion_id
    known = folder / "difference.json"
    if known.is_file():
        return msgspec.json.decode(known.read_bytes(), type=Difference | None)
    folder.mkdir(parents=True, exist_ok=True)
    sample = folder / "sample.npz"
    np.savez(sample, **{name: array[0] for name, array in samples.inputs.items()})
    job = conversions.job(recipe, folder)
    argument = {"job": msgspec.to_builtins(job), "sample": str(sample)}
    stop = conversions.stop
    log = conversions.folder.log(f"culprit-{recipe.runtime}")
    try:
        with conversions.host_lock.working():
            difference = child.run("edgeopt.convert.bisection:find", argument, log, LIMIT_S, stop)
    except CannotWrite:
        raise
    except EdgeoptError:  # it is a help, and none that is needed
        difference = None
    known.write_bytes(msgspec.json.encode(difference))
    return msgspec.convert(difference, Difference | None)
