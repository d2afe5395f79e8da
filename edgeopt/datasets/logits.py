"""Whether rows are certain to be logits of classes, by three things that training leaves in them.

Cross-entropy lets the columns of logits cancel each other: what it adds to one class it takes from
the others, so that the mean of a row hardly moves. It makes rows sure, and leaves few of them
undecided. And one column stands out of a row, where in features the largest are neighbours. No one
of these is proof; two of them are not met together in embeddings, coordinates or Gaussian values.
Figures: networks for digits, wine, iris and cancer, EfficientNet-Lite0 on crops of photos, their
own features, embeddings by contrast, and random values behind nine activations.
"""

from __future__ import annotations

import numpy as np

#: The spread of rows' means over that of as many independent columns: 0 to 0.53 for classifiers
#: that are trained (0.47 by Adam at 1e-2, 0.42 EfficientNet-Lite0), 0.53 and more for features.
MOST_LEFT = 0.6

#: The same of so few columns that values cancel by chance: 0.03 to 0.34 for classifiers.
FEW_COLUMNS, MOST_LEFT_OF_FEW = 6, 0.3

#: Below it nothing is left but rounding: two columns that are each other's negative.
NOTHING_LEFT = 0.02

#: As likely as this may independent Gaussian columns do the same by chance.
BY_CHANCE = 1e-3

#: The mean of rows' largest shares after a softmax, where 0 is all alike and 1 is one class alone:
#: 0.49 to 0.99 for classifiers, 0.02 to 0.33 for features as they come.
LEAST_SURE = 0.4

#: A row is undecided where its best column leads by less than a quarter of the mean lead: 2 to 12
#: in 100 of a classifier's. Of two Gaussian columns 16 are; of many 22, whose lead is exponential.
UNDECIDED, OF_TWO, OF_MANY = 0.25, 0.16, 0.22

#: By how much more the best column leads than the next ones do, each lead times its rank, in which
#: exponential tails are all alike (Renyi 1953): 1.2 at most for features, 1.4 to 4.9 for half of
#: the classifiers; and how much further the best column is from the median than the worst.
LEAST_LEAD, LEAST_STANDS_OUT = 1.1, 1.2
_RANKS = 6  # leads that are looked at

#: Rows whose lengths differ by less are normalized, which makes columns cancel as well: 0.12 and
#: more for logits.
SAME_LENGTH = 0.05


def evidence(rows: np.ndarray) -> str:
    """What is missing for rows to be certain to be logits, "" where two of the three are there.

    Args:
        rows: finite float64 [n, k], k at least 2, columns of like means and spreads.
    """
    left, lengths = _left(rows), rows.std(axis=1)
    normalized = lengths.std() < SAME_LENGTH * lengths.mean()
    cancels = not normalized and _cancels(left, *rows.shape)
    stands_out = _stands_out(rows)
    if cancels + stands_out + _is_sure(rows, left <= NOTHING_LEFT) >= 2:
        return ""
    if normalized:
        return "its rows have one length, as normalized embeddings do"
    if rows.shape[1] == 2 and not cancels:
        return "its two columns are not each other's opposite"
    if not cancels and not stands_out:
        return "no column stands out of its row, and columns do not cancel, as in an embedding"
    return "too few of its rows are clearly of one class"


def _left(rows: np.ndarray) -> float:
    """The spread of rows' means, in that of the mean of as many independent columns."""
    within = float(np.sqrt(np.mean(rows.var(axis=0))))
    return float(rows.mean(axis=1).std()) * np.sqrt(rows.shape[1]) / max(within, 1e-30)


def _cancels(left: float, n: int, k: int) -> bool:
    """Whether columns cancel each other, further than Gaussian ones do by chance."""
    from scipy.special import betainc

    if left > (MOST_LEFT if k > FEW_COLUMNS else MOST_LEFT_OF_FEW):
        return False
    # Of independent columns the share of all variation that is of their mean.
    chance = betainc((n - 1) / 2, (k - 1) * (n - 1) / 2, min(1.0, left**2 / k))
    return bool(chance <= BY_CHANCE)


def _is_sure(rows: np.ndarray, exact: bool) -> bool:
    """Whether a softmax of rows is sure, and fewer of them are undecided than of Gaussians."""
    from scipy.special import bdtr

    best = np.partition(rows, -2, axis=1)[:, -2:]
    shares = 1 / np.exp(rows - best[:, 1:]).sum(axis=1)
    alike = 1 / rows.shape[1]
    if shares.mean() - alike < LEAST_SURE * (1 - alike):
        return False
    leads = best[:, 1] - best[:, 0]
    undecided = int((leads < UNDECIDED * leads.mean()).sum())
    chance = bdtr(undecided, len(rows), OF_MANY if rows.shape[1] > FEW_COLUMNS else OF_TWO)
    return exact or bool(chance <= 0.05)


def _stands_out(rows: np.ndarray) -> bool:
    """Whether one column of each row is beyond where the next ones would let it be."""
    if rows.shape[1] < 3:
        return False
    ordered = np.sort(rows, axis=1)[:, ::-1]
    middle = np.median(rows, axis=1)
    above, below = (ordered[:, 0] - middle).mean(), (middle - ordered[:, -1]).mean()
    ranks = np.arange(1, min(rows.shape[1] - 1, _RANKS) + 1)
    leads = ranks * -np.diff(ordered, axis=1)[:, : len(ranks)]
    more = leads[:, 0] - LEAST_LEAD * leads[:, 1:].mean(axis=1)
    known = more.mean() > 2 * more.std() / np.sqrt(len(more))
    return bool(above >= LEAST_STANDS_OUT * below and known)
