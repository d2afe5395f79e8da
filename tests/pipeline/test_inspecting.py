"""What is said of real small models before anything is converted."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner
from onnx import helper

from edgeopt.cli import cli
from edgeopt.pipeline import guessed_shapes, inspecting
from edgeopt.pipeline.inspecting import Question
from tests.sources.tiny_onnx import graph, mlp, save, tensor, weight


def asked(model, tmp_path, **options):
    path = save(model, tmp_path / "m.onnx")
    return inspecting.inspect(Question(model=path, target="raspberry-pi-5", **options))


def softmax_of_one():
    """A classifier of one class."""
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["h"]),
        helper.make_node("Softmax", ["h"], ["y"], axis=-1),
    ]
    return graph(nodes, [tensor("x", [1, 4])], [tensor("y", [1, 1])], [weight("w", 4, 1)])


def open_length():
    """x[batch, time, 4] -> y[batch, time, 3]."""
    node = helper.make_node("MatMul", ["x", "w"], ["y"])
    return graph(
        [node], [tensor("x", ["batch", "time", 4])], [tensor("y", ["batch", "time", 3])],
        [weight("w", 4, 3)],
    )  # fmt: skip


def with_a_cache():
    nodes = [helper.make_node("Add", ["x", "past_key_values.0.key"], ["y"])]
    inputs = [tensor("x", [1, 4]), tensor("past_key_values.0.key", [1, 4])]
    return graph(nodes, inputs, [tensor("y", [1, 4])])


@pytest.mark.slow
def test_a_small_classifier(tmp_path):
    found = asked(mlp(), tmp_path)
    assert (found.kind.name, found.kind.detail, found.suitable) == ("classifier", "3", True)
    assert found.costs.multiply_adds == 4 * 8 + 8 * 3
    assert found.open_axes == (), "the batch is as usual"
    tried = {(one.runtime, one.precision) for one in found.outlooks if one.tried}
    assert ("onnxruntime", "fp32") in tried
    refused = [one for one in found.outlooks if not one.tried]
    assert refused
    assert all(one.reason for one in refused)
    path = tmp_path / "m.onnx"
    assert found.command == f"edgeopt optimize {path} --target raspberry-pi-5 --data DATA"


@pytest.mark.slow
def test_one_class_is_odd(tmp_path):
    assert [
        one.detail for one in asked(softmax_of_one(), tmp_path).odd if one.kind == "one-class"
    ] == ["y"]


@pytest.mark.slow
def test_open_axes_are_told_and_a_shape_fixes_them(tmp_path):
    [axis] = asked(open_length(), tmp_path).open_axes
    assert (axis.input, axis.name, axis.size) == ("x", "time", guessed_shapes.LENGTH)
    found = asked(open_length(), tmp_path, shapes={"x": (1, 7, 4)})
    assert found.outputs[0].shape == (1, 7, 3)
    assert found.command.endswith("--shape x=1x7x4")


@pytest.mark.slow
def test_a_model_of_text_is_told_so_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr(inspecting, "prepare", None)
    found = asked(with_a_cache(), tmp_path)
    assert not found.suitable
    assert "llama.cpp" in found.why_not


@pytest.mark.slow
@pytest.mark.parametrize("width", ["80", "100"])
def test_the_command_prints_it_within_the_terminal(width, tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", width)
    monkeypatch.chdir(tmp_path)
    save(open_length(), "m.onnx")
    done = CliRunner().invoke(cli, ["inspect", "m.onnx", "--target", "intel-n100"])
    assert done.exit_code == 0
    assert max(map(len, done.stdout.splitlines())) <= int(width)
    assert "Axis 1 of x is open (time)" in done.stdout
    assert "edgeopt optimize m.onnx --target intel-n100 --data DATA" in done.stdout


@pytest.mark.slow
def test_the_call_to_go_on_with_is_whole_however_long(tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(tmp_path)
    save(mlp(), name := f"{'long' * 20}.onnx")
    done = CliRunner().invoke(cli, ["inspect", name, "--target", "intel-n100"])
    call = f"  edgeopt optimize {name} --target intel-n100 --data DATA"
    assert call in done.stdout.splitlines()


@pytest.mark.slow
def test_json_and_the_exit_code_of_what_there_is_no_tool_for(tmp_path):
    path = save(with_a_cache(), tmp_path / "m.onnx")
    done = CliRunner().invoke(cli, ["inspect", str(path), "--json"])
    assert done.exit_code == 1
    assert json.loads(done.stdout)["kind"]["name"] == "language model"
