"""The settings that a sweep tries: every one opens, and those of threads alone change nothing."""

from __future__ import annotations

import numpy as np
import pytest

from edgeopt import convert, runtimes
from edgeopt.domain.recipe import SCHEDULING
from tests import processor

pytestmark = pytest.mark.slow
CASES = [
    (name, precision, given)
    for name in sorted(convert.CONVERTERS)
    if not runtimes.spec(name).stand_in
    for given in runtimes.spec(name).option_sets
    for precision in ("fp32", "int8-static")
    if given.options and precision in (given.precisions or (precision,))
    if precision in runtimes.spec(name).precisions
]


@pytest.mark.parametrize(
    ("name", "precision", "given"),
    CASES,
    ids=[f"{n}-{p}-{'-'.join(map(str, g.options.values()))}" for n, p, g in CASES],
)
def test_a_session_opens_with_them_and_says_so(models, name, precision, given):
    processor.needs_any(*given.needs_any)
    model = models[name, precision]
    usual = runtimes.spec(name).options_for(precision)
    plain = model.open(2, **usual)
    own = model.open(2, **{**usual, **given.options})
    told = own.facts()["options"]
    for key, value in given.options.items():
        assert str(told[key]) == str(value)
    before, after = (model.answers(s, models.samples) for s in (plain, own))
    for one, other in zip(before, after, strict=True):
        for output, array in one.items():
            if set(given.options) <= SCHEDULING:
                assert (array == other[output]).all()
            else:
                scale = np.abs(array).max()
                np.testing.assert_allclose(other[output], array, atol=0.05 * scale)
    own.close()
    plain.close()
