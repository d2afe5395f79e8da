"""Numbers for people. The only place that prints a unit.

A value that is null prints as its reason, or as an en dash where none is known: never as 0.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

from edgeopt.domain.latency import Verdict
from edgeopt.domain.score import Drop, Score

DASH, MINUS, TIMES = "–", "−", "×"


class Amount(str):
    """A figure as it is printed, with its number and its unit apart: "5.48 ms", "5.48", "ms".

    What has no unit, and a reason in place of a figure, is a number alone.
    """

    __slots__ = ("number", "unit")

    number: str
    unit: str

    def __new__(cls, number: str, unit: str = "") -> Amount:
        made = super().__new__(cls, f"{number} {unit}" if unit else number)
        made.number, made.unit = number, unit
        return made


NO_INTERVAL, UNKNOWN, BLANK = Amount("no interval"), Amount(DASH), Amount("")


def significant(value: float, digits: int = 3) -> str:
    """`value` with so many significant digits, without an exponent: 0.0123, 5.48, 1230."""
    if value == 0:
        return "0"
    rounded = float(f"{value:.{digits - 1}e}")
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(rounded))))
    return f"{rounded:.{decimals}f}".replace("-", MINUS)


def quantity(value: float, unit: str) -> Amount:
    """A number as it was stated, in its unit: quantity(2048, "KiB") is "2048 KiB"."""
    return Amount(f"{value:.6g}", unit)


def millijoules(value: float, more: int = 0) -> Amount:
    """An energy in three digits, or so many more: "3.2 mJ", "0.115 mJ", "1204 mJ"."""
    whole = significant(value, max(3 + more, 1 + math.floor(math.log10(max(abs(value), 1)))))
    return Amount(whole.rstrip("0").rstrip(".") if "." in whole else whole, "mJ")


def gigahertz(value: float) -> Amount:
    """A clock as a data sheet states it: "2.4 GHz"."""
    return quantity(value, "GHz")


def decibels(value: float) -> Amount:
    """How near answers are: "41 dB"."""
    return Amount(f"{value:.0f}", "dB")


def whole_bytes(value: float) -> Amount:
    """A size to the byte: "101 bytes"."""
    return Amount(f"{value:.0f}", "bytes")


def ms(value: float | None, reason: str = "", more: int = 0) -> Amount:
    """A time given in milliseconds: "0.231 ms", "5.48 ms"; from a second on "1.20 s".

    Args:
        more: digits, beyond three.
    """
    if value is None:
        return _nothing(reason)
    if float(f"{value:.2e}") >= 1000:
        return Amount(significant(value / 1000, 3 + more), "s")
    return Amount(significant(value, 3 + more), "ms")


def _nothing(reason: str) -> Amount:
    return Amount(reason or DASH)


def change(value: float) -> str:
    """A difference of milliseconds with its sign: "+0.231 ms", "−5.48 ms"."""
    return f"+{ms(value)}" if value > 0 else ms(value)


def duration(seconds: float) -> str:
    """How long a run took: "42 s", "4 min 07 s", "2 h 05 min"."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def elapsed(seconds: float) -> Amount:
    """The time of a line in a log, in a column: "  12.3 s"."""
    return Amount(f"{seconds:6.1f}", "s")


def brief(seconds: float) -> Amount:
    """A short time: "10 s", "3.3 s"."""
    return Amount(significant(seconds, 2), "s")


def per_second(value: float | None, reason: str = "") -> Amount:
    """A rate: "182 /s"."""
    return _nothing(reason) if value is None else Amount(significant(value), "/s")


def celsius(value: float | None, reason: str = "") -> Amount:
    """A temperature: "61.5 °C"."""
    return _nothing(reason) if value is None else Amount(f"{value:.1f}".replace("-", MINUS), "°C")


def mhz(value: float | None, reason: str = "") -> Amount:
    """A clock: "2400 MHz"."""
    return _nothing(reason) if value is None else Amount(f"{value:.0f}", "MHz")


