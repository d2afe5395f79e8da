import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.signal import convolve2d

from edgeopt.domain.errors import BadInput
from edgeopt.tasks import image_to_image
from edgeopt.tasks.image_to_image import ImageToImage
from tests.tasks.resampled import assert_adds_up


def noisy(rng, shape, high):
    truth = rng.uniform(0, high, shape)
    return np.clip(truth + rng.normal(0, high * 0.1, shape), 0, high), truth


def test_values_of_scikit_image():
    """scikit-image 0.26: peak_signal_noise_ratio; structural_similarity(gaussian_weights=True,
    sigma=1.5, use_sample_covariance=False) of these very arrays."""
    rng = np.random.default_rng(7)
    wanted = [
        ((24, 31), 255, 20.261469954049936, 0.9432184172465176),
        ((24, 31, 3), 255, 20.497428715434157, 0.9473383414721283),
        ((16, 16, 3), 1.0, 20.74961895621849, 0.9470318030616057),
    ]
    for shape, high, psnr, ssim in wanted:
        answer, truth = noisy(rng, shape, high)
        assert image_to_image.psnr([answer], [truth], high).value() == pytest.approx(psnr)
        assert image_to_image.ssim([answer], [truth], high).value() == pytest.approx(ssim)


def test_similarity_by_wangs_formula():
    """Every window by itself, in two dimensions (Wang et al. 2004, equation 13)."""
    answer, truth = noisy(np.random.default_rng(1), (20, 23), 255)
    along = np.exp(-(np.arange(-5, 6) ** 2) / (2 * 1.5**2))
    window = np.outer(along, along) / along.sum() ** 2

    def mean(image):
        return convolve2d(image, window, mode="valid")

    x, y = mean(answer), mean(truth)
    xx, yy = mean(answer**2) - x**2, mean(truth**2) - y**2
    xy = mean(answer * truth) - x * y
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    wanted = (2 * x * y + c1) * (2 * xy + c2) / ((x**2 + y**2 + c1) * (xx + yy + c2))
    found = image_to_image.ssim([answer], [truth], 255).value()
    assert found == pytest.approx(wanted.mean())


@given(st.sampled_from([image_to_image.psnr, image_to_image.ssim]), st.integers(0, 1000))
def test_a_resample_is_the_metric_of_the_resampled(metric, seed):
    rng = np.random.default_rng(seed)
    answers, truths = zip(*(noisy(rng, (12 + i, 13), 1.0) for i in range(4)), strict=True)
    assert_adds_up(
        lambda a, t: metric(a, t, 1.0), list(answers), list(truths), seed=seed, resamples=3
    )


def test_an_image_without_error():
    image = np.random.default_rng(0).integers(0, 256, (12, 12)).astype(np.uint8)
    assert image_to_image.psnr([image], [image], 255).value() == image_to_image.MOST_DB
    assert image_to_image.ssim([image], [image], 255).value() == pytest.approx(1)


def test_bytes_do_not_wrap():
    dark, bright = np.zeros((1, 1), np.uint8), np.full((1, 1), 255, np.uint8)
    assert image_to_image.psnr([dark], [bright], 255).value() == 0


def test_errors_below_zero_count_as_much_as_above():
    """An image of -1..1 is judged as the same one of 0..1 is."""
    answer, truth = noisy(np.random.default_rng(2), (16, 18, 3), 1.0)
    plain, signed = ImageToImage("o", 1.0, False), ImageToImage("o", 1.0, False, low=-1.0)
    for measure in ("psnr", "ssim"):
        value = plain.judged([answer], [truth]).contributions(measure).value()
        [moved] = signed.answers({"o": (2 * answer - 1)[None]})
        found = signed.judged([moved], [2 * truth - 1]).contributions(measure).value()
        assert found == pytest.approx(value)


@pytest.mark.parametrize("measure", ["psnr", "ssim"])
@pytest.mark.parametrize("axis", [0, 1])
def test_what_is_past_an_images_end_does_not_count(measure, axis):
    rng = np.random.default_rng(3)
    whole, sides = [noisy(rng, (20, 20, 3), 1.0) for _ in range(4)], (20, 12, 15, 20)
    ends = [(slice(m), slice(None))[:: 1 - 2 * axis] for m in sides]
    outputs = np.full((4, 1, 3, 20, 20), np.inf)
    for i, (answer, _) in enumerate(whole):
        outputs[i, 0][:, *ends[i]] = answer[ends[i]].transpose(2, 0, 1)
    outputs[0, 0, 0, 3, 3] = np.inf  # too large a value, and no end
    whole[0][0][3, 3, 0] = 1
    truths = [truth for _, truth in whole]
    task = ImageToImage("o", 1.0, True, ragged=True)
    found = task.judged(task.answers({"o": outputs}), truths).contributions(measure).value()
    cut = [(answer[end], truth[end]) for (answer, truth), end in zip(whole, ends, strict=True)]
    plain = ImageToImage("o", 1.0, False)
    each = [plain.judged([a], [t]).contributions(measure).value() for a, t in cut]
    assert found == pytest.approx(np.mean(each))
    own = task.answers({"o": outputs})
    assert task.judged(own, task.truths_of(own)).contributions("ssim").value() == pytest.approx(1)


def test_the_mean_of_images_is_made_without_all_of_them_in_doubles():
    truths = [np.full((200, 200, 3), value, np.uint8) for value in (10, 250)] * 50
    tracemalloc.start()
    [answers] = ImageToImage("o", 255.0, False).blind(truths).values()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(answers) == 100
    assert answers[0] == pytest.approx(np.full((200, 200, 3), 130.0))
    assert peak < 10 * 8 * truths[0].size


def test_what_does_not_fit():
    with pytest.raises(BadInput, match=r"shape \[3, 4\] cannot be compared with an image of \[4"):
        image_to_image.psnr([np.zeros((3, 4))], [np.zeros((4, 3))], 1)
    with pytest.raises(BadInput, match="windows of 11 x 11 pixels, and an image has 12 x 10"):
        image_to_image.ssim([np.zeros((10, 12))], [np.zeros((10, 12))], 1)
