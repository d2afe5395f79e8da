"""run.py of every task, on raw images and sounds, where numpy, Pillow and the runtime are all."""

from __future__ import annotations

import json
import subprocess
import sys
import wave
from pathlib import Path

import msgspec
import numpy as np
import onnxruntime as ort
import pytest
from PIL import Image

from edgeopt.datasets.annotations import upright
from edgeopt.decoding import ctc, rolling
from edgeopt.decoding.preparation import Preparation, of_record
from edgeopt.domain.fold import Fold, FoldedInput
from edgeopt.domain.task import TaskFacts
from edgeopt.tasks.ctc import Ctc
from edgeopt.tasks.detection import Detection
from edgeopt.tasks.image_to_image import ImageToImage
from edgeopt.tasks.pose import Pose
from edgeopt.tasks.segmentation import Segmentation
from tests.bundle.task_net import bundle
from tests.decoding import made

pytestmark = pytest.mark.slow  # seconds of a core

ONLY = Path(__file__).with_name("only.py")
SIZE = (64, 96)
RNG = np.random.default_rng(7)
BYTES = (1 / 255,) * 3
NAMES = ("cat", "dog", "cow")


def prepared(size=SIZE, **more):
    return Preparation(**{"way": "letterbox", "size": size, "scale": BYTES, **more}).record()


def task_of(name, size=SIZE, preparation=None, **more):
    return TaskFacts(name=name, size=size, preparation=preparation or prepared(size), **more)


def image_input(size=SIZE):
    return {"images": ("float32", (1, 3, *size))}


def run(made, *arguments, cwd, check=True, packages="numpy,PIL,onnxruntime,decoding"):
    command = [sys.executable, "-I", ONLY, packages, made / "run.py", *arguments]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True)
    assert not check or done.returncode == 0, done.stderr
    return done


def lines(done):
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """Three photos: one lies on its side and says so, one is grey."""
    folder = tmp_path_factory.mktemp("photos")
    sideways = Image.Exif()
    sideways[0x0112] = 6
    for name, mode, exif in (
        ("a.jpg", "RGB", sideways),
        ("b.png", "L", None),
        ("c.png", "RGB", None),
    ):
        pixels = RNG.integers(0, 255, (60, 100, 3), np.uint8)
        Image.fromarray(pixels).convert(mode).save(folder / name, exif=exif or Image.Exif())
    return folder


def asked(made, task, photos):
    """[(outputs, placement)] of the model itself, asked in this process."""
    session = ort.InferenceSession(made.parent / "m.onnx", providers=["CPUExecutionProvider"])
    found = []
    for path in sorted(photos.iterdir()):
        image = upright.open_image(path).convert("RGB")
        values, place = of_record(task.preparation).apply(image)
        names = [value.name for value in session.get_outputs()]
        outputs = session.run(None, {"images": values[None]})
        found.append((dict(zip(names, outputs, strict=True)), place))
    return found


def answers(task, asked):
    """What the task, which is scored, answers to them."""
    outputs = {name: np.stack([one[name] for one, _ in asked]) for name in asked[0][0]}
    return task.answers(outputs, [place for _, place in asked])


@pytest.mark.parametrize("head", ["yolo", "ssd", "yolo-end2end"])
def test_boxes(tmp_path, photos, head):
    size = made.size_of(head)
    task = task_of("detection", size, head=head, names=NAMES)
    shipped = bundle(tmp_path / "m", task, image_input(size), made.outputs(head))
    done = run(shipped, photos, "--score", "0", "--draw", "drawn", cwd=tmp_path)
    found = lines(done)
    expected = answers(Detection(head, size, NAMES), asked(shipped, task, photos))
    assert [one["file"] for one in found] == ["a.jpg", "b.png", "c.png"]
    rows = [row for one in found for row in one["detections"]]
    assert len(rows) == len(expected.scores) > 100
    np.testing.assert_allclose([row["box"] for row in rows], expected.boxes, atol=6e-4)
    np.testing.assert_allclose([row["score"] for row in rows], expected.scores, rtol=1e-8)
    assert [row["class"] for row in rows] == expected.classes.tolist()
    assert {row["name"] for row in rows} <= {*NAMES, *map(str, range(9))}
    assert " a second (3 answered): prepare " in done.stderr
    assert Image.open(tmp_path / "drawn" / "a.jpg").size == (60, 100)  # upright
    assert (tmp_path / "drawn" / "b.png.jpg").is_file()


def test_one_photo_is_drawn_where_it_is_asked_for(tmp_path, photos):
    task = task_of("detection", made.SIZE, head="yolo", names=NAMES)
    shipped = bundle(tmp_path / "m", task, image_input(made.SIZE), made.outputs("yolo"))
    [found] = lines(run(shipped, photos / "c.png", "--draw", "out.png", cwd=tmp_path))
    assert min(row["score"] for row in found["detections"]) >= 0.25
    drawn = np.asarray(Image.open(tmp_path / "out.png").convert("RGB"))
    assert (drawn != np.asarray(Image.open(photos / "c.png"))).any()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m", "out.png"]