def size(value: int | None, reason: str = "") -> Amount:
    """Bytes in decimal units: "812 B", "4.93 MB"."""
    if value is None:
        return _nothing(reason)
    if value < 1000:
        return Amount(f"{value}", "B")
    power = min(3, int(math.log10(float(f"{value:.2e}")) // 3))
    return Amount(significant(value / 1000**power), ("B", "kB", "MB", "GB")[power])


def hundredths(value: float, more: int = 0) -> str:
    """A share times 100 with one decimal, or more; a small one is never rounded to nothing."""
    scaled = value * 100
    if 0 < abs(scaled) < 0.005 and not more:
        return "<0.01"
    decimals = max(2 if 0 < abs(scaled) < 0.095 else 1, 1 + more)
    return f"{scaled:.{decimals}f}".replace("-", MINUS)


def percent(value: float | None, reason: str = "") -> Amount:
    """A share: percent(0.012) is "1.2 %"."""
    return _nothing(reason) if value is None else Amount(hundredths(value), "%")


def share(value: float) -> Amount:
    """A share of things that were counted: "99.9 %"."""
    return Amount(f"{100 * value:.3g}", "%")


def limit_percent(value: float) -> Amount:
    """A share as it was asked for: "5 %"."""
    return Amount(f"{100 * value:g}", "%")


def points(value: float | None, reason: str = "") -> Amount:
    """A loss of a score between 0 and 1: points(0.012) is "1.2 points"; a gain has a minus."""
    return _nothing(reason) if value is None else Amount(hundredths(value), "points")


def score(value: float | None, reason: str = "") -> Amount:
    """A metric's value: three decimals where it is about one, else three significant digits."""
    if value is None:
        return _nothing(reason)
    if 0.1 <= abs(value) < 10:
        return Amount(f"{value:.3f}".replace("-", MINUS))
    return Amount(significant(value))


def factor(value: float) -> Amount:
    """A factor without its sign: two decimals where it is about one."""
    return Amount(f"{value:.2f}" if 0.1 <= value < 9.995 else significant(value))


def ratio(value: float | None, reason: str = "") -> Amount:
    """How many times as fast: ratio(1.53) is "1.53×"."""
    return _nothing(reason) if value is None else Amount(f"{factor(value)}{TIMES}")


def interval(low: float, high: float, formatter: Callable[[float], Amount]) -> Amount:
    """A range in one unit, "5.41 to 5.55 ms", in two, "990 ms to 1.01 s", or "<0.01 points"."""
    first, last = formatter(low), formatter(high)
    if first == last:
        return first
    if first.unit == last.unit:
        return Amount(f"{first.number} to {last.number}", last.unit)
    return Amount(f"{first} to {last}")


def verdict_bounds(value: Verdict) -> Amount:
    """The interval of a ratio, "1.49 to 1.57"; where there is none, "3 pairs only"."""
    if value.low is None or value.high is None:
        return Amount(f"{count(value.pairs, 'pair')} only")
    return interval(value.low, value.high, factor)


def verdict(value: Verdict | None, reason: str = "") -> str:
    """A verdict in full: "FASTER 1.53× (95 % CI 1.49 to 1.57)"."""
    if value is None:
        return reason or DASH
    known = "" if value.low is None or value.high is None else "95 % CI "
    return f"{value.word} {ratio(value.ratio)} ({known}{verdict_bounds(value)})"


def score_interval(value: Score) -> Amount:
    """The 95 % interval of a score: "0.812 to 0.874", or "no interval"."""
    if value.low is None or value.high is None:
        return NO_INTERVAL
    return interval(value.low, value.high, score)


def drop(value: Drop | None, reason: str = "") -> Amount:
    """A drop as it is compared with the allowed one: points of a score, or % of an error."""
    if value is None:
        return _nothing(reason)
    return allowance(value.judged, relative=value.relative is not None)


def lost(value: Drop) -> str:
    """A drop as a verb: "loses 0.8 points (95 % CI 0.1 to 4.6 points)", "gains 0.3 points (...)".

    Where it gains, the interval is of the gain as well.
    """
    gained = value.judged < 0
    bounds = drop_bounds(value)
    shown = abs(value.judged)
    words = (
        f"{'gains' if gained else 'loses'} {allowance(shown, relative=value.relative is not None)}"
    )
    if bounds is None:
        return words
    low, high = (-bounds[1], -bounds[0]) if gained else bounds
    form = percent if value.relative is not None else points
    return f"{words} (95 % CI {interval(low, high, form)})"


def drop_bounds(value: Drop) -> tuple[float, float] | None:
    """The interval in the unit of `judged`; None where there is none, or no relative one."""
    if value.low is None or value.high is None:
        return None
    if value.relative is None:
        return value.low, value.high
    if value.value == 0:
        return (0.0, 0.0) if value.low == value.high == 0 else None
    scale = value.relative / value.value
    return value.low * scale, value.high * scale


def drop_interval(value: Drop | None) -> Amount:
    """The 95 % interval of a drop: "−0.8 to 1.6 points", or "no interval"; "" of no drop."""
    if value is None:
        return BLANK
    bounds = drop_bounds(value)
    if bounds is None:
        return NO_INTERVAL if value.low is None else BLANK
    return interval(*bounds, percent if value.relative is not None else points)


def allowance(value: float, *, relative: bool, more: int = 0) -> Amount:
    """The allowed drop in the words of the drops: "1.0 points", or "1.0 %" of an error."""
    return Amount(hundredths(value, more), "%" if relative else "points")


def whole(number: int) -> str:
    """A whole number, its thousands set apart by a narrow space: "12 000"."""
    return f"{number:,}".replace(",", "\u202f")


def count(number: int, noun: str, plural: str = "") -> str:
    """A number of things: "1 thread", "2 threads", "5 launches" (with its plural given)."""
    return f"{whole(number)} {noun if number == 1 else plural or noun + 's'}"


def sample_size(n: int) -> str:
    """How many samples a figure rests on, kept on one line: "n 512"."""
    return f"n\u00a0{n}"


def span(numbers: Iterable[int], noun: str, plural: str = "") -> str:
    """A range of such numbers: "3 to 5 launches", or "5 launches" where all agree."""
    low, high = min(found := list(numbers)), max(found)
    last = count(high, noun, plural)
    return last if low == high else f"{whole(low)} to {last}"


def tick(value: float) -> str:
    """A round number on an axis: "0.5", "20", "−1"."""
    return f"{value:.6g}".replace("-", MINUS)
