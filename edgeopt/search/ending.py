"""What the end of a limited time needs: the schedule that decides between the leaders."""

from __future__ import annotations

#: The part of the time that trying leaves for deciding.
END_SHARE = 0.2


def finalists(left_s: float, arm_s: float) -> int:
    """How many are measured for good: three, or fewer where there is less time.

    Args:
        arm_s: seconds of one artifact in that schedule.
    """
    fitting = (count for count in (3, 2) if in_final(count) * arm_s <= left_s)
    return next(fitting, 1)


def reserved_s(least_s: float, limit_s: float) -> float:
    """Seconds that are left for the end: what it needs, and what lets it repeat the leaders.

    Which of the leaders is the fastest is as much of the result as that they were tried.

    Args:
        least_s: of the end as short as it may be. limit_s: of the whole call.
    """
    return max(least_s, END_SHARE * limit_s)


def in_final(count: int) -> int:
    """Artifacts in the schedule of so many finalists: their fp32 forms, the baseline and its twin.

    Finalists often are of one runtime.
    """
    return count + 3
