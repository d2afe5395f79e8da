from __future__ import annotations

import pytest
from fake_tree import Tree


@pytest.fixture
def tree(tmp_path):
    return Tree(tmp_path / "root")
