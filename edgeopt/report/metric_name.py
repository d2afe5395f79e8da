"""What a metric is called in a heading. A user's own keeps its name, letter by letter."""

from __future__ import annotations

_TITLES = {
    "map": "mAP",
    "map50": "mAP at IoU 0.5",
    "miou": "Mean IoU",
    "mae": "Mean absolute error",
    "rmse": "RMSE",
    "mape": "MAPE",
    "smape": "sMAPE",
    "psnr": "PSNR",
    "ssim": "SSIM",
    "cer": "Character error rate",
    "wer": "Word error rate",
    "eer": "Equal error rate",
    "auc": "AUC",
}


def metric_word(metric: str) -> str:
    """The same within a sentence: "accuracy", "mean IoU", "mAP"."""
    title = metric_title(metric)
    plain = title != metric and title[1:2].islower()
    return title[:1].lower() + title[1:] if plain else title


def metric_title(metric: str) -> str:
    """ "Accuracy", "mAP"; "fastmap:yolo" stays as it was written: it is a file and a function."""
    if metric in _TITLES:
        return _TITLES[metric]
    if not metric.isalpha():
        return metric
    return metric[:1].upper() + metric[1:]
