"""The arithmetic that a recipe's name promises, against what its runtime says that ran."""

from __future__ import annotations

from edgeopt.domain.session_facts import SessionFacts

#: Floats by their mantissa, the longest first: 24, 11 and 8 bits.
FLOATS = ("fp32", "fp16", "bf16")

#: Precision -> the arithmetic that keeps its promise. What is stored in 16 bits may be computed in
#: 32; bfloat16 is a promise of its kernels, so that wider is another thing, too.
_PROMISED: dict[str, tuple[str, ...]] = {
    "fp32": ("fp32",),
    "fp16": ("fp32", "fp16"),
    "fp16-2to4": ("fp32", "fp16"),
    "bf16": ("bf16",),
    "int8-weights": FLOATS,
}


def instead(precision: str, facts: SessionFacts) -> str:
    """The arithmetic that ran where it is another than was asked for; "" where it is that.

    Args:
        facts: of a session (`runtimes/__init__.py`). `precisions` tells of the operators that
            compute; `float_asked` and `float_ran` of the rest, where the runtime answers for them.

    Returns:
        For a float: "int8" where any operator computed in it, else the float with the fewest bits
        that any operator ran in. For integers: the float that ran beside them, where the options
        ask for another.
    """
    named = facts.precisions or (facts.float_ran,)  # products may be fused away
    ran = [name for name in (*FLOATS, "int8") if name in named]
    if ran and ran[-1] not in _PROMISED.get(precision, ran):
        return ran[-1]
    if precision in FLOATS:
        return ""
    differs = facts.float_asked and facts.float_asked != facts.float_ran
    return (facts.float_ran or "") if differs else ""


def held_to(precision: str, ran_instead: str) -> str:
    """The precision whose nearness to the source a form has to keep.

    Args:
        ran_instead: as `instead` returns it. What ran with fewer bits is held to those; what was
            stored in 16 bits and ran in 32 is held to 16.
    """
    if not ran_instead or precision.startswith("int8"):
        return precision
    return "fp16" if ran_instead == "fp32" else ran_instead


def words(precision: str, ran_instead: str) -> str:
    """ "(ran in bf16)" behind a name; "" where the name says what ran."""
    if not ran_instead:
        return ""
    beside = precision.startswith("int8") and ran_instead != "int8"
    part = "its float part " if beside else ""
    return f"({part}ran in {ran_instead})"


def precisions(counts: dict[str, int]) -> str | None:
    """{"int8": 62, "fp32": 3} -> "int8 62, fp32 3": operators that compute, by precision."""
    ordered = sorted(counts.items(), key=lambda item: -item[1])
    if len(ordered) == 1:
        return ordered[0][0]
    return ", ".join(f"{name} {count}" for name, count in ordered) or None
