"""How inputs and outputs are grouped: PyTorch's pytree, as JSON inside of a text.

Its reader imports modules that the text names (of enums, of a defaultdict's factory).
"""

from __future__ import annotations

import json
from typing import Any

from edgeopt.runtimes.exported import rules
from edgeopt.runtimes.exported.refused import NeedsTrust

_TYPE = rules.matching(r"[A-Za-z_][A-Za-z0-9_]{0,100}(\.(?!__)[A-Za-z_][A-Za-z0-9_]{0,100}){0,20}")
_FACTORIES = ("list", "dict", "tuple", "set", "int", "float", "bool", "str")


def spec(value: Any, where: str) -> str:
    """A pytree's text, written anew.

    Raises:
        NeedsTrust: it names something that would be imported, or is none.
    """
    rules.text(value, where)
    try:
        protocol, node = json.loads(value)
    except (ValueError, TypeError, RecursionError):
        raise NeedsTrust.unknown(where) from None
    return json.dumps([rules.integer(protocol, where), _node(node, where)])


def _node(value: Any, where: str) -> Any:
    kind = value.get("type") if isinstance(value, dict) else ""
    context: rules.Rule = _factory if kind == "collections.defaultdict" else _context
    fields = {
        "type": rules.optional(_TYPE),
        "context": rules.optional(context),
        "children_spec": rules.array(_node),
    }
    return rules.struct(fields)(value, where)


def _context(value: Any, where: str) -> str:
    """Keys of a dict and the like: JSON of words and numbers, or one name."""
    rules.text(value, where)
    try:
        return json.dumps(_plain(json.loads(value), where))
    except (ValueError, RecursionError):
        return str(_TYPE(value, where))


def _plain(value: Any, where: str) -> Any:
    if isinstance(value, list):
        return [_plain(item, where) for item in value]
    if isinstance(value, str):
        return rules.word(value, where)
    if value is None or isinstance(value, bool):
        return value
    return rules.number(value, where)


def _factory(value: Any, where: str) -> Any:
    fields = {
        "default_factory_module": rules.matching("builtins"),
        "default_factory_name": rules.matching("|".join(_FACTORIES)),
        "dict_context": _plain,
    }
    return rules.struct(fields)(value, where)
