"""What groups of layers give and cost, and which to take first."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeopt.domain.layers import Group, GroupSensitivity, LayerSensitivity
from edgeopt.domain.time_profile import OperatorTime, TimeProfile
from edgeopt.search import prices
from edgeopt.search.prices import CONVERT_NS


def noise(first, layers, alone, without, elements=0):
    group = Group(first=first, last=first + len(layers) - 1, layers=layers, elements=elements)
    return GroupSensitivity(group=group, alone=alone, without=without)


TABLE = LayerSensitivity(
    plain=1.0,
    groups=(
        noise(0, ("a",), alone=0.1, without=0.9, elements=1_000_000),
        noise(1, ("b", "c"), alone=0.5, without=0.4),
        noise(3, ("d",), alone=0.2, without=1.4),
    ),
    samples=8,
    seconds=1.0,
)


def profile(*operators):
    """(type, ms) in the order in which they ran."""
    ops = tuple(
        OperatorTime(
            name=kind, type=kind, precision=None, output=None, detail="", layers=(),
            fallback=False, ns=1e6 * ms,
        )
        for kind, ms in operators
    )  # fmt: skip
    total = sum(op.ns for op in ops)
    return TimeProfile(runtime="x", how="", operators=ops, total_ns=total, plain_ns=total, runs=2)


FP32 = profile(("Conv", 4.0), ("Conv", 2.0), ("Add", 0.5), ("Conv", 2.0), ("Conv", 1.0))
INT8 = profile(
    ("QuantizeLinear", 0.1), ("QLinearConv", 1.0), ("QLinearConv", 0.5), ("Add", 0.5),
    ("QLinearConv", 0.5), ("QLinearConv", 1.0), ("DequantizeLinear", 0.1),
)  # fmt: skip


def test_a_price_is_the_time_that_its_own_operators_take_longer():
    found = {
        price.group.layers[0]: price for price in prices.price_groups(TABLE, [[FP32]], [[INT8]])
    }
    assert found["a"].fp32_ms == pytest.approx(4.0)
    assert found["a"].int8_ms == pytest.approx(1.1)  # with the conversion before it
    assert found["a"].cost_ms == pytest.approx(2.9 + CONVERT_NS)  # a million values
    assert found["b"].cost_ms == pytest.approx(4.5 - 1.5)
    assert found["d"].cost_ms == pytest.approx(1.0 - 1.1)


@pytest.mark.parametrize(
    ("fp32", "int8", "told"),
    [(0.0, 0.0, False), (1.0, 0.0, False), (0.0, 1.0, False), (1.0, 1.0, True)],
)
def test_operators_too_short_for_the_profilers_clock_have_no_price(fp32, int8, told):
    """LiteRT's counts in microseconds: a linear classifier takes 0 of them."""
    float_form, int8_form = (profile(*[("Conv", ms)] * 4) for ms in (fp32, int8))
    found = prices.price_groups(TABLE, [[float_form]], [[int8_form]])
    assert {price.cost_ms is not None for price in found} == {told}
    assert found[0].group.layers[0] == "b"


def test_a_group_that_takes_no_time_does_not_end_the_order():
    """One operator is long enough to be counted, those of the other groups are not."""
    form = profile(("Conv", 0.0), ("Conv", 0.0), ("Conv", 0.0), ("Conv", 0.001))
    found = prices.price_groups(TABLE, [[form]], [[form]])
    assert len(found) == len(TABLE.groups)


def test_the_gain_is_the_mean_of_both_ways_to_ask_and_never_negative():
    found = {price.group.layers[0]: price.gain for price in prices.price_groups(TABLE, (), ())}
    assert found == pytest.approx({"a": 0.1, "b": 0.55, "d": 0.0})


def test_the_best_value_comes_first():
    """By gain alone where no times are known: no price is made up."""
    unpriced = prices.price_groups(TABLE, (), ())
    assert [price.group.layers[0] for price in unpriced] == ["b", "a", "d"]
    assert {price.cost_ms for price in unpriced} == {None}
    cheap = profile(("Conv", 1.0), ("Conv", 9.0), ("Conv", 9.0), ("Conv", 1.0))
    priced = prices.price_groups(TABLE, [[cheap]] * 3, [[INT8]] * 3)
    assert [price.group.layers[0] for price in priced] == ["a", "b", "d"]


def launches(*ms):
    """Profiles in which the first group takes so long in each launch, and the others 1 ms."""
    return [[profile(("Conv", x), ("Conv", 0.5), ("Conv", 0.5), ("Conv", 1.0))] for x in ms]


@pytest.mark.parametrize(
    ("fp32", "int8", "told"),
    [
        ((2.0, 2.0, 2.0), (1.0, 1.0, 1.0), True),
        ((1.0, 1.3, 0.7), (1.0, 0.8, 1.1), False),  # launches differ by more than the two do
        ((1.01,), (1.0,), False),  # one launch alone, and it may be luck
        ((2.0,), (1.0,), True),  # which luck does not do
        ((0.005,), (0.004,), False),  # of 4 us launches differ by more
    ],
)
def test_a_price_below_what_launches_differ_by_is_none(fp32, int8, told):
    table = msgspec.structs.replace(
        TABLE, groups=tuple(noise(i, layers, 0.3, 0.7) for i, layers in enumerate(("a", "bc", "d")))
    )
    found = prices.price_groups(table, launches(*fp32), launches(*int8))
    own = next(price for price in found if price.group.first == 0)
    assert own.cost_low_ms < own.cost_ms < own.cost_high_ms
    assert (own.cost_low_ms > 0) == told
    assert (found[-1] is own) == told  # all give the same: only a cost that is told sets it back


