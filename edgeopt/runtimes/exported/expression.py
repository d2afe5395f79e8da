"""Shape expressions and guards: PyTorch evaluates their text, so it is parsed here before.

Only numbers, names of symbols, and the functions that `torch.export` writes come through. What
comes out is written anew from what was understood.
"""

from __future__ import annotations

import ast
import functools
import re
from typing import Any

from edgeopt.runtimes.exported.refused import NeedsTrust


def _names(text: str) -> frozenset:
    return frozenset(text.split())


#: What sympy's and PyTorch's own expressions are written with.
FUNCTIONS = _names(
    "Symbol Integer Float Rational Add Mul Pow Max Min Abs Mod PythonMod FloorDiv CeilDiv CleanDiv "
    "ModularIndexing Where CeilToInt FloorToInt TruncToInt TruncToFloat RoundToInt RoundDecimal "
    "ToFloat Identity LShift RShift PowByNatural FloatPow FloatTrueDiv IntTrueDiv "
    "IsNonOverlappingAndDenseIndicator Equality Unequality LessThan GreaterThan StrictLessThan "
    "StrictGreaterThan Eq Ne Le Ge Lt Gt And Or Not floor ceiling"
)
#: Those that make large numbers out of small ones.
_GROWING = frozenset(("Pow", "PowByNatural", "FloatPow", "LShift"))
_ASSUMED = frozenset(("positive", "integer", "nonnegative", "nonzero", "real", "precision"))
_NAMES = frozenset(("true", "false", "oo"))
_SYMBOL = re.compile(r"[a-z]{1,8}_?\d{1,6}")
_QUOTED = re.compile(r"(?!__)[A-Za-z_]\w{0,60}|-?\d{1,20}(\.\d{0,40})?(e[-+]?\d{1,3})?", re.ASCII)

_ARITHMETIC = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod)
_COMPARED = (ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE)
_SIGNS = (ast.USub, ast.UAdd, ast.Not)

LONGEST = 50_000
_LARGEST = 2**64
_EXPONENT = 64

_GUARD_CALLS = frozenset(("max", "min", "abs", "int", "float", "bool", "round"))
_MATH = frozenset(("inf", "isnan", "sqrt", "floor", "ceil", "trunc", "pow"))
_SYM = frozenset(("sym_float", "sym_int", "sym_max", "sym_min", "sym_not", "sym_ite", "sym_sqrt"))
_ASKED = frozenset(("size", "stride", "storage_offset", "dim"))
_KEY = re.compile(r"[^\"'\\\x00-\x1f\x7f-\x9f\u2028\u2029{}]{0,200}")


@functools.lru_cache(maxsize=4096)
def shape(text: str) -> str:
    """A shape expression, written anew.

    Raises:
        NeedsTrust: it is more than numbers, symbols and functions of them.
    """
    return _written(text, "shape expression", _Shape())


@functools.lru_cache(maxsize=4096)
def guard(text: str) -> str:
    """A condition on the inputs' shapes, written anew. Raises NeedsTrust: it is something else."""
    return _written(text, "guard", _Guard())


def _written(text: str, what: str, checker: _Numbers) -> str:
    try:
        if len(text) > LONGEST:
            raise ValueError
        tree = ast.parse(text.strip(), mode="eval")
        checker.check(tree.body, 0)
        return ast.unparse(tree)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        shown = text if len(text) <= 80 else text[:80] + "..."
        raise NeedsTrust("a {} of it is {!r}".format(what, shown)) from None


