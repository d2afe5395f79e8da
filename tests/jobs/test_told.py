"""Whose mistake an exception is told to be: edgeopt's, or a library's, the user's, the system's."""

from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
import pytest

from edgeopt.convert.bias_correction import shift
from edgeopt.datasets import function
from edgeopt.domain.errors import BadInput, EdgeoptError, OwnFault, RunnerFailed
from edgeopt.jobs import scratch
from edgeopt.jobs.child import run
from edgeopt.jobs.told import reason, told
from edgeopt.runtimes import binding, litert
from edgeopt.runtimes.origin import own_place
from edgeopt.sources import canonical_onnx

PACKAGE = Path(binding.__file__).parents[1]


def caught(call, *arguments) -> BaseException:
    with pytest.raises(Exception) as found:  # noqa: PT011 (any kind at all)
        call(*arguments)
    return found.value


def _no_such_shape():
    import onnx

    value = onnx.helper.make_tensor_value_info("x", 1, [1, 2])
    graph = onnx.helper.make_graph([], "g", [value], [])
    return canonical_onnx.fix_shapes(onnx.helper.make_model(graph), {})


@pytest.mark.parametrize(
    ("call", "file"),
    [
        (_no_such_shape, "sources/canonical_onnx.py"),  # a subscript: KeyError
        (lambda: scratch.is_scratch(3), "jobs/scratch.py"),  # an attribute
        # numpy and json only refuse what this package gave them
        (
            lambda: binding.to_artifact(np.zeros((1, 3)), {"dtype": "float32", "shape": (2,)}),
            "runtimes/binding.py",
        ),
        (lambda: run("json:dumps", {1}, Path("never.log"), 1), "jobs/child.py"),
    ],
)
def test_a_mistake_in_edgeopts_own_code_is_told_as_one(call, file, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    error = caught(call)
    place, line = own_place(error).split(":")
    assert place == file
    assert int(line) > 1
    fault = told(error, BadInput("the model is bad"))
    assert isinstance(fault, OwnFault)
    assert type(error).__name__ in str(fault)
    assert f"edgeopt/{file}:{line}" in str(fault)
    assert "the model" not in reason(error, "the model is bad")


def _a_library(tmp_path):
    file = tmp_path / "bad.tflite"
    file.write_bytes(b"\0\0\0\0TFL3" + b"\0" * 40)
    litert.open_session(str(file), 1, {})


@pytest.mark.parametrize(
    "call",
    [
        _a_library,
        lambda path: litert.open_session(str(path), 1, {"no such option": "1"}),  # a refusal
        lambda path: function.call("mine:fails", lambda: {}["x"]).error,  # the user's own code
        lambda path: scratch.is_scratch(path / ("x" * 300)) or (path / "none").read_text(),
        lambda path: canonical_onnx.read_nothing(),  # of this file, not of the package
    ],
)
def test_what_others_raise_is_not_told_as_edgeopts(call, tmp_path):
    error = caught(call, tmp_path)
    cause = error.__cause__ or error
    assert own_place(cause) == ""
    assert told(cause, BadInput("as it was")).args[0] == "as it was"


def test_compiled_code_that_is_called_directly_answers_for_itself():
    """Its errors have no frame of their own: what was called tells whose they are."""
    from edgeopt.runtimes import torch as torch_runtime

    error = caught(torch_runtime.open_session, "no such file.pt2", 1, {})
    assert own_place(error) == ""


def test_a_mistake_in_a_child_comes_back_as_one(tmp_path):
    with pytest.raises(OwnFault, match=r"AttributeError.*\(edgeopt/jobs/scratch.py:\d+\)"):
        run("edgeopt.jobs.scratch:is_scratch", 3, tmp_path / "child.log", 60)


def test_an_own_fault_of_the_runner_stays_one():
    failed = RunnerFailed("edgeopt itself failed: KeyError: 'x' (edgeopt/runner/a.py:1)", own=True)
    assert isinstance(told(failed, BadInput("the source does not run")), OwnFault)
    assert not isinstance(told(RunnerFailed("died"), BadInput("b")), OwnFault)


def test_a_log_that_will_be_gone_gives_its_last_lines(tmp_path, monkeypatch):
    monkeypatch.setattr(scratch.tempfile, "gettempdir", lambda: str(tmp_path))
    stays, gone = tmp_path / "mine" / "a.log", tmp_path / "edgeopt-x1" / "source.log"
    for log in (stays, gone):
        log.parent.mkdir()
        log.write_text("first\n" + "noise\n" * 9 + "\nthe cause\n")
    assert scratch.output_in(stays) == f"Its output is in {stays}."
    assert scratch.output_in(gone).splitlines()[-1].strip() == "the cause"
    assert str(gone) not in scratch.output_in(gone)
    assert scratch.output_in(gone.with_name("none.log")) == ""


# --- the rule, read from the code

ROOMS = ("sources", "convert", "compress", "pipeline", "harness", "bundle")
WIDE = {"Exception", "RuntimeError", "ValueError", "TypeError", "KeyError", "AttributeError"}


def _kinds(node: ast.expr | None) -> set[str]:
    return set() if node is None else {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}


def _untold(handler: ast.ExceptHandler) -> bool:
    """Whether a handler that catches mistakes, too, makes a sentence without asking whose it is."""
    if handler.name is None or not _kinds(handler.type) & WIDE:
        return False
    inside = [node for line in handler.body for node in ast.walk(line)]
    called = {n.func.id for n in inside if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)}
    calls = [n for n in inside if isinstance(n, ast.Call) and ast.unparse(n.func) != "print"]
    makes = any(isinstance(n, ast.Raise) and n.exc is not None for n in inside) or bool(calls)
    return makes and not called & {"told", "reason", "why", "_told", "own_place"}


@pytest.mark.slow
def test_no_sentence_about_a_tool_is_made_without_asking_whose_mistake_it_was():
    found = [
        f"{path.relative_to(PACKAGE)}:{node.lineno}"
        for room in ROOMS
        for path in sorted((PACKAGE / room).rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ExceptHandler) and _untold(node)
    ]
    assert found == []


def test_an_error_raised_on_purpose_keeps_its_words():
    assert reason(EdgeoptError("it has two"), "the tool fails") == "the tool fails: it has two"


def test_what_numpy_refuses_of_our_arguments_is_ours():
    error = caught(shift, np.zeros((2, 1, 1, 5)), np.zeros((1, 1, 4)))
    assert own_place(error).startswith("convert/bias_correction.py:")
