"""The text of shape expressions and guards: numbers, symbols and known functions of them."""

import pytest

from edgeopt.runtimes.exported import expression
from edgeopt.runtimes.exported.refused import NeedsTrust

S = "Symbol('s77', positive=True, integer=True)"
SHAPES = [
    S,
    "7",
    f"Add(FloorDiv(Add({S}, Integer(-1)), Integer(2)), Integer(1))",
    f"FloatPow(ToFloat({S}), Float('0.5', precision=53))",
    f"Max(Integer(1), Mul(Rational(1, 2), {S}))",
    f"Pow({S}, Integer(2))",
    "StrictGreaterThan(Symbol('u0', integer=True), Integer(2))",
    "s0 + 4 * u1 // 2 >= s77 ** 2",
]
GUARDS = [
    "1 + (-1 + L['x'].size()[2]) // 2 != 1",
    "L['d']['v'].size()[0] == L['x'][1].size()[0]",
    "1 + L['x'].size()[0] % 3 <= L['x'].size()[0] and max(1, L['x'].stride()[0]) > 1",
    "L['mode'] == 'up' and L['n'] is None or True",
    "math.isnan(L['n']) or L['n'] == math.inf or torch.sym_max(L['k'], 2) == 2",
]
NEITHER = [
    "", "x", "(", "-" * 40_000 + "1", "+".join(["1"] * 20_000), "1" + "**1" * 5_000, "9" * 5_000,
    "1e999", "2 ** 9999999", "LShift(1, 99999)", "Pow(9, Pow(9, 9))",
    "Float('0.5', precision=9999999)",
    "lambda: 1", "[1]", "(1,)", "{1}", "f'{1}'", "1 if 1 else 2", "(s1 := 2)", "Max(1, *[2])",
    "Integer(1).__class__", "Symbol('s0')(1)", "Symbol('__import__')", "eval('1')", "S(1)",
    "L['x'].data_ptr()", "L['x'].size", "L[0:1]", "L", "L['x'].size(0)", "math.os",
    "torch.load('x')",
    "exec('1')", "L['a\\'b'].size()[0]", "max(1, key=2)", "Symbol('s0', cls=2)", "b'1'", "...",
]  # fmt: skip


@pytest.mark.parametrize("text", SHAPES)
def test_what_pytorch_writes_is_read(text):
    assert expression.shape(text) == text


@pytest.mark.parametrize("text", GUARDS)
def test_a_guard_is_read(text):
    said = text.replace("is None", "== None")
    assert expression.guard(said) == said


@pytest.mark.parametrize("read", [expression.shape, expression.guard])
@pytest.mark.parametrize("text", NEITHER, ids=lambda text: text[:20])
def test_anything_else_is_not(read, text):
    with pytest.raises(NeedsTrust):
        read(text)
