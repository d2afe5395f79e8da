import jiwer
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeopt.domain.errors import BadInput
from edgeopt.tasks import text
from tests.tasks.resampled import assert_adds_up

WORDS = st.text(alphabet="ab cä д", max_size=12)
TEXTS = st.lists(st.tuples(WORDS, WORDS.filter(str.strip)), min_size=1, max_size=6)


@given(TEXTS)
def test_rates_are_jiwers(pairs):
    answers, truths = (list(one) for one in zip(*pairs, strict=True))
    assert text.cer(answers, truths).value() == pytest.approx(jiwer.cer(truths, answers))
    assert text.wer(answers, truths).value() == pytest.approx(jiwer.wer(truths, answers))


@given(TEXTS, st.integers(0, 1000))
def test_a_resample_is_the_metric_of_the_resampled(pairs, seed):
    answers, truths = (list(one) for one in zip(*pairs, strict=True))
    for metric in (text.cer, text.wer, text.exact):
        assert_adds_up(metric, answers, truths, seed=seed, resamples=3)


def test_worked_cases():
    assert text.distance("kitten", "sitting") == 3
    assert text.distance("", "abc") == text.distance("abc", "") == 3
    assert text.distance("", "") == 0
    assert text.cer(["helo wrld", "x"], ["hello world", "xy"]).value() == pytest.approx(3 / 13)
    assert text.wer(["helo wrld", "a b"], ["hello world", "a b"]).value() == pytest.approx(0.5)
    assert text.cer(["abcdef"], ["a"]).value() == 5  # above 1
    assert text.exact(["a ", "b", "C"], ["a", "b", "c"]).value() == pytest.approx(2 / 3)


def test_five_thousand_lines_take_no_minute():
    rng = np.random.default_rng(0)
    lines = ["".join(rng.choice(list("abcdefgh "), 30)) for _ in range(500)]
    noisy = [line[::-1] for line in lines]
    assert 0 < text.cer(noisy, lines).value() < 2


def test_texts_that_are_empty():
    with pytest.raises(BadInput, match="the texts of the data are empty"):
        text.cer(["a"], [" "])
