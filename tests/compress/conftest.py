"""Small exported nets, each made once."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="session")
def exported(tmp_path_factory):
    """kind of `small_nets` -> (the net, the path of its exported program)."""
    import torch

    torch.set_num_threads(1)  # small nets gain nothing from a second one
    from tests.compress import small_nets

    folder = tmp_path_factory.mktemp("nets")
    made = {}

    def export(name):
        kind = getattr(small_nets, name)
        if name not in made:
            path = folder / f"{name}.pt2"
            made[name] = small_nets.export(kind, path), path
        return made[name]

    return export