class _Numbers:
    """Arithmetic on constants; what else there is, a subclass says. Raises ValueError."""

    def check(self, node: Any, powers: int) -> None:
        """Check a node; `powers` counts the powers that it is the base of."""
        if isinstance(node, ast.Constant):
            self.constant(node.value)
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, _SIGNS):
            self.check(node.operand, powers)
        elif isinstance(node, ast.BinOp):
            self._binary(node, powers)
        elif isinstance(node, ast.BoolOp):
            for value in node.values:
                self.check(value, powers)
        elif isinstance(node, ast.Compare) and all(isinstance(op, _COMPARED) for op in node.ops):
            for value in (node.left, *node.comparators):
                self.check(value, powers)
        else:
            self.other(node, powers)

    def other(self, node: Any, powers: int) -> None:
        raise ValueError

    def constant(self, value: Any) -> None:
        if not isinstance(value, (bool, int, float)) or not abs(value) <= _LARGEST:
            raise ValueError

    def _binary(self, node: ast.BinOp, powers: int) -> None:
        if isinstance(node.op, (ast.Pow, ast.LShift)):
            self.power(node.left, node.right, powers)
            return
        if not isinstance(node.op, (*_ARITHMETIC, ast.RShift)):
            raise ValueError
        self.check(node.left, powers)
        self.check(node.right, powers)

    def power(self, base: Any, exponent: Any, powers: int) -> None:
        """A power: of a small number that stands there, and at most of one other."""
        if powers > 1 or not _small(exponent):
            raise ValueError
        self.check(base, powers + 1)


def _small(node: Any) -> bool:
    """Whether it is a number of at most 64, as it may be written."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return _small(node.operand)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        kinds = ("Integer", "Float", "Rational")
        return node.func.id in kinds and bool(node.args) and all(map(_small, node.args))
    value = getattr(node, "value", None)
    if not isinstance(value, (str, int, float)):
        return False
    try:
        return abs(float(value)) <= _EXPONENT
    except ValueError:
        return False


class _Shape(_Numbers):
    def other(self, node: Any, powers: int) -> None:
        if isinstance(node, ast.Name) and (_SYMBOL.fullmatch(node.id) or node.id in _NAMES):
            return
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            raise ValueError
        self._call(node.func.id, node, powers)

    def _call(self, function: str, node: ast.Call, powers: int) -> None:
        if function not in FUNCTIONS or any(not _assumed(word) for word in node.keywords):
            raise ValueError
        if function in _GROWING:
            base, exponent = node.args
            self.power(base, exponent, powers)
            return
        quoting = function in ("Symbol", "Float", "Integer", "Rational")
        for argument in node.args:
            if quoting and isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                if not _QUOTED.fullmatch(argument.value):
                    raise ValueError
            else:
                self.check(argument, powers)


def _assumed(word: ast.keyword) -> bool:
    """Whether it is a known assumption on a symbol, or the digits of a number."""
    value = word.value.value if isinstance(word.value, ast.Constant) else None
    return word.arg in _ASSUMED and isinstance(value, (bool, int)) and 0 <= value <= 1024


class _Guard(_Numbers):
    def constant(self, value: Any) -> None:
        if value is not None and not (isinstance(value, str) and _KEY.fullmatch(value)):
            super().constant(value)

    def other(self, node: Any, powers: int) -> None:
        if isinstance(node, ast.Call) and not node.keywords:
            self._call(node, powers)
        elif isinstance(node, ast.Subscript):
            self._part(node)
        elif not _of(node, "math", frozenset(("inf",))) and not _is(node, "inf"):
            raise ValueError

    def _call(self, node: ast.Call, powers: int) -> None:
        function = node.func
        if isinstance(function, ast.Attribute) and function.attr in _ASKED and not node.args:
            self._input(function.value)
            return
        named = isinstance(function, ast.Name) and function.id in _GUARD_CALLS
        if not (named or _of(function, "math", _MATH) or _of(function, "torch", _SYM)):
            raise ValueError
        if _of(function, "math", frozenset(("pow",))):
            base, exponent = node.args
            self.power(base, exponent, powers)
            return
        for argument in node.args:
            self.check(argument, powers)

    def _part(self, node: ast.Subscript) -> None:
        """An input itself, or one number of what is asked of it."""
        if isinstance(node.value, ast.Call):
            self._call(node.value, 0)
            self.constant(_index(node))
        else:
            self._input(node)

    def _input(self, node: Any) -> None:
        """L['x'][0]: an input by name, and what is in it."""
        while isinstance(node, ast.Subscript):
            self.constant(_index(node))
            node = node.value
        if not _is(node, "L"):
            raise ValueError


def _index(node: ast.Subscript) -> Any:
    if not isinstance(node.slice, ast.Constant):
        raise ValueError
    return node.slice.value


def _is(node: Any, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _of(node: Any, module: str, names: frozenset) -> bool:
    return isinstance(node, ast.Attribute) and _is(node.value, module) and node.attr in names
