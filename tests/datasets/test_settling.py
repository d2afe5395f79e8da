"""Which task a run's answers are judged by: what is asked, what the data holds, what fits."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgeopt.datasets.annotations.annotated import Annotated
from edgeopt.datasets.marked_images import MarkedImages
from edgeopt.datasets.marked_pairs import MarkedPairs
from edgeopt.datasets.samples import Samples
from edgeopt.datasets.settling import ranking
from edgeopt.datasets.settling.settle import metric_of, settle
from edgeopt.datasets.settling.settled import Given
from edgeopt.decoding.placement import placement
from edgeopt.decoding.preparation import Preparation
from edgeopt.domain.errors import BadInput
from edgeopt.domain.task import TaskAsked
from edgeopt.domain.tensor import TensorSpec
from edgeopt.tasks import known
from edgeopt.tasks.embedding import Directions, Identities, Pairs
from tests.decoding import made
from tests.pipeline import squares

N = 40
RNG = np.random.default_rng(3)
IMAGE = TensorSpec(name="x", dtype="float32", shape=(1, 3, 64, 64))
ROW = TensorSpec(name="x", dtype="float32", shape=(1, 8))


def given(outputs, labels=None, groups=None, marks=None, spec=ROW, metric="", **asked):
    rows = np.zeros((N, *spec.sizes), np.float32)
    samples = Samples({"x": rows}, labels, groups, "the data", marks=marks)
    output = next(iter(outputs))
    return Given(TaskAsked(**asked), metric, samples, outputs, (spec,), output)


def settled(*args, **kwargs):
    known_ = given(*args, **kwargs)
    found = settle(known_)
    if found is None:
        return None, None
    return found, metric_of(found, known_.metric, known_.samples)


@pytest.fixture(scope="module")
def detected(tmp_path_factory):
    """Outputs of the detector of squares, and its annotated scenes."""
    import onnxruntime

    folder = tmp_path_factory.mktemp("squares")
    session = onnxruntime.InferenceSession(squares.model(str(folder / "m.onnx")))
    samples = squares.samples(folder / "scenes", N)
    found = [session.run(None, {"images": one[None]})[0] for one in samples.inputs["images"]]
    return {"output0": np.stack(found)}, samples.marks


SCORES = {"y": RNG.normal(size=(N, 1, 10)).astype(np.float32)}
PLANES = {"y": RNG.normal(size=(N, 1, 3, 32, 32)).astype(np.float32)}
POINTS = {"y": RNG.uniform(4, 60, size=(N, 1, 5, 2)).astype(np.float32)}
STEPS = {"y": RNG.dirichlet(np.ones(4), size=(N, 1, 9)).astype(np.float32)}
ONE = {"y": RNG.normal(size=(N, 1)).astype(np.float32)}
TEXTS = np.array(["ab", "ba", "a", "b"] * (N // 4))
QUERIES, RIGHT = np.repeat(np.arange(N // 4), 4), np.tile([1, 0, 0, 0], N // 4)


def test_what_is_classified_has_no_task_of_this_kind():
    assert settled(SCORES, RIGHT) == (None, None)
    assert settled(SCORES, task="classification") == (None, None)
    assert settled(SCORES, RIGHT, metric="accuracy") == (None, None)


def test_outputs_that_are_certain_need_no_word(detected):
    outputs, marks = detected
    found, metric = settled(outputs, spec=IMAGE)
    assert (found.facts.name, found.facts.head, metric.against) == ("detection", "yolo", "source")
    found, metric = settled(outputs, marks=marks, spec=IMAGE)
    assert (found.facts.names, metric.against, metric.name) == (squares.NAMES, "labels", "map")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("named", "own"),
    [
        ("ssd", "ssd-postprocess"),
        ("yolo", "yolo-objectness"),
        ("yolo", "yolo-seg"),
        ("yolo", "yolo-end2end"),
        ("yolo-seg", "yolo-dfl"),
    ],
)
def test_a_head_stands_for_the_one_of_its_family_that_fits(named, own):
    one = made.outputs(own)
    outputs = {name: np.stack([np.asarray(array)[None]] * N) for name, array in one.items()}
    rows, columns = made.size_of(own)
    spec = TensorSpec(name="x", dtype="float32", shape=(1, 3, rows, columns))
    found, _ = settled(outputs, spec=spec, head=named)
    assert found.facts.head == own
    assert found.facts.why.startswith(f"--head {named}: {own}: ")
    with pytest.raises(BadInput, match="the head nanodet wants"):
        settled(outputs, spec=spec, head="nanodet")


def test_data_of_more_classes_than_the_named_heads_outputs_hold_is_refused(detected):
    outputs, marks = detected
    named = replace(marks, annotated=replace(marks.annotated, names=("red", "green", "blue")))
    with pytest.raises(BadInput) as caught:
        settled(outputs, marks=named, spec=IMAGE, head="yolo")
    assert "the data names 3 classes, and the outputs hold others for the head yolo" in str(
        caught.value
    )
    assert "are 2 classes, not 3" in str(caught.value)


def test_labels_are_not_overruled_by_what_outputs_look_like(detected):
    assert settled(detected[0], RIGHT, spec=IMAGE, metric="exact-match") == (None, None)


@pytest.fixture
def alphabet(tmp_path):
    path = tmp_path / "letters.txt"
    path.write_text("a\nb\nc\n", "utf-8")
    return str(path)


def test_each_task_by_its_word(alphabet):
    rows = {
        "segmentation": settled(PLANES, spec=IMAGE, task="segmentation"),
        "pose": settled(POINTS, spec=IMAGE, task="pose", head="points"),
        "ctc": settled(STEPS, TEXTS, alphabet=alphabet),
        "embedding": settled(SCORES, task="embedding"),
        "ranking": settled(ONE, RIGHT, QUERIES, task="ranking"),
        "regression": settled(ONE, RIGHT * 0.5, task="regression"),
        "image-to-image": settled(PLANES, PLANES["y"], task="image-to-image"),
    }
    assert set(rows) == set(known.TASKS) - {"detection"}
    assert {name: found.facts.name for name, (found, _) in rows.items()} == {n: n for n in rows}
    against = {name: metric.against for name, (_, metric) in rows.items()}
    assert against == {n: "source" if n in ("segmentation", "pose", "embedding") else "labels"
                       for n in rows}  # fmt: skip


def test_a_measure_names_its_task():
    assert settled(ONE, RIGHT * 0.5, metric="rmse")[0].facts.name == "regression"
    assert settled(ONE, RIGHT, QUERIES, metric="hr@10")[1].name == "hr@10"
    assert settled(SCORES, metric="cosine")[0].facts.name == "embedding"


@pytest.mark.parametrize(
    ("low", "high", "labelled", "wanted"),
    [
        (0.0, 1.0, True, (0.0, 1.0)),
        (-1.0, 1.0, True, (-1.0, 1.0)),
        (-0.1, 0.9, True, (-1.0, 1.0)),
        (-0.1, 1.1, False, (0.0, 1.0)),  # a model's overshoot
        (-0.9, 0.9, False, (-1.0, 1.0)),
        (-9.0, 260.0, False, (0.0, 255.0)),
        (0.0, 255.0, True, (0.0, 255.0)),
    ],
)
def test_the_range_of_an_image(low, high, labelled, wanted):
    values = {"y": np.linspace(low, high, N * 3 * 16).reshape(N, 1, 3, 4, 4)}
    found, _ = settled(values, values["y"] if labelled else None, task="image-to-image")
    assert (found.facts.extra["low"], found.facts.extra["high"]) == wanted
    assert (found.found.low, found.found.high) == wanted


@pytest.mark.parametrize(("low", "high"), [(-100.0, 90.0), (-5.0, 1.0), (-128.0, 127.0)])
def test_values_of_no_image_are_refused(low, high):
    values = {"y": np.linspace(low, high, N * 3 * 16).reshape(N, 1, 3, 4, 4)}
    with pytest.raises(BadInput, match="are of no image"):
        settled(values, task="image-to-image")


@pytest.mark.parametrize("number", [70_000, 3, -2, 65_535, 2**40])
def test_a_class_beyond_the_models_is_refused_and_not_wrapped(number):
    labels = np.zeros((N, 64, 64), np.int64)
    labels[0, 0, :2] = 255, -1
    planes = {"y": RNG.normal(size=(N, 1, 3, 64, 64)).astype(np.float32)}
    right = given(planes, labels, spec=IMAGE, task="segmentation")
    found = settle(right)
    assert found.truths(right.samples)[0][0, :3].tolist() == [-1, -1, 0]
    labels[-1, 5, 5] = number
    with pytest.raises(BadInput, match=rf"class {number}, but the model has 3 classes \(0 to 2\)"):
        found.truths(right.samples)


def test_embeddings_by_what_is_known_of_them():
    pairs = Pairs(np.arange(N), np.roll(np.arange(N), 1), same=np.arange(N) % 2 == 0)
    kinds = [
        settled(SCORES, task="embedding")[0].found.kind,
        settled(SCORES, RIGHT, task="embedding")[0].found.kind,
        settled(SCORES, marks=MarkedPairs(pairs, N))[0].found.kind,
    ]
    assert kinds == [Directions, Identities, Pairs]


@pytest.mark.parametrize(
    ("make", "what"),
    [
        (lambda: settled(SCORES, spec=IMAGE, task="detection"), "head is not certain"),
        (lambda: settled(SCORES, spec=IMAGE, head="yolox"), "the head yolox wants"),
        (lambda: settled(SCORES, task="detection"), "no input of the model takes an image"),
        (lambda: settled(STEPS, TEXTS), "which ones is not said"),
        (lambda: settled(ONE, RIGHT, task="ranking"), "which samples compete is not said"),
        (lambda: settled(ONE, RIGHT * 0, QUERIES, task="ranking"), "none of 10 queries"),
        (lambda: settled(SCORES, RIGHT, task="regression"), "1 values for a sample"),
        (lambda: settled(SCORES, SCORES["y"], task="embedding"), "one identity"),
        (lambda: settled(SCORES, task="image-to-image"), "is no image"),
        (lambda: settled(PLANES, spec=IMAGE, task="segmentation", metric="map"), "'map'"),
        (lambda: settled(SCORES, task="tests.datasets.test_settling:Nothing"), "is no task"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_sentence(make, what):
    with pytest.raises(BadInput, match=what) as error:
        make()
    assert error.value.hint


def test_an_alphabet_of_another_length(tmp_path):
    path = tmp_path / "letters.txt"
    path.write_text("a\nb\n" + "\n".join(map(chr, range(1000, 1009))), "utf-8")
    with pytest.raises(BadInput, match="alphabet"):
        settled(STEPS, TEXTS, alphabet=str(path))


def test_candidates_of_a_part_keep_whole_queries():
    samples = given(ONE, RIGHT, QUERIES).samples
    part = samples.take(np.r_[4:8, 20:24, 39])  # the last query lacks the others
    found = ranking.candidates(part)
    assert found.queries == 2
    assert found.sample.tolist() == list(range(8))
    assert found.relevance.tolist() == [1, 0, 0, 0] * 2


class Nothing:
    """No task."""


class Mean:
    """A task of one's own: the mean of the output should be the label."""

    name = "mean"

    def __init__(self):
        from edgeopt.tasks.task import Measure

        self.measures = (Measure("off", "mean distance", higher_is_better=False, points=False),)

    def answers(self, outputs, contexts):
        return np.asarray(outputs["y"]).reshape(len(contexts), -1).mean(axis=1)

    def truths_of(self, answers):
        return answers

    def judged(self, answers, truths):
        return Judged(np.abs(answers - truths))


