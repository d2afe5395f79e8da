"""What `torch.export.save` writes is read without `--trust`, and is the same."""

import pytest
import torch

from edgeopt import runtimes
from edgeopt.runtimes import exported

NAMES = ["Net", "Sizes", "Branches", "Named", "Lowered"]


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


def test_guards_hold_as_before(saved):
    """The sample inputs are left out; PyTorch checks guards only where there are some."""
    module = exported.load(str(saved["Sizes"])).module()
    with pytest.raises(AssertionError, match="Guard failed"):
        module((torch.randn(65, 8), torch.randn(6, 8)), shift=torch.randn(4))


def test_tied_weights_stay_one(saved):
    state = exported.load(str(saved["Net"])).state_dict
    assert state["last.weight"].data_ptr() == state["again.weight"].data_ptr()


def test_an_open_size_is_as_large_as_it_was_exported(tmp_path):
    path = tmp_path / "open.pt2"
    rows = torch.export.Dim("rows", min=2, max=64)
    program = torch.export.export(
        torch.nn.Linear(4, 2), (torch.randn(3, 4),), dynamic_shapes={"input": {0: rows}}
    )
    torch.export.save(program, path)
    session = runtimes.load("torch").open_session(str(path), 1, {})
    assert session.inputs == [{"name": "input", "dtype": "float32", "shape": [3, 4]}]
