"""From a runtime's names to the source's: names of fused and rewritten operators."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

import msgspec

from edgeopt.attribution.kinds import computes, kind
from edgeopt.domain.layer_names import LayerNames
from edgeopt.domain.time_profile import OperatorTime, TimeProfile

#: What runtimes and quantizers append to a name: ONNX Runtime's Q/DQ fusion, OpenVINO, NNCF.
_APPENDED = re.compile(
    r"(_token_\d+|_nchwc|/fq_\w+_\d+|/WithoutBiases|/DequantizationMultiply|_quant(ized)?)+$"
)
_BACK = 4  # operators that are fused after the one that computes: bias, norm, activation, sum


def named(profile: TimeProfile, source: LayerNames | None) -> TimeProfile:
    """The profile with `layers` in the source's names.

    Where none of the names survived a conversion, what computes is named one by one in the order
    of the source, if there are as many.

    Args:
        source: None: names are only freed of what runtimes append to them.
    """
    found = [layers_of(op, source) for op in profile.operators]
    if source is None or any(found):
        return _with_layers(profile, found, "none" if source is None else "name")
    computing = [i for i, op in enumerate(profile.operators) if kind(op) == "compute"]
    nodes = [node for node, kind_of in source.types.items() if computes(kind_of)]
    own = [op.layers for op in profile.operators]
    if len(nodes) != len(computing):
        return _with_layers(profile, own, "none")
    for i, node in zip(computing, nodes, strict=True):
        own[i] = (node, *own[i])
    return _with_layers(profile, own, "position")


def _with_layers(
    profile: TimeProfile,
    layers: Sequence[tuple[str, ...]],
    by: Literal["name", "position", "none"],
) -> TimeProfile:
    operators = tuple(
        msgspec.structs.replace(op, layers=found)
        for op, found in zip(profile.operators, layers, strict=True)
    )
    return msgspec.structs.replace(profile, operators=operators, layers_by=by)


def layers_of(op: OperatorTime, source: LayerNames | None) -> tuple[str, ...]:
    """The source's layers that an operator computes, in the source's order as far as known."""
    if source is None:
        plain = [_APPENDED.sub("", name) for name in op.layers]
        return tuple(dict.fromkeys(name for name in plain if name))
    found: list[str] = []
    for name in op.layers:
        node = _node(name, source)
        if node is not None:
            found += _fused_before(node, op, source)
    return tuple(dict.fromkeys(found))


def _node(name: str, source: LayerNames) -> str | None:
    """The node whose name, or whose result's, a longer name begins with.

    Words are cut off its end, but never a number: "Conv_12" is not "Conv".
    """
    name = _APPENDED.sub("", name)
    while name:
        node = source.node(name)
        if node is not None:
            return node
        cut = re.search(r"[_/.:](?!\d+$)[^_/.:]*$", name)
        if cut is None:
            return None
        name = name[: cut.start()]
    return None


def _fused_before(node: str, op: OperatorTime, source: LayerNames) -> list[str]:
    """A kernel that is named after what was fused into it last: back to what it computes."""
    chain = [node]
    while kind(op) == "compute" and len(chain) <= _BACK:
        if source.types[chain[-1]].lower() in op.type.lower():
            return chain[::-1]
        before = source.before.get(chain[-1])
        if before is None:
            break
        chain.append(before)
    return [node]
