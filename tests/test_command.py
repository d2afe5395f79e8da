"""Values that no option of any command can have."""

import click
import pytest
from click.testing import CliRunner

import edgeopt
from edgeopt.benchmarking.modes import Files, asked
from edgeopt.benchmarking.side_by_side import bench
from edgeopt.cli import cli
from edgeopt.command import Command
from edgeopt.domain.errors import BadInput
from edgeopt.pipeline import optimize
from edgeopt.pipeline.call import Call, limits


def commands(group, above=()):
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, (*above, name))
        else:
            yield (*above, name), command


def test_every_command_looks_at_its_values():
    assert all(isinstance(command, Command) for _, command in commands(cli))


OPTIONS = [
    (path, param)
    for path, command in commands(cli)
    for param in command.params
    if isinstance(param, click.Option) and not param.is_flag
]


@pytest.mark.parametrize("value", ["", "  ", "x" * 5000, "\udcff"])
def test_no_option_takes_nothing_or_too_much(value):
    for path, param in OPTIONS:
        name = max(param.opts, key=len)
        done = CliRunner().invoke(cli, [*path, f"{name}={value}"])
        assert done.exit_code == 2, (path, name)
        assert name in done.output
        assert done.output.lower().count("error: ") == 1


def refused(value, *words):
    done = CliRunner().invoke(cli, [*words[:-1], f"{words[-1]}={value}"])
    assert done.exit_code == 2
    return done.output


WORDS = ("optimize", "gone.onnx", "--target=this-machine", "--data=gone.npz")


@pytest.mark.parametrize("given", [["--target=a, b"], ["--target=a", "--target=b,"]])
@pytest.mark.parametrize("command", ["optimize", "compare", "tune"])
def test_several_targets_are_named_at_once_or_one_by_one(given, command):
    words = ["m.onnx", "--data=d.npz", *given]
    assert cli.commands[command].make_context("x", words).params["targets"] == ("a", "b")


def test_the_path_of_a_profile_may_have_a_comma(tmp_path):
    path = tmp_path / "a,b.toml"
    path.touch()
    words = ["m.onnx", "--data=d.npz", f"--target={path}"]
    found = cli.commands["optimize"].make_context("x", words)
    assert found.params["targets"] == (str(path),)


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "-1", "0", "1e400"])
@pytest.mark.parametrize("option", ["--max-latency", "--step-timeout"])
def test_numbers_that_no_call_can_mean(option, value):
    assert f"error: {option} must be " in refused(value, *WORDS, option)


@pytest.mark.parametrize("value", ["-1", str(2**32), "9" * 400, "9" * 4096])
def test_seeds(value):
    assert "error: --seed must be from 0 to 4,294,967,295, but got " in refused(
        value, *WORDS, "--seed"
    )


@pytest.mark.parametrize("value", ["0", "0MB", "9" * 400 + "MB"])
def test_sizes(value):
    assert "error: --max-size must be from 1 to 1e+15 bytes" in refused(value, *WORDS, "--max-size")


@pytest.mark.parametrize(
    ("option", "value"),
    [("--fps", "1e-300"), ("--sustained", "0.0000001s"), ("--sustained", "9" * 400)],
)
def test_modes(option, value):
    assert f"error: {option} must be from " in refused(value, "bench", __file__, option)


@pytest.mark.parametrize(
    "call",
    [
        lambda: Call("m", (), "d", "o", seed=-1),
        lambda: Call("m", (), "d", "o", step_timeout_s=float("nan")),
        lambda: Call("m", (), "d", "o", **limits(0.0)),
        lambda: bench([], seed=-1),
        lambda: bench([], threads=(0,)),
        lambda: Files([], seed=2**40),
        lambda: asked(float("inf"), (), None, False),
        lambda: asked(None, (10**9,), None, False),
        lambda: asked(None, (), 1e-300, False),
    ],
)
def test_pythons_callers_are_told_the_same(call):
    with pytest.raises(BadInput, match=" must be from "):
        call()


def asked_of_optimize(monkeypatch, call):
    """The `Call` that an entrance makes."""
    made = []

    def caught(asked, progress=None):
        made.append(asked)
        raise BadInput("that is enough")

    monkeypatch.setattr(optimize, "optimize", caught)
    call()
    return made[0]


@pytest.mark.parametrize("pictures", [True, False])
def test_pictures_are_left_out_by_one_word_everywhere(monkeypatch, pictures):
    words = [*WORDS, *(() if pictures else ("--no-pictures",))]
    by_line = asked_of_optimize(monkeypatch, lambda: CliRunner().invoke(cli, words))

    def python():
        with pytest.raises(BadInput):
            edgeopt.optimize("gone.onnx", "this-machine", "gone.npz", pictures=pictures)

    by_python = asked_of_optimize(monkeypatch, python)
    assert by_line.pictures is by_python.pictures is pictures


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("--precison", "--precision"),
        ("--max-latncy", "--max-latency"),
        ("--sumbission", "--submission"),
        ("--runtimes", "--runtime"),
        ("--precedent", None),
        ("--iteration", None),
    ],
)
def test_an_option_that_is_not_there_names_the_nearest_and_no_other(typed, meant):
    said = refused("x", *WORDS, typed)
    assert f"No such option: {typed}" in said
    assert ("Did you mean" in said) == (meant is not None)
    assert meant is None or f"Did you mean {meant}?" in said


@pytest.mark.parametrize("name", ["optimize", "compare"])
def test_help_shows_every_option_once_under_a_heading(name):
    command = cli.commands[name]
    told = CliRunner().invoke(cli, [name, "--help"]).output
    headings = [line[:-1] for line in told.splitlines() if line.endswith(":") and line[0] != " "]
    assert headings == [
        "Model and data",
        "What is tried",
        "What is aimed at, and limits",
        "How answers are judged",
        "A smaller model",
        "The run",
        "Options",
    ]
    for param in command.params:
        for opt in param.opts if isinstance(param, click.Option) else ():
            assert sum(line.split()[:1] == [opt] for line in told.splitlines()) == 1, opt


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("--max-p90", "5 minutes", "--max-p90 must be a time, but got '5 minutes'."),
        ("--max-memory", "2ms", "--max-memory must be a size, but got '2ms'."),
        ("--max-energy", "lots", "--max-energy must be an energy, but got 'lots'."),
        ("--max-energy", "0mJ", "--max-energy must be from"),
        ("--step-timeout", "5mm", "--step-timeout must be a time, but got '5mm'."),
        ("--threads", "two", "--threads must be whole numbers above 0, but got 'two'."),
        ("--threads", "0", "--threads must be whole numbers above 0, but got '0'."),
        ("--runtime", "litter", "--runtime names no runtime: 'litter'; did you mean 'litert'?"),
        ("--not", "fp23", "--not names no runtime or precision: 'fp23'; did you mean 'fp32'?"),
    ],
)
def test_figures_and_names_of_the_space_and_the_limits(option, value, words):
    assert words in refused(value, *WORDS, option)


@pytest.mark.parametrize("option", ["--for", "--seed", "--max-drop", "--threads", "--runtime"])
def test_a_long_value_is_not_told_at_length(option):
    said = refused("n" * 3000, *WORDS, option)
    assert "nnn" in said
    assert len(said) < 1000
