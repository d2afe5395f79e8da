"""Whether answers are near enough: verdicts of `pipeline.parity_check` on arrays."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeopt.domain.errors import StepFailed
from edgeopt.pipeline.parity_check import COMPRESSED, TooFar, parity
from tests.datasets.test_parts import detector
from tests.pipeline.forms import rounded, verdict

RNG = np.random.default_rng(0)
FLOATS = ("fp32", "fp16", "bf16")
INTEGERS = ("int8-static", "int8-dynamic", "int8-weights")


def softmax(logits):
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return (powers / powers.sum(axis=-1, keepdims=True)).astype(np.float32)


def sure(n=48, classes=1000, width=9.0):
    """Logits that are sure of one class each."""
    logits = RNG.normal(size=(n, 1, classes))
    logits[np.arange(n), 0, RNG.integers(0, classes, n)] += width
    return logits.astype(np.float32)


SOUND = {
    "logits": sure(),
    "softmax of 1000": softmax(sure(width=12)),
    "softmax of 3, one never": softmax(RNG.normal(size=(48, 1, 3)) * 2 - [0, 0, 12]),
    "map": RNG.normal(size=(24, 1, 5, 8, 8)).astype(np.float32),
    "coordinates": (RNG.uniform(0, 192, 300) + 4 * RNG.normal(size=(48, 1, 300))).astype("f4"),
    "embedding": RNG.normal(size=(48, 1, 64)).astype(np.float32),
    "anchors": np.tile(RNG.uniform(0, 1, (1, 1, 4, 64)), (24, 1, 1, 1)).astype(np.float32),
    "one value": RNG.normal(size=(48, 1, 1)).astype(np.float32),
    "1000 give or take 1": (1000 + RNG.normal(size=(48, 1, 1))).astype(np.float32),
    "constant": np.full((24, 1, 10), 0.1, np.float32),
    "rare event": np.where(np.arange(48) == 7, 0.9, 0.001)[:, None, None].astype(np.float32),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", SOUND)
@pytest.mark.parametrize("precision", [*FLOATS, "int8-static"])
def test_sound_forms_pass(name, precision):
    if precision == "int8-static" and name == "1000 give or take 1":
        return  # 8 bits from 0 to 1000 hold 4 of its values: its metric judges
    answers = SOUND[name]
    assert verdict(precision, rounded(answers, precision), answers) == ""
    assert verdict(precision, answers, answers) == ""


@pytest.mark.parametrize("precision", [*FLOATS, *INTEGERS])
def test_float_outputs_of_a_detector_pass(precision):
    answers = detector()
    form = rounded(answers, precision) if precision in FLOATS else rounded(answers, "bf16")
    assert verdict(precision, form, answers) == ""


@pytest.mark.parametrize("name", [n for n in SOUND if n != "rare event"])
@pytest.mark.parametrize("precision", [*FLOATS, *INTEGERS])
def test_zeros_fail(name, precision):
    assert verdict(precision, np.zeros_like(SOUND[name]), SOUND[name])


@pytest.mark.parametrize("name", [n for n in SOUND if n not in ("anchors", "constant")])
def test_a_constant_answer_fails_even_at_the_mean_and_in_a_compressed_model(name):
    answers = SOUND[name]
    if name == "1000 give or take 1":
        return  # what varies by less than 1/256 of its size counts as constant itself
    own = np.broadcast_to(answers.mean(axis=0), answers.shape)
    for precision in ("int8-static", COMPRESSED):
        assert "constant, where the source's answers vary" in verdict(precision, own, answers)


@pytest.mark.parametrize("precision", [*FLOATS, *INTEGERS, COMPRESSED])
def test_dead_scores_beside_boxes_are_named(precision):
    answers = detector()
    own = answers.copy()
    own[:, :, 4:] = 0
    reason = verdict(precision, own, answers)
    assert reason.startswith("channels 4 to 5 of y: constant")


def test_eight_bits_over_boxes_and_scores_are_refused():
    answers = detector()
    assert "channels 4 to 5 of y" in verdict("int8-static", rounded(answers, "int8"), answers)


def test_one_dead_channel_of_few_is_named():
    answers = SOUND["map"]
    own = answers.copy()
    own[:, :, 3] = 0.2
    assert verdict("int8-static", own, answers).startswith("channel 3 of y: constant")


def test_a_flat_softmax_that_falls_below_the_step_of_int8():
    """AI Edge's softmax has the step 1/256: 1,000 classes of 0.001 each are all 0."""
    flat = softmax(0.1 * RNG.normal(size=(30, 1, 1000)))
    assert verdict("int8-static", np.round(flat * 256) / 256, flat)
    same = np.full((30, 1, 1000), 0.001, np.float32)
    assert "0.0 dB" in verdict("int8-static", np.zeros_like(same), same)
    assert "6.0 dB" in verdict("int8-static", same / 2, same)


