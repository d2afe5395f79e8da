"""Pairs and candidates, from both kinds of files."""

import numpy as np
import pytest

from edgeopt.datasets.annotations import candidates, pairs
from edgeopt.domain.errors import BadInput


@pytest.fixture(params=["csv", "npz"])
def write(request, tmp_path):
    def written(**columns):
        path = tmp_path / f"a.{request.param}"
        if request.param == "npz":
            np.savez(path, **columns)
        else:
            rows = [",".join(columns), *(",".join(map(str, row)) for row in zip(*columns.values()))]  # noqa: B905
            path.write_text("\n".join(rows))
        return path

    return written


def test_pairs(write):
    found = pairs.read(write(left=[0, 1, 2], right=[1, 2, 0], same=[1, 0, 1]), 3)
    assert (found.left.tolist(), found.right.tolist()) == ([0, 1, 2], [1, 2, 0])
    assert found.same.tolist() == [True, False, True]
    assert found.likeness is None
    alike = pairs.read(write(left=[0, 1], right=[1, 2], likeness=[0.5, 4.75]), 3)
    assert alike.likeness.tolist() == [0.5, 4.75]
    assert alike.same is None


def test_candidates(write):
    path = write(query=["b", "a", "b", "a"], sample=[0, 1, 2, 3], relevance=[0, 2, 1, 0])
    found = candidates.read(path, 4)
    assert found.query.tolist() == [0, 0, 1, 1]
    assert found.sample.tolist() == [1, 3, 0, 2]
    assert found.relevance.tolist() == [2, 0, 0, 1]
    assert found.queries == 2


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"left": [0, 1], "right": [1, 3], "same": [0, 1]}, "'right' of row 2 is 3, but the data "
         "has 3 samples"),
        ({"left": [0, 0.5], "right": [1, 1], "same": [0, 1]}, "'left' of row 2 is 0.5"),
        ({"left": [0, -1], "right": [1, 1], "same": [0, 1]}, "'left' of row 2 is -1"),
        ({"left": [0, 1], "same": [0, 1]}, "has no column 'right'"),
        ({"left": [0, 1], "right": [1, 2]}, "must have one of the columns 'same' and 'likeness'"),
        ({"left": [0], "right": [1], "same": [0], "likeness": [0]}, "must have one of"),
        ({"left": [0, 1], "right": [1, 2], "same": [0, 2]}, "'same' holds 2."),
        ({"left": [0, 1], "right": [1, 2], "same": [1, 1]}, "'same' is 1 for all 2 pairs"),
        ({"left": [0, 1], "right": [1, 2], "likeness": [1, float("nan")]}, "row 2 is not finite"),
        ({"left": [0, 1], "rigth": [1, 2], "same": [1, 0]}, "did you mean 'right'"),
        ({"left": ["a", "b"], "right": [1, 2], "same": [1, 0]}, "'left' is no number"),
        ({"left": [], "right": [], "same": []}, "holds 0 rows"),
    ],
)  # fmt: skip
def test_bad_pairs(write, columns, message):
    with pytest.raises(BadInput) as caught:
        pairs.read(write(**columns), 3)
    assert message in str(caught.value.args[0])


@pytest.mark.parametrize(
    ("query", "relevance", "message"),
    [
        (
            [0, 0, 1, 1],
            [1, 0, 0, 0],
            "the query '1' has no candidate that is right (1 of 2 queries",
        ),
        ([0, 0, 1, 1], [1, 0, 1, 2], "the query '1' has no candidate that is wrong"),
        ([0, 0, 1, 1], [1, 0, 1, -2], "a relevance of -2."),
    ],
)
def test_bad_candidates(write, query, relevance, message):
    with pytest.raises(BadInput) as caught:
        candidates.read(write(query=query, sample=[0, 1, 2, 3], relevance=relevance), 4)
    assert message in str(caught.value.args[0])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("left,right,same\n1,2\n", "line 2: 2 fields, but its head has 3."),
        ('left,right,same\n"1,2,3\n', "no CSV"),
        ("", "has no column 'left'"),
        ("left,left,same\n1,2,3", "a column is there twice"),
        ("left,right,same\n", "holds 0 rows"),
    ],
)
def test_bad_csv(tmp_path, text, message):
    path = tmp_path / "a.csv"
    path.write_text(text)
    with pytest.raises(BadInput, match=message):
        pairs.read(path, 3)


def test_columns_of_another_shape(tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, left=[0, 1], right=[[1, 2]], same=[0, 1])
    with pytest.raises(BadInput, match=r"differ in shape: left \[2\], right \[1, 2\]"):
        pairs.read(path, 3)