def test_masks_of_a_class_map(tmp_path, photos):
    task = task_of("segmentation", names=NAMES, extra={"threshold": 0.5, "first": 0})
    outputs = {"scores": RNG.normal(size=(1, 3, 16, 24))}
    shipped = bundle(tmp_path / "m", task, image_input(), outputs)
    found = lines(run(shipped, photos, "--save", "maps", "--draw", "drawn", cwd=tmp_path))
    expected = answers(Segmentation(SIZE, NAMES), asked(shipped, task, photos))
    for one, wanted in zip(found, expected, strict=True):
        np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / one["saved"])), wanted)
        assert {*one["shares"]} <= {*NAMES}
    assert len(list((tmp_path / "drawn").iterdir())) == 3


def test_polygons_of_a_text_map(tmp_path, photos):
    plane = np.full((1, 1, *SIZE), 0.01)
    plane[..., 20:30, 30:70] = 0.95
    task = task_of("segmentation", names=("none", "text"), extra={"threshold": 0.3})
    shipped = bundle(tmp_path / "m", task, image_input(), {"maps": plane})
    found = lines(run(shipped, photos, "--draw", "drawn", cwd=tmp_path))
    assert [len(one["regions"]) for one in found] == [1, 1, 1]
    assert np.shape(found[0]["regions"][0]["polygon"]) == (4, 2)


def test_key_points(tmp_path, photos):
    names = tuple(map(str, range(17)))
    task = task_of("pose", names=names, extra={"form": "movenet"})
    outputs = {"out": RNG.uniform(0.1, 0.9, (1, 1, 17, 3))}
    shipped = bundle(tmp_path / "m", task, image_input(), outputs)
    found = lines(run(shipped, photos, "--score", "0", "--draw", "drawn", cwd=tmp_path))
    expected = answers(Pose("movenet", SIZE, names), asked(shipped, task, photos))
    for one, wanted in zip(found, expected, strict=True):
        points = [row["keypoints"] for row in one["detections"]]
        np.testing.assert_allclose(points, wanted.points, rtol=1e-3)


def test_a_line_of_text(tmp_path, photos):
    letters = ("", *"abcdefghé")
    task = task_of(
        "ctc", preparation=prepared(way="corner", order="bgr"), output="out",
        extra={"alphabet": letters, "blank": 0, "beam": 0},
    )  # fmt: skip
    shipped = bundle(tmp_path / "m", task, image_input(), {"out": RNG.normal(0, 3, (1, 30, 10))})
    found = [one["text"] for one in lines(run(shipped, photos, "--draw", "d", cwd=tmp_path))]
    assert found == answers(Ctc("out", ctc.Alphabet(letters, 0)), asked(shipped, task, photos))
    assert all(found)


def test_an_image_for_an_image(tmp_path, photos):
    extra = {"high": 1.0, "channels_first": True}
    task = task_of("image-to-image", output="out", extra=extra)
    outputs = {"out": RNG.random((1, 3, 8, 9))}
    shipped = bundle(tmp_path / "m", task, image_input(), outputs)
    found = lines(run(shipped, photos, "--save", "made", "--draw", "d", cwd=tmp_path))
    expected = answers(ImageToImage("out", 1.0, True), asked(shipped, task, photos))
    for one, wanted in zip(found, expected, strict=True):
        pixels = np.asarray(Image.open(tmp_path / one["saved"])) / 255
        np.testing.assert_allclose(pixels, wanted, atol=0.51 / 255)


def test_pixels_go_in_as_they_are_where_their_preparation_is_folded_in(tmp_path, photos):
    task = task_of("embedding", output="out")
    fold = Fold(input=FoldedInput(name="images", scale=BYTES, layout="nhwc"))
    inputs = {"images": ("uint8", (1, *SIZE, 3))}
    shipped = bundle(tmp_path / "m", task, inputs, {"out": RNG.normal(size=(1, 4))}, fold)
    folded = json.loads((shipped / "manifest.json").read_text())["task"]["preparation"]
    assert (folded["dtype"], folded["layout"], folded["scale"]) == ("uint8", "nhwc", [1, 1, 1])
    found = lines(run(shipped, photos, cwd=tmp_path))
    facts = msgspec.structs.replace(task, preparation=folded)
    for one, (outputs, _) in zip(found, asked(shipped, facts, photos), strict=True):
        values = outputs["out"][0].astype(float)
        np.testing.assert_allclose(one["embedding"], values / np.linalg.norm(values), rtol=1e-6)