def test_the_worst_part_of_the_worst_output_is_told():
    theirs = {"a": SOUND["logits"][:24], "output0": detector()}
    own = {"a": theirs["a"], "output0": theirs["output0"].copy()}
    own["output0"][:, :, 4:] += 0.01 * RNG.normal(size=(24, 1, 2, 64))
    found = parity("int8-static", own, theirs)
    assert found.worst == "channels 4 to 5 of output0"
    assert (found.output, found.axis, found.slices) == ("output0", 1, (4, 5))
    assert 10 < found.sqnr_db < 25
    assert found.n == 24
    with pytest.raises(TooFar, match="answers in channels 4 to 5 of output0") as caught:
        parity("fp32", own, theirs)
    assert caught.value.parity.worst == found.worst


def test_few_different_values_are_counted():
    answers = detector()
    own = answers.copy()
    own[:, :, 4:] = np.round(own[:, :, 4:] * 3) / 3
    found = parity("int8-static", {"y": own}, {"y": answers})
    assert found.coarsest == "channels 4 to 5 of y"
    assert found.distinct < 5
    assert found.source_distinct > 1000


@pytest.mark.parametrize(
    ("aux", "own"),
    [
        (np.zeros((30, 1, 1)), np.full((30, 1, 1), 1e-9)),
        (np.zeros((30, 1, 1)), np.zeros((30, 1, 1))),
        (RNG.integers(-2, 3, (30, 1, 1)) * 6e-8, np.zeros((30, 1, 1))),
        (RNG.normal(size=(30, 1, 5)) * 1e-8, RNG.normal(size=(30, 1, 5)) * 1e-8),
    ],
)
@pytest.mark.parametrize("beside", [True, False])
def test_an_output_that_is_rounding_noise_refuses_nobody(aux, own, beside):
    others = {"y": RNG.normal(size=(30, 1, 5))} if beside else {}
    if not beside and len(np.unique(aux)) > 16:
        return  # alone, many different values are the model's answer, however small
    assert verdict("fp32", {**others, "aux": own}, {**others, "aux": aux}) == ""


def test_where_the_source_is_zero_an_answer_as_large_as_the_model_s_others_is_refused():
    theirs = {"y": RNG.normal(size=(30, 1, 5)), "aux": np.zeros((30, 1, 1))}
    own = {**theirs, "aux": np.full((30, 1, 1), 5.0)}
    assert "-" in verdict("int8-static", own, theirs)


def test_a_tiny_output_of_its_own_is_held_to_its_own_scale():
    theirs = {"y": RNG.normal(size=(30, 1, 5)), "small": 1e-4 * RNG.normal(size=(30, 1, 5))}
    own = {**theirs, "small": theirs["small"] + 1e-4}
    assert "in small" in verdict("fp32", own, theirs)


def test_classes_that_differ_now_and_then_are_left_to_the_score():
    classes = RNG.integers(0, 1000, (64, 1))
    own = classes.copy()
    own[:6] = 999
    assert verdict("int8-static", own, classes) == ""
    assert verdict("int8-static", np.zeros_like(classes), classes).startswith("y: constant")
    assert verdict("fp32", own, classes)
    rare = np.where(np.arange(64) == 3, 5, 0)[:, None]
    assert verdict("int8-static", np.zeros_like(rare), rare) == ""
    yes = RNG.random((64, 1)) > 0.5
    assert verdict("fp32", yes, yes) == ""
    assert verdict("int8-static", np.zeros_like(yes), yes)


