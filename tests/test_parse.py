import pytest

from edgeopt import parse
from edgeopt.datasets.image_folder import Preprocessing
from edgeopt.datasets.preparation_asked import PreparationAsked
from edgeopt.domain.errors import BadInput
from edgeopt.domain.task import TaskAsked


def refusal(call, *arguments):
    with pytest.raises(BadInput) as caught:
        call(*arguments)
    return caught.value.args[0], caught.value.hint


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1%", 0.01),
        ("0.01", 0.01),
        (" 2.5 % ", 0.025),
        ("0", 0.0),
        ("0%", 0.0),
        ("1", 1.0),
        ("100%", 1.0),
        ("1e-3", 0.001),
    ],
)
def test_share(text, value):
    assert parse.share(text) == pytest.approx(value)


@pytest.mark.parametrize("text", ["", "%", "one", "1%%", "1,5%", "1 percent"])
def test_no_share(text):
    said, hint = refusal(parse.share, text)
    assert said == f"{text!r} is no share."
    assert hint == "Write --max-drop 1% or --max-drop 0.01."


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("5", "Did you mean 5%?"),
        ("100", "Did you mean 100%?"),
        ("101", "Write --max-drop 1% or --max-drop 0.01."),
        ("101%", "Write --max-drop 1% or --max-drop 0.01."),
        ("-1%", "Write --max-drop 1% or --max-drop 0.01."),
        ("-0.5", "Write --max-drop 1% or --max-drop 0.01."),
        ("nan", "Write --max-drop 1% or --max-drop 0.01."),
        ("inf", "Write --max-drop 1% or --max-drop 0.01."),
    ],
)
def test_a_share_out_of_range(text, hint):
    assert refusal(parse.share, text) == (f"a drop must be within 0 and 1, but got {text}.", hint)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5MB", 5_000_000),
        ("800kB", 800_000),
        ("800 kb", 800_000),
        (" 1.5GB ", 1_500_000_000),
        (".5kB", 500),
        ("0.29MB", 290_000),
        ("5.B", 5),
        ("123", 123),
        ("7b", 7),
        ("1KiB", 1024),
        ("2MiB", 2 * 1024**2),
        ("1gib", 1024**3),
    ],
)
def test_size(text, value):
    assert parse.size(text) == value


@pytest.mark.parametrize("text", ["", "MB", "5 apples", "-5MB", "1.2.3MB", ".", "5 M B", "1e3"])
def test_no_size(text):
    said, hint = refusal(parse.size, text)
    assert said == f"{text!r} is no size."
    assert hint == "Write --max-size 5MB or --max-size 800kB."


def test_shapes():
    assert parse.shapes([]) == {}
    assert parse.shapes(["x=1x3x224x224", "state=2", "rate=", "a=b=1x4"]) == {
        "x": (1, 3, 224, 224),
        "state": (2,),
        "rate": (),
        "a=b": (1, 4),
    }


@pytest.mark.parametrize(
    "text", ["", "x", "1x3", "=1x3", "x=1X3", "x=1x", "x=x1", "x=1,3", "x=-1x3", "x=0x3", "x=1 x 3"]
)
def test_no_shape(text):
    said, hint = refusal(parse.shapes, ["y=1", text])
    assert said == f"{text!r} is no shape."
    assert hint == "Write --shape NAME=1x3x224x224."


def test_a_shape_twice():
    said, hint = refusal(parse.shapes, ["x=1", "x=2"])
    assert said == "--shape names 'x' twice."
    assert hint == "Give one shape for each input."


def test_preprocessing():
    assert parse.preprocessing(None) is None
    text = "size=256,crop=224,mean=127,scale=0.0078125,layout=nchw"
    assert parse.preprocessing(text) == Preprocessing.parse(text)
    with pytest.raises(BadInput, match="preprocessing: 'mean' is missing"):
        parse.preprocessing("size=256,crop=224")


@pytest.mark.parametrize(
    ("text", "seconds"), [("10m", 600), ("90s", 90), ("1.5h", 5400), ("45", 45), (" 2 M ", 120)]
)
def test_durations(text, seconds):
    assert parse.duration(text) == seconds


@pytest.mark.parametrize("text", ["", "soon", "0s", "-1m", "10 days", "m"])
def test_what_is_no_duration(text):
    with pytest.raises(BadInput, match="is no duration"):
        parse.duration(text)


@pytest.mark.parametrize(
    ("text", "task", "kind"),
    [
        ("size=8,mean=0,scale=1", None, Preprocessing),
        ("size=8,mean=0,scale=1", TaskAsked(task="embedding"), Preprocessing),
        ("size=8,mean=0,scale=1", TaskAsked(task="detection"), PreparationAsked),
        ("size=8,mean=0,scale=1", TaskAsked(head="yolo"), PreparationAsked),
        ("size=8,crop=8,mean=0,scale=1", TaskAsked(head="yolo"), Preprocessing),
        ("way=stretch", None, PreparationAsked),
        ("order=bgr,mean=0", None, PreparationAsked),
    ],
)
def test_the_form_of_a_preprocessing(text, task, kind):
    assert type(parse.preprocessing(text, task)) is kind


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        ("d/data.yaml", PreparationAsked),
        ("i.JSON", PreparationAsked),
        ("l.tsv", PreparationAsked),
        ("photos", Preprocessing),
        ("d.npz", Preprocessing),
    ],
)
def test_a_file_of_annotations_means_the_form_of_tasks(data, kind):
    text = "size=8,mean=0,scale=1"
    assert type(parse.preprocessing(text, TaskAsked(), data)) is kind
    assert type(parse.preprocessing(f"{text},crop=8", TaskAsked(), data)) is Preprocessing
