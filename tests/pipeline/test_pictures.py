"""What the chosen answers otherwise than the source, drawn into the run's folder."""

import numpy as np
import pytest
from PIL import Image

from edgeopt.datasets.by_task import ByTask
from edgeopt.datasets.settling.settle import metric_of, settle
from edgeopt.datasets.settling.settled import Given
from edgeopt.decoding.placement import placement
from edgeopt.domain.task import TaskAsked
from edgeopt.domain.tensor import TensorSpec
from edgeopt.pipeline.changed_samples import artist_of, changed, most_changed
from edgeopt.pipeline.pictures import Artist, Sample, made
from tests.pipeline import squares

IMAGE = TensorSpec(name="images", dtype="float32", shape=(1, 3, 64, 64))
N = 40


@pytest.fixture(scope="module")
def judging(tmp_path_factory):
    import onnxruntime

    folder = tmp_path_factory.mktemp("squares")
    session = onnxruntime.InferenceSession(squares.model(str(folder / "m.onnx")))
    samples = squares.samples(folder / "scenes", N).take(np.arange(N)[::-1])
    found = [session.run(None, {"images": one[None]})[0] for one in samples.inputs["images"]]
    outputs = {"output0": np.stack(found)}
    settled = settle(Given(TaskAsked(), "", samples, outputs, (IMAGE,), "output0"))
    return ByTask("confirm", samples, outputs, settled, metric_of(settled, "", samples))


@pytest.fixture(scope="module")
def spoiled(judging):
    """Nothing is found in the images 3 and 7; one box less in 20, where there are two at least."""
    found = judging.source["output0"].copy()
    found[[3, 7], 0, 4:] = 0
    rows = [i for i in range(20, N) if (found[i, 0, 4:].max(axis=0) > 0.25).sum() > 1]
    cells = found[rows[0], 0, 4:]
    cells[:, cells.max(axis=0).argmax()] = 0
    return {"output0": found}, rows[0]


@pytest.mark.slow
def test_the_most_changed_are_first_and_none_that_did_not(judging, spoiled):
    answers, one_less = spoiled
    found = changed(judging, answers)
    numbers = judging.samples.numbers
    assert [one.number for one in found] == [numbers[i] for i in (3, 7, one_less)]
    assert [one.apart for one in found[:2]] == pytest.approx([1, 1])
    assert 0 < found[2].apart < 1
    assert [one.path.name for one in found[:2]] == [f"{numbers[i]:04}.png" for i in (3, 7)]
    assert changed(judging, judging.source) == []
    assert len(changed(judging, answers, most=1)) == 1
    few = {name: each[:5] for name, each in answers.items()}
    assert [one.number for one in changed(judging, few)] == [numbers[3]]


def test_most_changed_is_stable():
    assert most_changed(np.array([0, 0.5, 1e-12, 0.5, 0.7])).tolist() == [4, 1, 3]


@pytest.mark.slow
def test_boxes_are_drawn_where_they_are(judging, spoiled, tmp_path):
    samples = changed(judging, spoiled[0])
    artist = artist_of(judging, samples)
    found = made(samples, artist, "map", tmp_path, "some-target")
    assert len(found) == 3
    first = found[0]
    assert (first.measure, first.chosen.found) == ("map", 0)
    assert first.source.found > 0
    assert (first.source.width, first.source.height) == (256, 256)  # of 64: lines can be seen
    plain, boxed = (
        np.asarray(Image.open(tmp_path / one.file), int) for one in (first.chosen, first.source)
    )
    different = np.abs(plain - boxed).sum(axis=2) > 100
    assert 0.002 < different.mean() < 0.5
    boxes = judging.samples.take([3]).marks.annotated.objects[0].boxes * 4
    ys, xs = np.nonzero(different)
    assert xs.max() < boxes[:, 2].max() + 60  # a name stands beside its box, and letters are wide
    assert ys.min() > boxes[:, 1].min() - 30
    assert all(one.file.startswith("pictures/some-target/") for one in (first.source, first.chosen))
    total = sum(path.stat().st_size for path in tmp_path.rglob("*.jpg"))
    assert total * 4 / 3 < 1_500_000
    assert made(samples, artist, "map", tmp_path, "some-target") == found  # the same again
    assert not list(tmp_path.rglob("*.part"))


@pytest.mark.slow
def test_pictures_of_an_earlier_choice_are_removed(judging, spoiled, tmp_path):
    samples = changed(judging, spoiled[0])
    artist = artist_of(judging, samples)
    made(samples, artist, "map", tmp_path, "other")
    made(samples, artist, "map", tmp_path, "t")
    made(samples[:1], artist, "map", tmp_path, "t")
    assert len(list((tmp_path / "pictures/t").iterdir())) == 2
    assert made([], artist, "map", tmp_path, "t") == ()
    assert list((tmp_path / "pictures/t").iterdir()) == []
    assert len(list((tmp_path / "pictures/other").iterdir())) == 6


