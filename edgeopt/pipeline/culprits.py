"""Names the operator behind a float form that does not answer as the source does."""

from __future__ import annotations

import msgspec
import numpy as np

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
    operator = _operator(conversions, recipe, samples)
    if not operator:
        return error
    hint = f"The conversion changes what {operator} computes, first of all operators."
    return StepFailed(error.status, error.reason, hint)


def _operator(conversions: Conversions, recipe: Recipe, samples: Samples) -> str:
    """Found once for a conversion, whatever its threads."""
    folder = conversions.folder.work / "culprits" / recipe.conversion_id
    told = folder / "operator.txt"
    if told.is_file():
        return told.read_text("utf-8")
    folder.mkdir(parents=True, exist_ok=True)
    sample = folder / "sample.npz"
    np.savez(sample, **{name: array[0] for name, array in samples.inputs.items()})
    job = conversions.job(recipe, folder)
    argument = {"job": msgspec.to_builtins(job), "sample": str(sample)}
    stop = conversions.stop
    log = conversions.folder.log(f"culprit-{recipe.runtime}")
    try:
        with conversions.turns.working():
            found = str(child.run("edgeopt.convert.culprit:find", argument, log, LIMIT_S, stop))
    except CannotWrite:
        raise
    except EdgeoptError:  # it is a help, and none that is needed
        found = ""
    told.write_text(found, "utf-8")
    return found