FACTORS = st.sampled_from([1e-3, 1e-2, 0.1, 1.0, 10.0, 1e3])


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(
    FACTORS,
    st.sampled_from(
        [("fp16", "sound"), ("fp16", "dead"), ("fp16", "wrong"), ("int8-static", "sound"),
         ("int8-static", "dead")]
    ),
)  # fmt: skip
def test_the_scale_of_a_group_does_not_change_the_verdict(factor, form):
    """Integers that are merely wrong in slices of like scale are for the score to judge."""
    precision, kind = form
    rng = np.random.default_rng(3)
    answers = rng.normal(size=(32, 1, 12, 10)).astype(np.float32)
    own = answers * (1 + 0.01 * rng.normal(size=answers.shape))
    if kind == "dead":
        own[:, :, 4:] = 0.3
    if kind == "wrong":
        own[:, :, 4:] = -2 * answers[:, :, 4:]
    scaled = [array.copy() for array in (own, answers)]
    for array in scaled:
        array[:, :, 4:] *= factor
    assert bool(verdict(precision, *scaled)) == (kind != "sound")


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(st.permutations(range(24)), st.sampled_from(["sound", "dead"]))
def test_the_order_of_samples_does_not_change_the_verdict(order, kind):
    answers = detector()
    own = rounded(answers, "bf16")
    if kind == "dead":
        own[:, :, 4:] = 0
    moved = [array[list(order)] for array in (own, answers)]
    assert bool(verdict("bf16", *moved)) == bool(verdict("bf16", own, answers)) == (kind == "dead")


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(1, 5), min_size=1, max_size=3),
    st.integers(1, 20),
    st.integers(0, 2**32 - 1),
    st.sampled_from([1e-9, 1e-3, 1.0, 1e6]),
)
def test_a_copy_of_the_source_always_passes(shape, n, seed, scale):
    rng = np.random.default_rng(seed)
    answers = (scale * rng.standard_t(2, (n, *shape))).astype(np.float32)
    for precision in (*FLOATS, *INTEGERS, COMPRESSED):
        assert verdict(precision, answers.copy(), answers) == ""


@pytest.mark.parametrize("top", [1e150, 1e200, 1e300, 1.7e308])
def test_doubles_whose_squares_overflow_are_compared_all_the_same(top):
    rng = np.random.default_rng(0)
    source = {"y": rng.normal(size=(20, 2, 3)) * (top / 8)}
    parity("fp32", source, source)
    near = {"y": source["y"] * (1 + 1e-6 * rng.normal(size=(20, 2, 3)))}
    assert parity("fp32", near, source).sqnr_db > 100
    with pytest.raises(StepFailed, match="constant"):
        parity("int8-static", {"y": np.zeros_like(source["y"])}, source)
    with pytest.raises(StepFailed, match="dB from the source"):
        parity("fp32", {"y": source["y"] * 1.1}, source)


def test_doubles_whose_range_overflows_are_no_single_step():
    top = 1.7e308
    source = np.random.default_rng(0).choice([-top, top, 0.1 * top], (40, 3))
    assert "constant" in verdict("int8-static", np.zeros_like(source), source)


LARGE_MEANS = {
    "300 K": 300 + 0.8 * RNG.normal(size=(48, 1, 1)),
    "pressure": 101_325 + 400 * RNG.normal(size=(48, 1, 3)),
    "a map": 300 + 0.8 * RNG.normal(size=(48, 1, 6, 8)),
    "below 0": -1000 + 1.2 * RNG.normal(size=(48, 1, 2)),
}


@pytest.mark.parametrize("name", LARGE_MEANS)
def test_beside_a_large_mean_what_varies_is_compared(name):
    answers = LARGE_MEANS[name].astype(np.float32)
    mean = answers.mean(axis=0, keepdims=True)
    assert verdict("fp32", rounded(answers, "fp32"), answers) == ""
    assert "constant, where" in verdict("fp32", np.broadcast_to(mean, answers.shape), answers)
    for wrong in (mean - (answers - mean), answers[::-1], mean + 0.5 * (answers - mean)):
        assert "vary otherwise than the source's" in verdict("fp32", wrong, answers)
    assert verdict("bf16", rounded(answers, "bf16"), answers) == ""


def test_fp16_beside_a_mean_that_it_can_hold():
    answers = (30 + 2 * RNG.normal(size=(48, 1, 4))).astype(np.float32)
    assert verdict("fp16", rounded(answers, "fp16"), answers) == ""
    noisy = answers + 0.05 * RNG.normal(size=answers.shape)
    assert verdict("fp16", noisy, answers) == ""
    assert verdict("fp16", answers[::-1], answers)


SILENCE = (0.0005 + 0.001 * RNG.random((48, 1, 1))).astype(np.float32)
NOTHING_SEEN = (0.003 * RNG.random((48, 1, 2, 16))).astype(np.float32)
LATE = np.where(np.arange(200) == 150, 900.0, RNG.random(200))[:, None].astype(np.float32)


@pytest.mark.parametrize("answers", [SILENCE, NOTHING_SEEN, LATE])
def test_integers_that_cannot_tell_a_rare_answer_from_none_are_not_refused(answers):
    zeros = np.zeros_like(answers)
    assert verdict("int8-static", zeros, answers) == ""
    assert "constant" in verdict("fp16", zeros, answers)
    assert verdict("fp16", rounded(answers, "fp16"), answers) == ""
    assert "dB" in verdict("int8-static", zeros + 0.5 * (1 + answers.max()), answers)


