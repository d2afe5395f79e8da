"""What `torch.export.save` writes is read without `--trust`, and is the same."""

import pytest
import torch

from edgeopt import runtimes
from edgeopt.runtimes import exported
from edgeopt.runtimes.exported import program, rules

pytestmark = pytest.mark.slow  # seconds of a core

NAMES = ["Net", "Sizes", "Branches", "Named", "Lowered"]


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_plain_program_is_the_same(saved, name):
    path = str(saved[name])
    exported.check(path)
    ours, theirs = exported.load(path), torch.export.load(path)
    assert str(ours.graph) == str(theirs.graph)
    assert str(ours.graph_signature) == str(theirs.graph_signature)
    assert str(ours.range_constraints) == str(theirs.range_constraints)
    args, kwargs = theirs.example_inputs
    torch.testing.assert_close(
        ours.module()(*args, **kwargs), theirs.module()(*args, **kwargs), rtol=0, atol=0
    )


@pytest.mark.slow
def test_guards_hold_as_before(saved):
    """The sample inputs are left out; PyTorch checks guards only where there are some."""
    module = exported.load(str(saved["Sizes"])).module()
    with pytest.raises(AssertionError, match="Guard failed"):
        module((torch.randn(65, 8), torch.randn(6, 8)), shift=torch.randn(4))


@pytest.mark.slow
def test_tied_weights_stay_one(saved):
    state = exported.load(str(saved["Net"])).state_dict
    assert state["last.weight"].data_ptr() == state["again.weight"].data_ptr()


def test_an_open_size_is_as_large_as_it_was_exported(tmp_path):
    path = tmp_path / "open.pt2"
    rows = torch.export.Dim("rows", min=2, max=64)
    found = torch.export.export(
        torch.nn.Linear(4, 2), (torch.randn(3, 4),), dynamic_shapes={"input": {0: rows}}
    )
    torch.export.save(found, path)
    session = runtimes.load("torch").open_session(str(path), 1, {})
    assert session.inputs == [{"name": "input", "dtype": "float32", "shape": [3, 4]}]


class Multiple(torch.nn.Module):
    """Sizes that are multiples of one: PyTorch writes bounds of `4*s0`, and not only of symbols."""

    def forward(self, values):
        return values.reshape(values.shape[0], -1, 4).mean(1)


class Letters(torch.nn.Module):
    """Names that PyTorch writes with underscores in front, and that are none of Python's own."""

    def __init__(self):
        super().__init__()
        self.add_module("__hidden", torch.nn.Linear(8, 8))

    def forward(self, класс):
        return getattr(self, "__hidden")(класс)


@pytest.mark.parametrize("kind", [Multiple, Letters])
def test_honest_names_and_bounds_are_no_code(tmp_path, kind):
    path, sample = str(tmp_path / "model.pt2"), torch.randn(2, 8)
    size = {1: 4 * torch.export.Dim("quarter", min=1, max=64)} if kind is Multiple else {}
    torch.export.save(torch.export.export(kind(), (sample,), dynamic_shapes=(size,)), path)
    ours, theirs = exported.load(path), torch.export.load(path)
    assert str(ours.range_constraints) == str(theirs.range_constraints)
    torch.testing.assert_close(ours.module()(sample), theirs.module()(sample), rtol=0, atol=0)


@pytest.mark.parametrize("name", ["__class__", "__a_b__", "a.__class__", "a.__class__.b"])
def test_names_of_pythons_own_are_none(name):
    with pytest.raises(exported.NeedsTrust):
        rules.place(name, "a name")
    if "." not in name:
        with pytest.raises(exported.NeedsTrust):
            rules.name(name, "a name")


@pytest.mark.parametrize("text", ["4*s0 # s1", "u99999999999", "4*u99999999999", "f(s0)", "[s0]"])
def test_bounds_of_what_is_no_size(text):
    with pytest.raises(exported.NeedsTrust):
        program._bounded(text, "bounds")