def test_turns_that_vary_within_a_launch_widen_a_price():
    def told(*turns):
        first = [[one for [one] in launches(*turns)]] * 3
        found = prices.price_groups(
            TABLE, first, [[one for [one] in launches(*[1.0] * len(turns))]] * 3
        )
        own = next(price for price in found if price.group.first == 0)
        return own.cost_high_ms - own.cost_low_ms

    assert told(0.5, 1.2, 2.0) > 2 * told(1.19, 1.2, 1.21)


def test_a_launch_of_another_graph_gives_no_price():
    fewer = profile(("Conv", 1.0), ("Conv", 1.0))
    found = prices.price_groups(TABLE, [[FP32], [fewer]], [[INT8], [INT8]])
    assert {(price.cost_ms, price.cost_low_ms) for price in found} == {(None, None)}


def test_a_profile_of_another_graph_gives_no_price():
    fewer = profile(("Conv", 1.0), ("Conv", 1.0))
    assert {price.cost_ms for price in prices.price_groups(TABLE, [[fewer]], [[INT8]])} == {None}
    assert {price.cost_ms for price in prices.price_groups(TABLE, [[FP32]], [[fewer]])} == {None}


def test_a_kind_costs_what_its_own_operators_do_and_rows_cost_the_same_beside_it():
    """The second and the third layer of four, which two rows share."""
    group = Group(
        first=1, last=2, layers=("b", "c"), elements=0, kind="Conv (grouped)", order=(1, 3)
    )
    kind = GroupSensitivity(group=group, alone=0.5, without=0.5)
    table = msgspec.structs.replace(TABLE, groups=(*TABLE.groups, kind))
    found = {price.group: price for price in prices.price_groups(table, [[FP32]], [[INT8]])}
    alone = {price.group: price for price in prices.price_groups(TABLE, [[FP32]], [[INT8]])}
    assert found[group].fp32_ms == pytest.approx(2.0 + 0.5 + 1.0)
    assert found[group].int8_ms == pytest.approx(0.5 + 0.5 + 1.0 + 0.1)
    for row, price in alone.items():
        assert (found[row].fp32_ms, found[row].gain) == (price.fp32_ms, price.gain)


def test_without_which_there_is_more_noise_gives_nothing_where_others_give_something():
    loud = noise(0, ("a",), alone=1.3, without=1.1)
    table = msgspec.structs.replace(TABLE, groups=(loud, *TABLE.groups[1:]))
    gains = [price.gain for price in prices.price_groups(table, (), ())]
    assert gains == pytest.approx([0.55, 0.0, 0.0])
    hopeless = tuple(noise(i, (name,), 1.3, 1.1) for i, name in enumerate("ab"))
    table = msgspec.structs.replace(TABLE, groups=hopeless)
    gains = [price.gain for price in prices.price_groups(table, (), ())]
    assert gains == pytest.approx([0.6, 0.6])


def test_the_ladder_adds_groups_in_growing_steps():
    first = prices.price_groups(TABLE, (), ())[0]
    row = msgspec.structs.replace
    priced = [row(first, group=row(first.group, first=i, last=i)) for i in range(9)]
    added = [len(step) for step in prices.steps(priced)]
    assert added == [1, 1, 1, 2, 3]
    assert [one for step in prices.steps(priced) for one in step] == priced[:8]


def test_what_gives_nothing_is_not_kept():
    kept = prices.worth_keeping(prices.price_groups(TABLE, [[FP32]], [[INT8]]))
    assert {price.group.layers[0] for price in kept} == {"a", "b"}


def test_the_predicted_time_adds_up():
    chosen = prices.price_groups(TABLE, [[FP32]], [[INT8]])[:2]
    assert prices.predicted_ms(5.0, chosen) == pytest.approx(5 + sum(p.cost_ms for p in chosen))
    assert prices.predicted_ms(5.0, []) == 5.0
    assert prices.predicted_ms(5.0, prices.price_groups(TABLE, (), ())) is None


def test_all_that_give_anything_are_tried_unless_that_is_everything():
    one, two, three = prices.price_groups(TABLE, (), ())
    of_no_use = msgspec.structs.replace(three, gain=0.0)
    assert list(prices.steps([one, two, of_no_use])) == [[one], [two]]
    assert list(prices.steps([one, two, three])) == [[one], [two]]
    assert list(prices.steps([one])) == list(prices.steps([of_no_use])) == []
    row = msgspec.structs.replace
    kind = row(two, group=row(two.group, kind="Conv", spans=(one.group.span, three.group.span)))
    assert list(prices.steps([one, kind, two, three])) == [[one], [kind]]


@given(st.integers(0, 60))
def test_the_ladder_rises_to_its_end(most):
    steps = list(prices.counts(most))
    assert steps == sorted(set(steps))
    assert steps[:1] == [1][:most]
    assert steps[-1:] == [most][:most]
