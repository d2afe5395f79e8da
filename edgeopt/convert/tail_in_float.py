"""Which operators of a runtime's own graph stay in float because a recipe says so of the tail."""

from __future__ import annotations

from collections.abc import Sequence

from edgeopt.domain.layers import Operator
from edgeopt.domain.recipe import Quantization
from edgeopt.sources import tail


def numbers(how: Quantization, operators: Sequence[Operator]) -> frozenset[int]:
    """Their numbers in order of execution; none where the recipe has all in integers."""
    return tail.numbers(operators) if how.tail == "float" else frozenset()


def names(how: Quantization, operators: Sequence[Operator]) -> list[str]:
    """What the quantizer calls them."""
    return [operators[number].name for number in sorted(numbers(how, operators))]
