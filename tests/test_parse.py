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
    assert parse.figure("max_size_bytes", text) == value


@pytest.mark.parametrize("text", ["", "MB", "5 apples", "-5MB", "1.2.3MB", ".", "5 M B", "1e3"])
def test_no_size(text):
    said, hint = refusal(lambda text: parse.figure("max_size_bytes", text), text)
    assert said == f"--max-size must be a size, but got {text!r}."
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


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("max_latency_ms", "5", 5.0),
        ("max_latency_ms", "800us", 0.8),
        ("max_p90_ms", "1.5 s", 1500.0),
        ("max_p90_ms", "5µs", 0.005),
        ("max_size_bytes", "1.5MiB", 1572864),
        ("max_memory_bytes", "200MB", 200_000_000),
        ("max_memory_bytes", "77", 77),
        ("max_energy_mj", "3", 3.0),
        ("max_energy_mj", "0.5J", 500.0),
        ("step_timeout_s", "5m", 300.0),
        ("step_timeout_s", "1e2", 100.0),
        ("max_p90_ms", None, None),
    ],
)
def test_figures_with_their_units(name, text, value):
    found = parse.figure(name, text)
    assert found == pytest.approx(value) if value is not None else found is None
    assert not name.endswith("_bytes") or isinstance(found, int)


def test_what_bounds_the_space():
    asked = parse.space(("litert,ncnn", "ncnn"), (), ("bf16",), ("4,1",))
    assert asked.runtimes == ("litert", "ncnn")
    assert (asked.without, asked.threads) == (("bf16",), (1, 4))
    assert parse.space((), (), (), ()) is None


@pytest.mark.parametrize(
    "text", ["", "5 minutes", "5mm", "1e3ms", "-5ms", "0x10", "1_000", "٣ms", "ms", "5ms ms", "½"]
)
def test_no_time(text):
    said, hint = refusal(lambda text: parse.figure("max_p90_ms", text), text)
    assert said == f"--max-p90 must be a time, but got {text!r}."
    assert hint == "Write --max-p90 5ms or --max-p90 0.8s."


@pytest.mark.parametrize("text", ["nan", "inf", "-1", "0", "1e400", "1e-300", "0ms"])
def test_a_time_that_no_limit_can_be(text):
    said, _ = refusal(lambda text: parse.figure("max_p90_ms", text), text)
    assert said.startswith("--max-p90 must be from 1e-06 to ")


@pytest.mark.parametrize("text", [",", " , ", ",,"])
def test_a_bound_names_something(text):
    said, _ = refusal(lambda text: parse.space((text,), (), (), ()), text)
    assert said == f"--runtime names nothing: {text!r}."
    said, _ = refusal(lambda text: parse.counts("--batch", (text,)), text)
    assert said == f"--batch names nothing: {text!r}."


def test_an_open_axis_has_its_sizes_in_order():
    assert parse.open_axis(None) is None
    found = parse.open_axis("a:b:3=640,160,320,160")
    assert (found.input, found.axis, found.sizes) == ("a:b", 3, (160, 320, 640))


@pytest.mark.parametrize("text", ["", "x", "x:3", "x:3=", "x=160", ":3=160", "x:-1=160", "x:3=0"])
def test_a_text_that_names_no_axis_is_refused(text):
    with pytest.raises(BadInput, match="names no axis with its sizes"):
        parse.open_axis(text)
