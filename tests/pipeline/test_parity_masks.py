"""Answers that are infinite, NaN or very negative on purpose, and those that must not be."""

from __future__ import annotations

import numpy as np
import pytest

from edgeopt.datasets.doubts import same_for_all
from edgeopt.domain.errors import StepFailed
from edgeopt.pipeline.parity_check import parity
from tests.pipeline.forms import rounded, verdict

RNG = np.random.default_rng(0)


def masked():
    answers = RNG.normal(size=(30, 1, 4, 6)).astype(np.float32)
    answers[:, :, :, 4:] = -np.inf
    return answers


def test_a_mask_of_infinities_does_not_switch_the_comparison_off():
    answers = masked()
    assert verdict("fp32", rounded(answers, "fp32"), answers) == ""
    wrong = answers + 0.5
    assert "dB from the source's" in verdict("fp32", wrong, answers)


@pytest.mark.parametrize("value", [np.inf, np.nan, -1e4])
def test_what_is_not_infinite_alike_is_refused_with_its_place_and_count(value):
    answers = masked()
    own = answers.copy()
    own[3, 0, 2, 5] = own[7, 0, 0, 4] = value
    reason = verdict("int8-static", own, answers)
    assert "2 values are" in reason
    assert "sample 3 at [0, 2, 5]" in reason
    assert "instead of -inf" in reason


def test_an_infinity_in_the_last_sample_is_seen():
    answers = RNG.normal(size=(200, 1, 4))
    own = answers.copy()
    own[199, 0, 1] = np.inf
    assert "1 value is infinite or NaN" in verdict("fp32", own, answers)


def test_of_samples_that_the_source_does_not_answer_nothing_is_asked():
    answers = RNG.normal(size=(30, 1, 4))
    answers[5] = np.nan
    assert verdict("fp32", answers, answers) == ""
    assert verdict("fp32", np.nan_to_num(answers), answers) == ""
    own = answers.copy()
    own[6] = np.nan
    assert "4 values are infinite or NaN in one" in verdict("fp32", own, answers)


def test_a_place_that_always_is_nan_is_a_mask():
    answers = RNG.normal(size=(30, 1, 4))
    answers[..., 2] = np.nan
    assert verdict("fp32", answers, answers) == ""
    assert "instead of nan" in verdict("fp32", np.nan_to_num(answers), answers)


@pytest.mark.parametrize("never", [-1e9, float(np.finfo(np.float32).min), -65504.0])
def test_masked_logits_are_no_scale_for_the_others(never):
    rng = np.random.default_rng(0)
    source = np.full((40, 16), never, np.float32)
    source[:, :10] = rng.normal(size=(40, 10)) * 3
    assert not same_for_all(source)
    parity("fp32", {"y": source}, {"y": source})
    halves = source.copy()
    halves[:, 10:] = max(never, -65504.0)  # as half-precision constants hold it
    parity("bf16", {"y": halves}, {"y": source})
    for precision in ("fp32", "int8-static"):
        dead = source.copy()
        dead[:, :10] = 0
        with pytest.raises(StepFailed, match="constant"):
            parity(precision, {"y": dead}, {"y": source})
    with pytest.raises(StepFailed):
        parity("fp32", {"y": np.where(source == np.float32(never), 0, source)}, {"y": source})


def test_a_constant_beside_others_is_no_mask():
    rng = np.random.default_rng(0)
    source = np.concatenate([np.full((40, 1), 2e4), 1e4 * rng.normal(size=(40, 3))], axis=1)
    wrong = source.copy()
    wrong[:, 0] = 3e4
    with pytest.raises(StepFailed):
        parity("fp32", {"y": wrong}, {"y": source})
