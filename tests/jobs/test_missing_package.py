"""A package that is not there is told with the line that installs it."""

import pytest

from edgeopt.jobs import missing_package


@pytest.mark.parametrize(
    ("name", "package", "extra"),
    [
        ("torch", "torch", "torch"),
        ("torch.export", "torch", "torch"),
        ("keras", "keras", "tensorflow"),
        ("onnx.helper", "onnx", "onnxruntime"),
        ("something", "something", "all"),
    ],
)
def test_the_extra_that_brings_it_is_named(name, package, extra):
    error = ModuleNotFoundError(f"No module named '{name}'", name=name)
    found = missing_package.told(error, "words")
    assert found["message"] == f"the package {package} is needed and is not installed."
    assert found["hint"] == f"pip install 'edgeopt[{extra}]'"


def test_one_that_is_there_and_broken_says_so_in_its_own_words():
    error = ImportError("libGL.so.1: cannot open shared object file", name="openvino")
    assert missing_package.told(error, "its words") == {
        "message": "its words",
        "hint": "pip install 'edgeopt[openvino]'",
    }