def test_scores_that_do_vary_are_refused_as_zeros_still():
    for scale in (0.02, 0.2, 1):
        scores = scale * RNG.random((48, 1, 3)).astype(np.float32)
        assert "constant" in verdict("int8-static", np.zeros_like(scores), scores)
    small = 1e-3 * RNG.normal(size=(48, 1, 3)).astype(np.float32)
    assert "constant" in verdict("int8-static", np.zeros_like(small), small)
    seen = detector()
    seen[:, :, 4:] *= 0.03  # beside boxes: another form of the same model would follow them
    dead = seen.copy()
    dead[:, :, 4:] = 0
    assert verdict("int8-static", dead, seen).startswith("channels 4 to 5 of y: constant")


def shuffled(array):
    return array[np.random.default_rng(5).permutation(len(array))]


@pytest.mark.parametrize("factor", [0.2, 0.5, 1.0])
@pytest.mark.parametrize("precision", ["int8-static", "fp16"])
def test_wrong_slices_of_like_scale_are_named(factor, precision):
    answers = RNG.normal(size=(48, 1, 12, 10)).astype(np.float32)
    answers[:, :, 8:] *= factor
    for wrong in (-answers, shuffled(answers), answers[:, :, ::-1] * factor):
        own = answers * (1 + 0.001 * RNG.normal(size=answers.shape))
        own[:, :, 8:] = wrong[:, :, 8:]
        assert "channels 8 to 11 of y: farther from" in verdict(precision, own, answers)


def test_noise_that_all_slices_share_is_for_the_score_to_judge():
    answers = RNG.normal(size=(48, 1, 12, 10)) * np.geomspace(1, 0.15, 12)[:, None]
    for noise in (0.1, 0.2, 0.4):
        own = answers + noise * RNG.normal(size=answers.shape)
        assert verdict("int8-static", own, answers) == ""
    logits = sure()
    assert verdict("int8-static", logits + 0.6 * RNG.normal(size=logits.shape), logits) == ""


def test_a_wrong_column_of_whole_numbers_is_named():
    boxes = RNG.integers(0, 640, (40, 1, 20, 6))
    boxes[..., 5] = RNG.integers(0, 9, (40, 1, 20))
    own = boxes.copy()
    own[..., 5] = RNG.integers(0, 9, (40, 1, 20))
    assert verdict("int8-static", own, boxes).startswith("column 5 of y: farther from")
    own = boxes + (RNG.random(boxes.shape) < 0.05)
    assert verdict("int8-static", own, boxes) == ""
    heads = RNG.integers(0, 5, (60, 3))
    own = heads.copy()
    own[:, 1] = RNG.integers(0, 5, 60)
    assert "1" in verdict("int8-static", own, heads)


def detected(seed=0):
    """[n, 128 candidates, 6]: of which each moves, and the last ones by little."""
    values = np.random.default_rng(seed).normal(size=(64, 128, 6))
    values[:, 96:] *= 1e-3
    return {"boxes": values.astype(np.float32)}


def without_candidates(source):
    """What 8 bits leave of candidates that hardly answer anything: one value."""
    values = source["boxes"].copy()
    values[:, 96:] = 0.0
    return {"boxes": values}


def test_of_a_heads_integers_no_candidate_alone_is_held_to_the_source():
    source = detected()
    own = without_candidates(source)
    with pytest.raises(TooFar):
        parity("int8-static", own, source)
    assert parity("int8-static", own, source, decoded=True).n == 64
    with pytest.raises(TooFar):
        parity("fp16", own, source, decoded=True)


def test_a_column_that_is_dead_in_all_candidates_is_refused_all_the_same():
    source = detected()
    own = {"boxes": source["boxes"].copy()}
    own["boxes"][..., 4] = 0.5
    with pytest.raises(TooFar, match="value 4 of each candidate in boxes: constant"):
        parity("int8-static", own, source, decoded=True)


def test_a_score_of_what_did_not_occur_may_be_lost():
    source = detected()
    source["boxes"][..., 5] = np.abs(source["boxes"][..., 5]) * 1e-3
    own = {"boxes": source["boxes"].copy()}
    own["boxes"][..., 5] = 0.0
    assert parity("int8-static", own, source, decoded=True).n == 64


def test_so_is_what_is_wrong_as_a_whole():
    source = detected()
    with pytest.raises(TooFar):
        parity("int8-static", detected(1), source, decoded=True)
