"""Pure functions on sequences of numbers: quantiles, intervals, verdicts. No I/O.

Intervals are pairs `(low, high)`. Where the numbers are too few for an interval of the
level asked for, the answer is None rather than one that covers less.
"""
