"""The types of PyTorch's schema, looked up once a class.

Its reader asks for them anew for each node and argument of a program: half of the time that it
takes to read one.
"""

from __future__ import annotations

import typing
from typing import Any

_SCHEMA = "torch._export.serde.serialize"


class _Remembering:
    """`typing`, whose `get_type_hints` answers at once when it is asked the same again."""

    def __init__(self) -> None:
        self._known: dict = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(typing, name)

    def get_type_hints(self, of: Any, globalns: Any = None, *rest: Any, **more: Any) -> Any:
        if rest or more:
            return typing.get_type_hints(of, globalns, *rest, **more)
        key = of, id(globalns)
        if key not in self._known:
            self._known[key] = typing.get_type_hints(of, globalns)
        return self._known[key]


def look_up_once() -> None:
    """From now on PyTorch's reader remembers them. It reads as ever where it is another reader."""
    import importlib

    try:
        reader: Any = importlib.import_module(_SCHEMA)
    except ImportError:
        return
    if getattr(reader, "typing", None) is typing:
        reader.typing = _Remembering()
