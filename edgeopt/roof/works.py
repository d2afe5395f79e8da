"""What a run's candidate has to do, and whether its device's peaks are for it."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from edgeopt import convert, runtimes
from edgeopt.domain.layer_work import LayerWork
from edgeopt.domain.recipe import Recipe
from edgeopt.domain.record import Record
from edgeopt.sources import layer_work
from edgeopt.store.run_folder import RunFolder


def works_of(
    store: RunFolder, records: Sequence[Record], recipe: Recipe
) -> dict[str, LayerWork] | None:
    """The work of the layers of what a recipe converts; None where no file tells it."""
    for record in records:
        other, converter = record.recipe, convert.find(record.runtime)
        if converter is None or other is None or record.precision not in converter.copies:
            continue
        artifact = store.artifact(other.conversion_id)
        same = (other.compression, other.batch) == (recipe.compression, recipe.batch)
        if same and artifact is not None:
            with contextlib.suppress(Exception):  # without it there are no shares
                return layer_work.read(store.path / artifact.path)
    return None


def on_processor(recipe: Recipe) -> bool:
    """Whether it computes on the processor."""
    spec = runtimes.spec(recipe.runtime)
    return not spec.stand_in and recipe.options.get(spec.provider_option, "CPU") == "CPU"


def is_sparse(recipe: Recipe) -> bool:
    """Whether kernels may leave out weights that are zero."""
    return recipe.precision == "fp16-2to4"
