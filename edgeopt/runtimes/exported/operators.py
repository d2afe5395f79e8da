"""Which calls a program may make: PyTorch's own operators, control flow, arithmetic on sizes.

PyTorch finds what is called by `getattr` from the name that stands in the file.
"""

from __future__ import annotations

import re
from typing import Any, Dict, Iterator, List

from edgeopt.runtimes.exported import rules
from edgeopt.runtimes.exported.refused import NeedsTrust

PACKAGES = ("torch",)

_OPERATOR = re.compile(
    r"torch\.ops\.(aten|prims|quantized_decomposed|torchvision|torchao)"
    r"\.([A-Za-z_][A-Za-z0-9_]*)\.((?!__)[A-Za-z][A-Za-z0-9_]*)"
)
#: Python's own operators, which some of ATen's are called after.
_MAGIC = re.compile(r"__(i?and|i?or|i?xor|i?lshift|i?rshift)__")


def _named(text: str, before: str = "") -> List[str]:
    return [before + name for name in text.split()]


#: Control flow, whose branches are graphs in the same file.
_HIGHER_ORDER = _named(
    "cond while_loop while_loop_stack_output map_impl scan associative_scan out_dtype "
    "wrap_with_autocast wrap_with_set_grad_enabled flex_attention hints_wrapper strict_mode "
    "invoke_subgraph tag_activation_checkpoint",
    "torch.ops.higher_order.",
)
_FUNCTIONS = {
    *_named("eq ne le ge lt gt neg pos mul add sub floordiv mod pow truediv", "_operator."),
    *_named("and_ or_ lshift rshift getitem", "_operator."),
    *_named("sym_not sym_int sym_float sym_ite sym_max sym_min sym_sqrt sym_sum", "torch."),
    *_named("trunc floor ceil sqrt", "math."),
    *_named(
        "_add_batch_dim _remove_batch_dim _vmap_increment_nesting _vmap_decrement_nesting "
        "lazy_load_decompositions",
        "torch._functorch.predispatch.",
    ),
}

#: Arguments of operators that take a word of a few, or what is said where an assertion fails.
#: A text that names a file is none of them.
_WORDS = _named(
    "UPLO activation algorithm api_name approximate assert_msg device_type driver equation "
    "indexing interpolation mode msg norm ord p pad_mode padding padding_side reduce reduction "
    "rounding_mode side mapping_type zero_point_domain"
)
#: ATen's operators that read and write files.
_FILES = frozenset(("from_file", "save"))


def check(node: Dict[str, Any]) -> None:
    """Hold a call to what is known.

    Raises:
        NeedsTrust: it calls something else, or gives an operator a text that may name a file.
    """
    target = node.get("target", "")
    operator = _is_operator(target)
    if not operator and target not in _HIGHER_ORDER and target not in _FUNCTIONS:
        raise NeedsTrust("it calls {!r}".format(target[:100]))
    inner = [value for given in node.get("inputs", []) for value in _called(given)]
    if not all(map(_is_operator, inner)):
        raise NeedsTrust("it calls {!r}".format(inner[0][:100]))
    for given in node.get("inputs", []):
        texts = list(_texts(given))
        if operator and (given["name"] == "filename" or (texts and given["name"] not in _WORDS)):
            raise NeedsTrust("it gives {} a text as {!r}".format(target, given["name"]))
        for found in [] if operator else texts:
            rules.word(found, "a text for {}".format(target))
        if inner and texts:
            raise NeedsTrust("it gives {} a text".format(inner[0]))


def _is_operator(target: str) -> bool:
    found = _OPERATOR.fullmatch(target)
    if found is None or found[2] in _FILES:
        return False
    return not found[2].startswith("__") or bool(_MAGIC.fullmatch(found[2]))


def _texts(value: Any) -> Iterator[str]:
    """Every text of an argument, and the names of what is given by name."""
    if isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            if key == "as_string":
                yield item
            elif key == "as_strings":
                yield from item
            elif key == "as_string_to_argument":
                yield from item
                yield from _texts(list(item.values()))
            elif key != "as_graph":  # whose own calls are checked where they stand
                yield from _texts(item)


def _called(value: Any) -> Iterator[str]:
    """Every operator that an argument names."""
    if isinstance(value, list):
        for item in value:
            yield from _called(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            if key == "as_operator":
                yield item
            elif key != "as_graph":
                yield from _called(item)


def check_found(program: Any) -> None:
    """Hold what PyTorch found under the names to what they are: the second look.

    Raises:
        NeedsTrust: a call of something that is none of PyTorch's operators.
    """
    import torch

    plain = (torch._ops.OpOverload, torch._ops.HigherOrderOperator)
    for module in program.graph_module.modules():
        for node in getattr(getattr(module, "graph", None), "nodes", ()):
            if node.op != "call_function" or isinstance(node.target, plain):
                continue
            name = "{}.{}".format(
                getattr(node.target, "__module__", ""), getattr(node.target, "__name__", "")
            )
            if name not in _FUNCTIONS and name not in ("torch.sym_sqrt", "torch._sym_sqrt"):
                raise NeedsTrust("it calls {!r}".format(name[:100]))
