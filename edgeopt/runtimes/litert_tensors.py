"""ON THE DEVICE. What a LiteRT file says of its tensors: names in order, and what lives on."""

from __future__ import annotations


def ordered(interpreter, other) -> tuple:
    """Inputs and outputs as (name, detail), in the model's own order of arguments.

    The plain lists are ordered by tensor index; a signature keeps the names that the
    converter gave (args_0, args_1, ...; output_0, ...), which sort to the right order.

    Args:
        other: one of the same file: a signature runner keeps references into its tensors.
    """
    ins = [(d["name"], d) for d in interpreter.get_input_details()]
    outs = [(d["name"], d) for d in interpreter.get_output_details()]
    signatures = list(other.get_signature_list())
    if len(signatures) != 1:
        return ins, outs
    runner = other.get_signature_runner(signatures[0])
    # The other one is not allocated: its shapes are those of the file.
    return (
        _signed(runner.get_input_details(), ins),
        _signed(runner.get_output_details(), outs),
    )


def _signed(signed: dict, plain: list) -> list:
    """Tensors under the signature's names, in their order.

    A quantizer may leave tensors in the signature that the graph no longer answers with (a GRU's
    states, for one): they have no data, so the graph's own list holds there.
    """
    own = {detail["index"]: detail for _, detail in plain}
    if {detail["index"] for detail in signed.values()} != set(own):
        return plain
    return [(name, own[d["index"]]) for name, d in sorted(signed.items(), key=_natural)]


def _natural(item):
    name = item[0]
    digits = name[len(name.rstrip("0123456789")) :]
    return (name[: len(name) - len(digits)], int(digits or -1))


#: Operators with variable tensors, which live on from one call to the next.
_STATEFUL = (
    "UNIDIRECTIONAL_SEQUENCE_LSTM",
    "BIDIRECTIONAL_SEQUENCE_LSTM",
    "UNIDIRECTIONAL_SEQUENCE_RNN",
    "BIDIRECTIONAL_SEQUENCE_RNN",
    "LSTM",
    "RNN",
    "SVDF",
    "VAR_HANDLE",
)


def keeps_state(interpreter) -> bool:
    """Whether calls can show in later ones; True where the interpreter does not tell."""
    details = getattr(interpreter, "_get_ops_details", None)
    return details is None or any(op["op_name"] in _STATEFUL for op in details())