class Judged:
    def __init__(self, off):
        self.off = off

    def contributions(self, measure):
        from edgeopt.tasks.counted import mean

        return mean(self.off)

    def slices(self, measure):
        return {}


def test_a_task_of_ones_own():
    found, metric = settled(SCORES, RIGHT * 0.5, task="tests.datasets.test_settling:Mean")
    assert (found.facts.name, metric.name) == ("tests.datasets.test_settling:Mean", "off")
    assert found.task(None).name == "mean"


def test_pairs_of_which_one_sample_is_elsewhere_are_left_out():
    pairs = MarkedPairs(Pairs(np.array([0, 1, 2]), np.array([1, 2, 3]), same=np.arange(3) < 1), 4)
    part = pairs.take([3, 2, 0])
    assert (part.pairs.left.tolist(), part.pairs.right.tolist()) == ([1], [0])
    assert len(part) == 3
    assert part.sha256() != pairs.sha256()


def test_the_settled_facts_can_be_kept(detected):
    import msgspec

    found, _ = settled(detected[0], marks=detected[1], spec=IMAGE)
    assert msgspec.json.decode(msgspec.json.encode(found.facts), type=type(found.facts)) is not None
    assert found.facts.preparation["way"] == "letterbox"


def test_a_map_of_text_is_judged_at_its_own_threshold_and_has_polygons():
    plane = np.full((N, 1, 1, 32, 32), 0.4, np.float32)
    plane[:, :, :, :4] = 0.1
    found, _ = settled({"maps": plane}, spec=IMAGE, head="db")
    assert (found.facts.name, found.facts.head) == ("segmentation", "")
    assert found.facts.extra == {"first": 1, "threshold": 0.3, "polygons": True}
    plain, _ = settled({"maps": plane}, spec=IMAGE, task="segmentation")
    assert plain.facts.extra == {"first": 1, "threshold": 0.5}


def with_angles(way, image):
    """A detector of rotated boxes, the last of its images of another size."""
    outputs = {"y": np.stack([made.outputs("yolo-obb")["output0"]] * N)}
    places = [placement(way, made.SIZE, made.SIZE)] * (N - 1) + [placement(way, image, made.SIZE)]
    annotated = Annotated((Path("a.png"),) * N, np.full((N, 2), 9), origin="the data")
    marks = MarkedImages(annotated, tuple(places), Preparation(way, made.SIZE))
    return given(outputs, marks=marks, spec=IMAGE, head="yolo-obb", task="detection")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("way", "image"),
    [("letterbox", (60, 5000)), ("corner", (5000, 60)), ("stretch", (256, 320))],
)
def test_rotated_boxes_of_images_that_keep_their_form_are_settled(way, image):
    assert settle(with_angles(way, image)).facts.head == "yolo-obb"


@pytest.mark.parametrize("image", [(60, 5000), (128, 128), (320, 256)])
def test_rotated_boxes_of_a_stretched_image_are_refused_before_work_starts(image):
    said = rf"an image of {image[1]} x {image[0]} pixels, and the model answers with rotated boxes"
    with pytest.raises(BadInput, match=said):
        settle(with_angles("stretch", image))
