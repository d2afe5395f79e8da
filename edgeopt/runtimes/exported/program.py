"""What may stand in models/model.json and in the tables of weights: PyTorch's schema 8, by rules.

The names are those of `torch/_export/serde/schema.py`. What is not known to be data is refused.
What is understood is given back, to be written anew: nothing else reaches PyTorch.
"""

from __future__ import annotations

import json
from typing import Any

from edgeopt.runtimes.exported import expression, operators, tree
from edgeopt.runtimes.exported.refused import Damaged, NeedsTrust
from edgeopt.runtimes.exported.rules import (
    array,
    boolean,
    integer,
    later,
    mapping,
    matching,
    name,
    number,
    optional,
    place,
    refuse,
    struct,
    text,
    union,
    word,
)

_SYMBOL = matching(r"[A-Za-z_]{1,8}\d{1,6}")
_SPELLED = matching(r"[\w +*/(),.-]{1,1000}")
_DEVICE = struct({"type": matching("[a-z]{2,20}"), "index": optional(integer)})
_CUSTOM = refuse("an object of a class of its own")


def _expression(value: Any, where: str) -> str:
    return expression.shape(text(value, where))


def _guard(value: Any, where: str) -> str:
    return expression.guard(text(value, where))


def _bounded(value: Any, where: str) -> str:
    """What has bounds: a symbol, or an expression (4*s0) in the spelling that PyTorch looks for."""
    if text(value, where).isidentifier():
        return str(_SYMBOL(value, where))
    expression.shape(_SPELLED(value, where))
    return value


_HINT = union({"as_int": integer, "as_bool": boolean, "as_float": number})
_EXPRESSION = struct({"expr_str": _expression, "hint": optional(_HINT)})
_SYM_INT = union({"as_expr": _EXPRESSION, "as_int": integer})
_SYM_FLOAT = union({"as_expr": _EXPRESSION, "as_float": number})
_SYM_BOOL = union({"as_expr": _EXPRESSION, "as_bool": boolean})
_TENSOR_META = struct(
    {
        "dtype": integer,
        "sizes": array(_SYM_INT),
        "requires_grad": boolean,
        "device": _DEVICE,
        "strides": array(_SYM_INT),
        "storage_offset": _SYM_INT,
        "layout": integer,
    }
)
_NAMED = struct({"name": name})
#: As it stands in somebody's Python, in letters of any script.
_ARGUMENT = matching(r"(?!__\w*__)[^\W\d]\w{0,500}")
_INT_ARGUMENT = union({"as_name": name, "as_int": integer})
_FLOAT_ARGUMENT = union({"as_name": name, "as_float": number})
_BOOL_ARGUMENT = union({"as_name": name, "as_bool": boolean})
_OPTIONAL_TENSOR = union({"as_tensor": _NAMED, "as_none": boolean})


def _argument(said: Any) -> Any:
    """An argument, whose texts are held to a rule."""
    arguments = {
        "as_none": boolean,
        "as_tensor": _NAMED,
        "as_tensors": array(_NAMED),
        "as_int": integer,
        "as_ints": array(integer),
        "as_float": number,
        "as_floats": array(number),
        "as_string": said,
        "as_strings": array(said),
        "as_sym_int": _INT_ARGUMENT,
        "as_sym_ints": array(_INT_ARGUMENT),
        "as_scalar_type": integer,
        "as_memory_format": integer,
        "as_layout": integer,
        "as_device": _DEVICE,
        "as_bool": boolean,
        "as_bools": array(boolean),
        "as_sym_bool": _BOOL_ARGUMENT,
        "as_sym_bools": array(_BOOL_ARGUMENT),
        "as_graph": struct({"name": name, "graph": later(lambda: _GRAPH)}),
        "as_optional_tensors": array(_OPTIONAL_TENSOR),
        "as_custom_obj": _CUSTOM,
        "as_operator": text,  # see `operators`
        "as_sym_float": _FLOAT_ARGUMENT,
        "as_sym_floats": array(_FLOAT_ARGUMENT),
        "as_optional_tensor": _OPTIONAL_TENSOR,
        "as_complex": struct({"real": number, "imag": number}),
        "as_nested_tensors": array(array(_NAMED)),
        "as_int_lists": array(array(integer)),
        "as_string_to_argument": mapping(word, later(lambda: _argument(said))),
        "as_float_lists": array(array(number)),
    }
    return union(arguments)


#: Outside of calls: what is no value of an operator's argument.
_VALUE = _argument(word)

#: What PyTorch keeps of a call besides; the rest is left out.
_KEPT = ("nn_module_stack", "torch_fn")


def _metadata(value: Any, where: str) -> dict:
    found = mapping(text, text)(value, where)
    return {key: found[key] for key in _KEPT if key in found}


