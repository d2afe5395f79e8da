"""FASTER, SLOWER, EQUIVALENT or INCONCLUSIVE, from the interval of the ratio.

The rule, on the scale of logarithms, where a margin of 2 % is +-ln 1.02 both ways:

    EQUIVALENT    the interval lies inside the margin, and the A/A noise as well
    FASTER        the interval lies above 1, and the estimate above the A/A noise
    SLOWER        the interval lies below 1, and the estimate below the A/A noise
    INCONCLUSIVE  everything else, and always below 6 pairs

So FASTER says two things: that there is a difference (the interval leaves 1 out), and that
it was not shown to be too small to matter (the interval reaches beyond the margin). It does
not ask the interval to lie beyond the margin: a true 2 % would then hardly ever be found at a
margin of 2 %; nor the estimate: that would find it half of the time. The price is that
a true 1 % is called FASTER where the measurement is too coarse to call it EQUIVALENT.
The A/A noise is the other bound, for what an interval cannot know: where a thing
measured against itself differs by 5 %, no smaller difference counts, however narrow its
interval, and nothing is called equivalent to within 2 % either.

The interval knows how much launches differ, by those seen and by a prior (`launches`): one launch
alone supports a word only where the difference is beyond what a launch may do.

Looking more than once, or at several candidates, gives chance more than one try, so the
interval itself is made wider (Bonferroni): alpha / looks / candidates. Holm's steps would gain
a little power but belong to p-values; here word and printed interval always agree.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from edgeopt.domain.latency import Verdict, VerdictWord
from edgeopt.stats import launches, ratio
from edgeopt.stats.samples import Interval, check_share

MARGIN = 0.02
LEVEL = 0.95
MIN_PAIRS = 6
MAX_LOOKS = 3
#: Where there are too few pairs for an interval.
NO_INTERVAL = (None, None)

Blocks = Sequence[Sequence[ArrayLike]]


def compare(
    pairs_by_launch: Sequence[ArrayLike],
    margin: float = MARGIN,
    level: float = LEVEL,
    looks: int = 1,
    candidates: int = 1,
    noise: float = 0.0,
    seed: int = 0,
    launch_sd: float = 0.0,
) -> tuple[VerdictWord, float, float | None, float | None]:
    """The verdict on log-ratios (see the module's head), with the ratio and its interval.

    Args:
        pairs_by_launch: for each launch ln(baseline's / candidate's duration) by pair,
            as `ratio.log_ratios(candidate, baseline)` gives it.
        margin: share below which a difference counts as none (0.02 is 2 %).
        level: of the interval, before correction.
        looks: how often the data may be looked at in all, 1 to 3, this time included.
        candidates: how many are compared with the same baseline.
        noise: share by which a thing differs from itself here (`noise.aa_noise`).
        seed: of the bootstrap.
        launch_sd: by how much ratios of one launch are expected to differ from the next's
            (`launches.ratio_sd`).

    Returns:
        (word, ratio, low, high): how many times as fast as the baseline the candidate is.

    Raises:
        ValueError: no pairs, or an argument out of its range.
    """
    if margin <= 0.0 or noise < 0.0:
        raise ValueError(f"margin > 0 and noise >= 0 must hold, got {margin} and {noise}")
    log_margin, log_noise = math.log1p(margin), math.log1p(noise)
    centre = ratio.estimate(pairs_by_launch)
    pairs = sum(np.size(launch) for launch in pairs_by_launch)
    bounds = _interval(pairs_by_launch, corrected(level, looks, candidates), seed, launch_sd)
    if bounds is None or pairs < MIN_PAIRS:
        return "INCONCLUSIVE", math.exp(centre), *NO_INTERVAL
    low, high = bounds
    word = _word(centre, low, high, log_margin, log_noise)
    return word, math.exp(centre), math.exp(low), math.exp(high)


def verdict(
    candidate: Blocks,
    over: Blocks,
    over_id: str,
    margin: float = MARGIN,
    *,
    level: float = LEVEL,
    looks: int = 1,
    candidates: int = 1,
    noise: float = 0.0,
    seed: int = 0,
    launch_sd: float = 0.0,
) -> Verdict:
    """The verdict on two artifacts measured in interleaved blocks.

    Args:
        candidate, over: durations in one unit (ns) by launch, by round; the same place in
            both is an interleaved pair.
        over_id: the recipe id of `over`.
        The others: see `compare`.

    Raises:
        ValueError: launches or rounds that do not match, no pairs, or see `compare`.
    """
    if len(candidate) != len(over):
        raise ValueError(f"expected the same launches, got {len(candidate)} and {len(over)}")
    pairs = [ratio.log_ratios(a, b) for a, b in zip(candidate, over, strict=True)]
    word, value, low, high = compare(
        pairs, margin, level, looks, candidates, noise, seed, launch_sd
    )
    return Verdict(
        word=word,
        ratio=value,
        low=low,
        high=high,
        over=over_id,
        pairs=sum(launch.size for launch in pairs),
        launches=sum(launch.size > 0 for launch in pairs),
        margin=margin,
        noise=noise,
    )


def corrected(level: float, looks: int = 1, candidates: int = 1) -> float:
    """The level of each interval, so that all of them together keep `level`.

    Raises:
        ValueError: a level outside 0..1, looks outside 1..3, or fewer than one candidate.
    """
    check_share("level", level)
    if not 1 <= looks <= MAX_LOOKS:
        raise ValueError(f"`looks` must lie in 1..{MAX_LOOKS}, got {looks}")
    if candidates < 1:
        raise ValueError(f"`candidates` must be 1 or more, got {candidates}")
    return 1.0 - (1.0 - level) / (looks * candidates)


def _interval(
    pairs_by_launch: Sequence[ArrayLike], level: float, seed: int, launch_sd: float
) -> Interval | None:
    """What the pairs tell and what their launches tell: the lower low and the higher high."""
    by_pairs = ratio.interval(pairs_by_launch, level, seed)
    if by_pairs is None:
        return None
    told = [pairs for pairs in pairs_by_launch if np.size(pairs)]
    if len(told) == 1 and launch_sd == 0.0:  # its launch has nothing to add
        return by_pairs
    by_launches = launches.interval(told, level, launch_sd)
    return min(by_pairs[0], by_launches[0]), max(by_pairs[1], by_launches[1])


def _word(centre: float, low: float, high: float, margin: float, noise: float) -> VerdictWord:
    if -margin <= low and high <= margin and noise <= margin:
        return "EQUIVALENT"
    if low > 0.0 and centre > noise:
        return "FASTER"
    if high < 0.0 and centre < -noise:
        return "SLOWER"
    return "INCONCLUSIVE"