def task(**said):
    return {"name": "ctc", "output": "o", "names": (), "extra": {"alphabet": ["", "a", "b"],
            "blank": 0}, **said}  # fmt: skip


def one_sample(folder, source, chosen, size=(160, 32)):
    path = folder / "line.png"
    Image.new("RGB", size, (200, 200, 200)).save(path)
    place = placement("stretch", size[::-1], size[::-1])
    return Sample(0, path, place, 0.5, {"o": source}, {"o": chosen})


def test_a_text_is_said_and_its_line_is_one_picture(tmp_path):
    steps = np.eye(3)[[1, 0, 2]] * 9
    sample = one_sample(tmp_path, steps, np.eye(3)[[1, 0, 1]] * 9)
    [found] = made([sample], Artist(task()), "cer", tmp_path, "t")
    assert (found.source.text, found.chosen.text) == ("ab", "aa")
    assert found.source.found is None
    assert found.source.file == found.chosen.file


def test_classes_of_pixels_are_coloured(tmp_path):
    half = np.zeros((2, 32, 160), np.float32)
    half[1, :, 80:] = 5
    sample = one_sample(tmp_path, half, -half)
    facts = {"name": "segmentation", "size": (32, 160), "names": ("no", "yes"), "extra": {}}
    [found] = made([sample], Artist(facts), "miou", tmp_path, "t")
    source, chosen = (
        np.asarray(Image.open(tmp_path / one.file), int) for one in (found.source, found.chosen)
    )
    moved = np.abs(source - chosen).sum(axis=2) > 60
    assert moved[32:, 170:].mean() > 0.9
    assert moved[32:, :150].mean() < 0.1


def test_images_for_images(tmp_path):
    facts = {"name": "image-to-image", "output": "o", "names": (),
             "extra": {"high": 1.0, "channels_first": True}}  # fmt: skip
    sample = one_sample(tmp_path, np.zeros((3, 32, 160)), np.ones((3, 32, 160)))
    [found] = made([sample], Artist(facts), "psnr", tmp_path, "t")
    source, chosen = (Image.open(tmp_path / one.file) for one in (found.source, found.chosen))
    assert (source.getextrema()[0], chosen.getextrema()[0]) == ((0, 0), (255, 255))


def test_a_task_of_ones_own_is_drawn_where_its_answers_can_be(tmp_path):
    sample = one_sample(tmp_path, np.zeros(1), np.ones(1))
    own = {"name": "my.module:Task", "names": ()}
    [found] = made([sample], Artist(own, lambda outputs, place: str(outputs["o"][0])), "m",
                   tmp_path, "t")  # fmt: skip
    assert (found.source.text, found.chosen.text) == ("0.0", "1.0")
    for answer in (None, 3.0, np.zeros(4)):
        assert made([sample], Artist(own, lambda o, p, a=answer: a), "m", tmp_path, "t") == ()


@pytest.mark.slow
def test_what_cannot_be_drawn_is_left_out(judging, spoiled, tmp_path):
    first, *others = changed(judging, spoiled[0])
    gone = Sample(first.number, tmp_path / "gone.png", first.place, 1.0, first.source, first.chosen)
    (tmp_path / "bad.png").write_text("no image", "utf-8")
    bad = Sample(1, tmp_path / "bad.png", first.place, 1.0, first.source, first.chosen)
    wrong = Sample(2, first.path, first.place, 1.0, {"o": np.zeros((1, 1000))}, first.chosen)
    artist = artist_of(judging, [first])
    found = made([gone, bad, wrong, *others], artist, "map", tmp_path, "t")
    assert [one.number for one in found] == [one.number for one in others]


def test_an_image_is_upright_before_it_is_drawn_on(tmp_path):
    path = tmp_path / "turned.jpg"
    image = Image.new("RGB", (300, 100), (0, 0, 0))
    exif = image.getexif()
    exif[0x0112] = 6
    image.save(path, exif=exif)
    sample = Sample(0, path, placement("stretch", (300, 100), (32, 32)), 1.0,
                    {"o": np.zeros(1)}, {"o": np.ones(1)})  # fmt: skip
    shown = np.zeros((300, 100), np.int64)
    [found] = made([sample], Artist({"name": "x:Y"}, lambda o, p: shown), "m", tmp_path, "t")
    assert (found.source.width, found.source.height) == (100, 300)