def written(path, count, rate=16000):
    values = RNG.integers(-20000, 20000, count).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, rate, count, "NONE", ""))
        file.writeframes(values.tobytes())
    return values / 2**15


STREAM = {"sound": ("float32", (1, 160)), "state": ("float32", (2, 1)), "sr": ("int64", ())}


def streaming(folder, **extra):
    task = TaskFacts(name="regression", output="out", states={"next": "state"}, extra=extra)
    return bundle(folder, task, STREAM, {"out": np.array([[0.25]])})


def test_a_sound_is_rolled_with_its_state(tmp_path):
    shipped = streaming(tmp_path / "m", rate=16000)
    signal = written(tmp_path / "a.wav", 165 * 5)
    [found] = lines(run(shipped, "a.wav", cwd=tmp_path))
    session = ort.InferenceSession(tmp_path / "m/m.onnx", providers=["CPUExecutionProvider"])

    def step(given):
        return dict(zip(("out", "next"), session.run(None, given), strict=True))

    steps = signal[: 160 * 5].astype(np.float32).reshape(5, 1, 160)
    sequence = [{"sound": one, "sr": np.array(16000)} for one in steps]
    first = {"state": np.zeros((2, 1), np.float32)}
    expected, _ = rolling.roll(step, sequence, {"next": "state"}, first)
    np.testing.assert_allclose(found["values"]["out"], expected["out"], rtol=1e-6)
    assert len(np.unique(found["values"]["out"])) == 5  # the state is heard


@pytest.mark.parametrize(
    ("count", "rate", "said"),
    [
        (100, 16000, "a sound of 100 values is shorter than a step of 160"),
        (900, 8000, "8000 samples a second, and the model takes 16000"),
    ],
)
def test_a_sound_that_does_not_fit_is_one_sentence(tmp_path, count, rate, said):
    shipped = streaming(tmp_path / "m", rate=16000)
    written(tmp_path / "a.wav", count, rate)
    done = run(shipped, "a.wav", cwd=tmp_path, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_sound_without_a_memory_goes_in_by_pieces(tmp_path):
    letters = ("a", "b", "")
    task = TaskFacts(name="ctc", output="out", extra={"alphabet": letters, "blank": 2, "beam": 0})
    shipped = bundle(
        tmp_path / "m", task, {"sound": ("float32", (1, 400))}, {"out": np.eye(3)[None] * 9}
    )
    written(tmp_path / "a.wav", 1000)
    found = lines(run(shipped, "a.wav", cwd=tmp_path))
    assert [one["text"] for one in found] == ["ab"] * 3
    assert [one.get("start_s", 0) for one in found] == [0, 400 / 16000, 800 / 16000]


def test_arrays_are_answered_too(tmp_path):
    task = TaskFacts(name="ranking", output="score")
    shipped = bundle(
        tmp_path / "m", task, {"user": ("int64", (1, 4))}, {"score": np.array([[0.5]])}
    )
    np.savez(tmp_path / "in.npz", user=np.arange(8).reshape(2, 4))
    found = [one["score"] for one in lines(run(shipped, "in.npz", cwd=tmp_path))]
    assert found == pytest.approx([0.5 + 1.5e-4, 0.5 + 5.5e-4])
    run(shipped, "in.npz", "out.npz", cwd=tmp_path)
    with np.load(tmp_path / "out.npz") as outputs:
        np.testing.assert_allclose(outputs["score"].ravel(), found, rtol=1e-6)


def test_a_users_own_task_gives_outputs(tmp_path):
    task = task_of("own:Task")
    shipped = bundle(tmp_path / "m", task, image_input(), {"out": np.zeros((1, 2))})
    assert not (shipped / "decoding").exists()
    assert "python run.py inputs.npz outputs.npz" in (shipped / "run.py").read_text()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["gone.jpg"], "gone.jpg: there is no such file or folder"),
        (["text.jpg"], "text.jpg: cannot be read as an image"),
        (["a.wav"], "images takes float32 [1, 3, 128, 160], which is no sound"),
        (["empty"], "empty: no image lies there"),
        (["--camera", "0"], "a camera needs OpenCV"),
        (["photos", "--draw", "out.jpg"], "several pictures, so give a folder"),
        ([], "give an image, a folder, a .wav or an .npz, or --camera 0"),
        (["text.jpg", "out.npz"], "a second file is for outputs of an .npz"),
    ],
)
def test_what_cannot_be_answered_is_one_sentence(tmp_path, photos, arguments, said):
    task = task_of("detection", made.SIZE, head="yolo", names=NAMES)
    shipped = bundle(tmp_path / "m", task, image_input(made.SIZE), made.outputs("yolo"))
    (tmp_path / "text.jpg").write_text("x")
    (tmp_path / "empty").mkdir()
    (tmp_path / "photos").symlink_to(photos)
    written(tmp_path / "a.wav", 99)
    done = run(shipped, *arguments, cwd=tmp_path, check=False)
    assert done.returncode in (1, 2)
    assert said in done.stderr
    assert "Traceback" not in done.stderr