_NODE = struct(
    {
        "target": text,  # see `operators`
        "inputs": array(
            struct(
                {
                    "name": matching(r"|(?!__)[A-Za-z_][A-Za-z0-9_]{0,200}"),
                    "arg": _argument(text),
                    "kind": optional(integer),
                }
            )
        ),
        "outputs": array(_VALUE),
        "metadata": _metadata,
        "is_hop_single_tensor_return": optional(boolean),
        "name": optional(name),
    }
)


def _node(value: Any, where: str) -> dict:
    found: dict = _NODE(value, where)
    operators.check(found)
    return found


_GRAPH = struct(
    {
        "inputs": array(_VALUE),
        "outputs": array(_VALUE),
        "nodes": array(_node),
        "tensor_values": mapping(name, _TENSOR_META),
        "sym_int_values": mapping(name, _SYM_INT),
        "sym_bool_values": mapping(name, _SYM_BOOL),
        "is_single_tensor_return": boolean,
        "custom_obj_values": mapping(name, _CUSTOM),
        "sym_float_values": mapping(name, _SYM_FLOAT),
    }
)
_CONSTANT = union(
    {
        "as_none": boolean,
        "as_int": integer,
        "as_float": number,
        "as_string": word,
        "as_bool": boolean,
    }
)
_INPUT = union(
    {
        "user_input": struct({"arg": _VALUE}),
        "parameter": struct({"arg": _NAMED, "parameter_name": place}),
        "buffer": struct({"arg": _NAMED, "buffer_name": place, "persistent": boolean}),
        "tensor_constant": struct({"arg": _NAMED, "tensor_constant_name": place}),
        "custom_obj": _CUSTOM,
        "token": struct({"arg": _NAMED}),
        "constant_input": struct({"name": name, "value": _CONSTANT}),
    }
)
_OUTPUT = union(
    {
        "user_output": struct({"arg": _VALUE}),
        "loss_output": struct({"arg": _NAMED}),
        "buffer_mutation": struct({"arg": _NAMED, "buffer_name": place}),
        "gradient_to_parameter": struct({"arg": _NAMED, "parameter_name": place}),
        "gradient_to_user_input": struct({"arg": _NAMED, "user_input_name": name}),
        "user_input_mutation": struct({"arg": _NAMED, "user_input_name": name}),
        "token": struct({"arg": _NAMED}),
        "parameter_mutation": struct({"arg": _NAMED, "parameter_name": place}),
    }
)
_CALL = struct(
    {
        "inputs": array(_VALUE),
        "outputs": array(_VALUE),
        "in_spec": tree.spec,
        "out_spec": tree.spec,
        "forward_arg_names": optional(array(_ARGUMENT)),
    }
)
_PROGRAM = struct(
    {
        "graph_module": struct(
            {
                "graph": _GRAPH,
                "signature": struct({"input_specs": array(_INPUT), "output_specs": array(_OUTPUT)}),
                "module_call_graph": array(struct({"fqn": place, "signature": optional(_CALL)})),
                "metadata": lambda value, where: {},
                "treespec_namedtuple_fields": mapping(word, struct({"field_names": array(name)})),
            }
        ),
        "opset_version": mapping(name, integer),
        "range_constraints": mapping(
            _bounded, struct({"min_val": optional(integer), "max_val": optional(integer)})
        ),
        "schema_version": struct({"major": integer, "minor": integer}),
        "verifiers": array(matching("[A-Z_]{0,40}")),
        "torch_version": word,
        "guards_code": array(_guard),
    }
)


def program(data: bytes) -> bytes:
    """A program's JSON, written anew from what is known to be data.

    Raises:
        NeedsTrust: there is something else in it. Damaged: it is no JSON.
    """
    try:
        return encoded(_PROGRAM(decoded(data, "models/model.json"), "the program"))
    except RecursionError:
        raise NeedsTrust("it is nested deeper than anything that is written") from None


def payloads(data: bytes, which: str, stem: str) -> dict:
    """A table of weights or constants: {name: what is said of it}, without the pickled.

    Args:
        which: "weight" or "constant", for people. stem: of their files' names.

    Raises:
        NeedsTrust: one is a pickle, or is not what is written. Damaged: it is no JSON.
    """

    def plain(value: Any, where: str) -> bool:
        if boolean(value, where):
            key = where.partition("[")[2].rpartition("]")[0]
            raise NeedsTrust("it holds a pickled {} ({})".format(which, key))
        return False

    entry = struct(
        {
            "path_name": matching(stem + r"\d{1,9}"),
            "is_param": boolean,
            "use_pickle": plain,
            "tensor_meta": _TENSOR_META,
        }
    )
    table = decoded(data, "the table of {}s".format(which))
    found: dict = struct({"config": mapping(place, entry)})(table, which)
    return found


def decoded(data: bytes, what: str) -> Any:
    """JSON that is a part of the archive. Raises Damaged: it is none."""
    try:
        return json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError):
        raise Damaged("its part {} is no JSON".format(what)) from None


def encoded(value: Any) -> bytes:
    """JSON of what came through."""
    return json.dumps(value).encode()
