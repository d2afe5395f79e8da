"""Numbers of threads that a form is tried with."""

from __future__ import annotations

import pytest

from edgeopt.domain.recipe import Recipe
from edgeopt.domain.record import Record
from edgeopt.search.alternatives import thread_counts


def made(runtime, precision, threads, **fields):
    recipe = Recipe(runtime=runtime, precision=precision, threads=threads, **fields)
    return Record(
        target="t", device="local", runtime=runtime, precision=precision, recipe_id=recipe.id,
        recipe=recipe, status="ok", step=None,
    )  # fmt: skip


RECORDS = [
    made("litert", "fp32", 1),
    made("litert", "fp32", 4),
    made("litert", "int8-static", 2),
    made("openvino", "fp32", 3),
    made("openvino", "fp32", 1, options={"DEVICE": "GPU"}),
]


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        (made("litert", "int8-static", 1), [4, 2, 1]),
        (made("openvino", "int8-static", 3), [3]),
        (made("openvino", "fp16", 1, options={"DEVICE": "GPU"}), [1]),  # what serves a GPU's queue
        (made("ncnn", "fp32", 1), []),
    ],
)
def test_those_of_its_runtime_on_its_processor(form, expected):
    assert thread_counts(RECORDS, form) == expected
