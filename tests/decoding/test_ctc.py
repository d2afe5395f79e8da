"""Against all alignments, one by one: what CTC's definition says."""

import itertools
from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeopt.decoding import ctc


def by_all_alignments(probabilities, letters):
    """text -> its probability, of every path through [t, classes]."""
    found = defaultdict(float)
    for path in itertools.product(range(probabilities.shape[1]), repeat=len(probabilities)):
        collapsed = [c for c, _ in itertools.groupby(path)]
        found[letters.text(collapsed)] += np.prod(probabilities[range(len(path)), path])
    return found


def steps(seed, t, classes):
    return np.random.default_rng(seed).dirichlet(np.full(classes, 0.6), t)


@given(st.integers(0, 10_000), st.integers(1, 6), st.booleans())
def test_a_wide_beam_is_exact(seed, t, blank_first):
    letters = ctc.alphabet("ab", 3, blank_first)
    probabilities = steps(seed, t, 3)
    wanted = by_all_alignments(probabilities, letters)
    text, log = ctc.prefix_beam(probabilities, letters, beam=1000)
    assert wanted[text] == pytest.approx(max(wanted.values()), rel=1e-9)
    assert np.exp(log) == pytest.approx(wanted[text], rel=1e-9)


def test_a_beam_finds_what_greedy_misses():
    """The best path is blank, blank (.36); the text "a" adds up to .64 (Graves 2006, figure 3)."""
    probabilities = np.array([[0.6, 0.4], [0.6, 0.4]])
    letters = ctc.alphabet("a", 2)
    assert ctc.greedy(probabilities, letters) == ""
    text, log = ctc.prefix_beam(probabilities, letters)
    assert (text, np.exp(log)) == ("a", pytest.approx(0.64))


def test_greedy_collapses_repeats_and_leaves_out_blanks():
    letters = ctc.alphabet("ab", 3)
    path = [0, 1, 1, 0, 1, 2, 2, 0]
    assert ctc.greedy(np.eye(3)[path], letters) == "aab"
    assert ctc.prefix_beam(np.eye(3)[path], letters)[0] == "aab"


def test_many_classes_take_no_minute():
    probabilities = steps(0, 60, 6000)
    letters = ctc.alphabet([chr(0x4E00 + i) for i in range(5999)], 6000)
    assert len(ctc.prefix_beam(probabilities, letters, beam=4)[0]) > 10


@pytest.mark.parametrize(
    ("letters", "classes", "first", "wanted", "blank"),
    [
        ("ab", 3, True, ("", "a", "b"), 0),
        ("ab", 3, False, ("a", "b", ""), 2),
        ("ab", 4, True, ("", "a", "b", " "), 0),
        ("ab", 4, False, ("a", "b", " ", ""), 3),
        (["sch", " "], 3, True, ("", "sch", " "), 0),
    ],
)
def test_an_alphabet_and_its_blank(letters, classes, first, wanted, blank):
    found = ctc.alphabet(letters, classes, first)
    assert (found.letters, found.blank) == (wanted, blank)


@pytest.mark.parametrize(("letters", "classes"), [("ab", 2), ("ab", 5), ("a ", 4), ("ab", 97)])
def test_an_alphabet_of_the_wrong_length(letters, classes):
    message = f"an alphabet of 2 letters for a model of {classes} classes: it has {classes - 1} "
    with pytest.raises(ctc.WrongAlphabet, match=message):
        ctc.alphabet(letters, classes)


def test_where_the_blank_stands_is_seen():
    path = np.array([2, 2, 0, 2, 1, 2])
    assert not ctc.is_blank_first([np.eye(3)[path]])
    assert ctc.is_blank_first([np.eye(3)[2 - path]])


@pytest.mark.parametrize("kind", ["probabilities", "logarithms", "logits"])
@pytest.mark.parametrize("shape", [(7, 5), (1, 7, 5), (7, 1, 5), (1, 1, 7, 5)])
def test_every_form_of_an_output(kind, shape):
    wanted = steps(0, 7, 5)
    given_ = {"probabilities": wanted, "logarithms": np.log(wanted), "logits": np.log(wanted) + 3}
    found = ctc.steps(given_[kind].reshape(shape))
    np.testing.assert_allclose(found, wanted, atol=1e-12)
    np.testing.assert_allclose(ctc.steps(given_[kind].T[None], classes=5), wanted, atol=1e-12)


def test_outputs_that_are_none():
    with pytest.raises(ValueError, match=r"steps of classes wanted, got an output \[2, 3, 4\]"):
        ctc.steps(np.zeros((2, 3, 4)))
    with pytest.raises(ValueError, match="not finite"):
        ctc.steps(np.full((2, 3), np.nan))


@pytest.mark.parametrize("turned", [False, True])
def test_steps_past_the_end_of_a_shorter_sample_are_left_out(turned):
    whole = np.full((7, 3), np.inf)
    whole[:4] = steps(1, 4, 3)
    given = whole.T if turned else whole
    np.testing.assert_array_equal(ctc.steps(given[None], 3), whole[:4])


def test_an_infinity_within_a_sample_is_refused():
    broken = steps(1, 4, 3)
    broken[1] = np.inf
    with pytest.raises(ValueError, match="not finite"):
        ctc.steps(broken, 3)
