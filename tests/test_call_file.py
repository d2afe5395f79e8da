"""A call as a file: what it says comes back, the command line goes first, the rest is refused."""

import click
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from edgeopt import call_file
from edgeopt.cli import cli
from edgeopt.cli_compare import compare
from edgeopt.cli_optimize import call_of, optimize
from edgeopt.domain.errors import BadInput
from edgeopt.pipeline import own_call

#: Values that the options with one can have, besides text.
SPECIAL = {
    "max-drop": ["2%", "0.01"], "max-slice-drop": ["3%"], "max-size": ["5MB", "800"],
    "max-latency": ["5", "0.8s"], "max-p90": ["900us"], "max-memory": ["1GiB"],
    "max-energy": ["3mJ"], "step-timeout": ["5m", "12.5"], "seed": ["0", "41"], "epochs": ["3"],
    "for": ["size", "p90"], "fold-output": ["softmax"], "threads": ["1,4", "2"],
    "runtime": ["litert,ncnn"], "precision": ["fp32"], "not": ["mnn"], "shape": ["x=1x2", "y=1"],
    "state": ["out=in"], "training": ["learning_rate=0.1"], "pruning": ["step=0.3"],
    "preprocess": ["size=8,mean=0,scale=1"], "fold-input": ["mean=1,scale=2,layout=nchw"],
    "task": ["detection"], "head": ["yolo"], "target": ["this-machine", "pixel-8"],
}  # fmt: skip
KEYS = {
    opt.removeprefix("--"): param
    for param in optimize.params
    if isinstance(param, click.Option)
    for opt in param.opts
}
MINE = sorted(set(KEYS) - {"config", "json", "all", "quick", "submission"})
#: Anything that a terminal can hand over: no surrogates, no NUL.
TEXTS = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=12
).filter(str.strip)


@st.composite
def calls(draw):
    """Words of a command line."""
    words = [draw(TEXTS.map(lambda text: f"m{text}"))]
    for key in draw(st.lists(st.sampled_from(MINE), unique=True)):
        param = KEYS[key]
        if param.is_flag:
            words.append(f"--{key}")
            continue
        values = st.sampled_from(SPECIAL[key]) if key in SPECIAL else TEXTS
        most = 2 if param.multiple else 1
        words += [f"--{key}={one}" for one in draw(st.lists(values, min_size=1, max_size=most))]
    words += draw(st.sampled_from([[], ["--quick"], ["--submission"]]))
    return [*words, *(w for w in ("--target=here", "--data=d.npz") if w.split("=")[0] not in
                      {word.split("=")[0] for word in words})]  # fmt: skip


def parsed(command, words):
    return command.make_context("optimize", list(words))


@given(calls())
def test_what_a_call_says_comes_back_from_its_file(tmp_path_factory, words):
    file = tmp_path_factory.mktemp("call") / "call.toml"
    first = parsed(optimize, words)
    told = call_file.said(first)
    file.write_text(own_call.text(told, file.parent), "utf-8")
    again = parsed(optimize, ["--config", str(file)])
    assert again.params == {**first.params, "mlflow": None}  # which may hold a password
    assert call_file.said(again) == told


GOOD = 'model = "m.onnx"\ntarget = "this-machine"\ndata = "d.npz"\nmax-drop = 0.02\nquick = true\n'


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "run.toml"
    path.write_text(GOOD)
    return path


def test_the_command_line_goes_before_the_file(file):
    words = ["--config", str(file), "--max-drop=5%", "--submission", "other.onnx", "--target=b"]
    found = parsed(optimize, words).params
    assert (found["max_drop"], found["budget"], str(found["model"])) == (
        "5%",
        "submission",
        "other.onnx",
    )
    assert found["targets"] == ("b",)
    assert found["data"] == "d.npz"


def test_a_number_is_what_it_would_be_if_it_was_typed(file):
    found = call_of(parsed(optimize, ["--config", str(file)]).params)
    assert (found.constraints.max_drop, found.budget) == (0.02, "quick")


def test_compare_takes_the_same_file(file):
    assert parsed(compare, ["--config", str(file)]).params["max_drop"] == "0.02"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('max-dropp = "1%"', "there is no option 'max-dropp'; did you mean 'max-drop'?"),
        ("[optimize]\nseed = 1", "there is no option 'optimize'"),
        ("config = 'x.toml'", "there is no option 'config'"),
        ("json = true", "there is no option 'json'"),
        ("seed = [1, 2]", "seed must be a text or a number, but got [1, 2]."),
        ("trust = 1", "trust must be true or false, but got 1."),
        ("quick = true\nsubmission = true", "'submission' says again"),
        ("max-drop = 1\nmax_drop = 2", "'max_drop' says again"),
        ("target = [['a']]", "target must be a text or a number"),
        ("data = ''", "data is empty"),
        ("data = 1979-05-27", "data must be a text or a number"),
        ("data = true", "data must be a text or a number"),
        ("seed = ", "end of document: Invalid value"),
        ("x" * 2_000_000, "has more than 1,000 kB"),
        ("a" * 5000 + " = 1", "there is no option"),
        ("a.b.c = 1", "there is no option 'a'"),
    ],
)
def test_a_file_that_says_nothing_of_a_call_is_refused(tmp_path, text, words):
    path = tmp_path / "run.toml"
    path.write_text(text)
    with pytest.raises(BadInput) as caught:
        parsed(optimize, ["--config", str(path)])
    assert words in str(caught.value)


@pytest.mark.parametrize("bad", [b"\xff\xfe", b"seed = 1\x00"])
def test_bytes_that_are_no_text_are_refused(tmp_path, bad):
    path = tmp_path / "run.toml"
    path.write_bytes(bad)
    with pytest.raises(BadInput):
        parsed(optimize, ["--config", str(path)])


def test_a_value_of_a_file_is_held_to_the_same_as_one_that_was_typed(file):
    file.write_text(GOOD.replace("0.02", '"lots"'))
    done = CliRunner().invoke(cli, ["optimize", "--config", str(file)])
    assert done.exit_code == 2
    assert "'lots' is no share" in done.output


@pytest.mark.parametrize("path", ["gone.toml", "."])
def test_there_has_to_be_a_file(path):
    done = CliRunner().invoke(cli, ["optimize", "--config", path])
    assert done.exit_code == 2
    assert "gone.toml" in done.output or "folder" in done.output


def test_what_python_gave_as_an_object_is_told_and_left_out(tmp_path):
    text = own_call.text({"model": "m.onnx", "data": {"x": object()}}, tmp_path)
    assert "# data: not in this file, since Python gave an object" in text
    assert 'model = "m.onnx"' in text