CAMERA = """
import numpy as np
class VideoCapture:
    def __init__(self, number):
        self.number = number
    def read(self):
        return True, np.full((48, 64, 3), (250, 10, 20), np.uint8)
    def release(self):
        pass
"""


def test_a_cameras_frames_are_answered(tmp_path):
    task = task_of("detection", made.SIZE, head="yolo", names=NAMES)
    shipped = bundle(tmp_path / "m", task, image_input(made.SIZE), made.outputs("yolo"))
    (shipped / "cv2.py").write_text(CAMERA)
    done = run(shipped, "--camera", "0", "--frames", "3", "--draw", "frames", cwd=tmp_path)
    assert [one["file"] for one in lines(done)] == ["000001", "000002", "000003"]
    drawn = sorted((tmp_path / "frames").iterdir())
    assert [path.name for path in drawn] == ["000001.jpg", "000002.jpg", "000003.jpg"]
    assert np.median(np.asarray(Image.open(drawn[0])), axis=(0, 1))[0] < 60  # blue came first


def test_a_broken_photo_among_others_stops_nothing(tmp_path, photos):
    task = task_of("detection", made.SIZE, head="yolo", names=NAMES)
    shipped = bundle(tmp_path / "m", task, image_input(made.SIZE), made.outputs("yolo"))
    (tmp_path / "some").mkdir()
    (tmp_path / "some" / "a.jpg").write_text("x")
    Image.open(photos / "c.png").save(tmp_path / "some" / "b.png")
    done = run(shipped, "some", cwd=tmp_path, check=False)
    first, second = lines(done)
    assert done.returncode == 1
    assert "cannot be read as an image" in first["error"]
    assert second["detections"]


def images_of_arrays(folder, photos):
    """A model that gives images, an .npz of three, and a.jpg and a.png of one folder."""
    task = TaskFacts(
        name="image-to-image", output="out", size=SIZE, preparation=prepared(way="stretch"),
        extra={"high": 1.0, "channels_first": True},
    )  # fmt: skip
    shipped = bundle(folder / "m", task, image_input(), {"out": RNG.random((1, 3, *SIZE))})
    np.savez(folder / "in.npz", images=RNG.random((3, 3, *SIZE)).astype(np.float32))
    (folder / "both").mkdir()
    for name in ("a.jpg", "a.png"):
        Image.open(photos / "c.png").save(folder / "both" / name)
    return shipped


def test_each_answer_has_a_file_of_its_own(tmp_path, photos):
    shipped = images_of_arrays(tmp_path, photos)
    run(shipped, "in.npz", "--save", "arrays", cwd=tmp_path)
    names = sorted(path.name for path in (tmp_path / "arrays").iterdir())
    assert names == ["in.npz-0.png", "in.npz-1.png", "in.npz-2.png"]
    run(shipped, "both", "--save", "saved", "--draw", "drawn", cwd=tmp_path)
    assert sorted(path.name for path in (tmp_path / "saved").iterdir()) == ["a.jpg.png", "a.png"]
    assert sorted(path.name for path in (tmp_path / "drawn").iterdir()) == ["a.jpg", "a.png.jpg"]


def test_nothing_is_written_over_what_is_read(tmp_path, photos):
    shipped = images_of_arrays(tmp_path, photos)
    kept = {path: path.read_bytes() for path in (tmp_path / "both").iterdir()}
    for source, *output in (
        ("both", "--draw", "both"),
        ("both", "--save", "both/../both"),
        ("both", "--draw", "both/drawn"),
        ("both/a.jpg", "--draw", "both/a.jpg"),
    ):
        done = run(shipped, source, *output, cwd=tmp_path, check=False)
        assert (done.returncode, done.stdout) == (1, "")
        assert "it is what is read, or lies in it" in done.stderr
    [found] = lines(run(shipped, "both/a.png", "--save", "both", cwd=tmp_path))
    assert found["saved"] == "both/a.png.png"
    assert {path: path.read_bytes() for path in kept} == kept


def test_a_photo_that_would_fill_the_memory_stops_nothing(tmp_path, photos):
    shipped = images_of_arrays(tmp_path, photos)
    manifest = shipped / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"stretch"', '"crop"'))
    Image.new("RGB", (1, 60_000)).save(tmp_path / "both" / "tall.png")
    done = run(shipped, "both", cwd=tmp_path, check=False)
    assert "more than 400000000" in lines(done)[2]["error"]
    assert ["size" in one for one in lines(done)] == [True, True, False]
    done = run(shipped, "both/tall.png", cwd=tmp_path, check=False)
    assert "more than 400000000" in done.stderr
    assert "Traceback" not in done.stderr
