import sys
import uuid

import numpy as np
import pytest

from edgeopt.datasets.function import call, is_reference, load_function, resolve
from edgeopt.domain.errors import BadInput


@pytest.fixture
def module(tmp_path, monkeypatch):
    """Writes a module into the current directory and returns its name."""
    monkeypatch.chdir(tmp_path)
    name = "own_" + uuid.uuid4().hex

    def write(code):
        (tmp_path / f"{name}.py").write_text(code)
        return name

    yield write
    sys.modules.pop(name, None)


def message_of(reference):
    with pytest.raises(BadInput) as caught:
        load_function(reference, ["x"])
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("data:load", True),
        ("pkg.mod:load_it", True),
        ("eval.npz", False),
        ("a:b:c", False),
        ("dir/mod:load", False),
        ("mod:", False),
        ("3d:load", False),
    ],
)
def test_is_reference(text, expected):
    assert is_reference(text) is expected


def test_samples_of_a_function(module):
    name = module(
        "import numpy as np\n"
        "def data():\n    return {'x': np.ones((4, 2)), 'labels': [0, 1, 0, 1], 'groups': [1]*4}\n"
    )
    before = list(sys.path)
    samples = load_function(f"{name}:data", ["x"])
    assert sys.path == before
    assert samples.inputs["x"].shape == (4, 2)
    assert samples.labels.tolist() == [0, 1, 0, 1]
    assert samples.groups.tolist() == [1, 1, 1, 1]
    assert samples.origin == f"{name}:data"


def test_the_function_may_import_its_neighbours_when_called(module, tmp_path):
    helper = "helper_" + uuid.uuid4().hex
    (tmp_path / f"{helper}.py").write_text("value = 3.0\n")
    name = module(f"def data():\n    import {helper}\n    return {{'x': [{helper}.value]}}\n")
    assert load_function(f"{name}:data", ["x"]).inputs["x"].tolist() == [3.0]


def test_missing_module(module):
    text = message_of("nosuchmodule:data")
    assert text.startswith(
        "nosuchmodule:data: no module 'nosuchmodule' in the current directory or installed"
    )
    assert "module.py lies in the current directory" in text


def test_missing_parent_package(module):
    assert "no module 'nosuch' in the" in message_of("nosuch.inner:data")


def test_missing_need(module):
    name = module("import nosuchneed\n")
    assert message_of(f"{name}:data") == (
        f"{name}:data: importing it needs 'nosuchneed', which is not installed"
    )


def test_broken_module(module):
    name = module("1 / 0\n")
    assert message_of(f"{name}:data") == (
        f"{name}:data: importing it failed: ZeroDivisionError: division by zero"
    )


def test_missing_function(module):
    name = module("def load_data(): ...\n")
    assert message_of(f"{name}:laod_data") == (
        f"{name}:laod_data: module '{name}' has no function 'laod_data'; did you mean 'load_data'?"
    )


def test_no_function(module):
    name = module("data = 3\n")
    assert message_of(f"{name}:data") == f"{name}:data is no function but of type int"


def test_failing_function(module):
    name = module("def data():\n    raise ValueError('first\\nsecond')\n")
    assert message_of(f"{name}:data") == (
        f"{name}:data failed: ValueError: first\n  --debug shows where."
    )


def test_failing_without_words(module):
    name = module("def data():\n    raise KeyError\n")
    assert message_of(f"{name}:data").startswith(f"{name}:data failed: KeyError\n")


def test_function_that_returns_something_else(module):
    name = module("def data():\n    return [1, 2]\n")
    assert message_of(f"{name}:data").startswith(
        f"{name}:data returned list, not a dict of arrays\n"
    )


def test_call_passes_arguments():
    assert call("numpy:add", resolve("numpy:add"), np.int64(1), 2) == 3
