"""PyTorch's reader looks its own types up once."""

import typing

import pytest

from edgeopt.runtimes import exported


@pytest.mark.slow
def test_a_program_is_read_as_before_and_types_are_looked_up_once(saved, monkeypatch):
    from torch._export.serde import serialize

    asked = []
    plain = typing.get_type_hints

    def counted(of, globalns=None, localns=None, include_extras=False):
        asked.append(of)
        return plain(of, globalns, localns, include_extras)

    monkeypatch.setattr(serialize, "typing", typing)
    monkeypatch.setattr(typing, "get_type_hints", counted)
    code = str(exported.load(str(saved["Net"]), trusted=True).graph)
    of_schema = [of for of in asked if of.__module__ == "torch._export.serde.schema"]
    assert of_schema
    assert len(of_schema) == len(set(of_schema))
    monkeypatch.setattr(serialize, "typing", typing)
    asked.clear()
    from torch.export import load

    assert str(load(str(saved["Net"])).graph) == code
    assert len(asked) > len(of_schema)
