"""A two-tower ranker, trained on clicks whose structure is known.

Users and items have eight hidden tastes each, and a user clicks what fits them. A query is one user
with an item that was clicked, and 49 that were not; the click was not trained on.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from benchmarks.tasks.models import trained
from benchmarks.tasks.models.prepared import Held, Prepared
from edgeopt.tasks.ranking import Candidates, Ranking

USERS, ITEMS, TASTES, CLICKS, OTHERS = 2000, 1500, 8, 30, 49
#: part -> which users are asked about.
PARTS = {"val": slice(0, 300), "test": slice(300, 800)}
EPOCHS, BATCH, RATE = 12, 512, 4e-3


class TwoTowers(nn.Module):
    """user int64 [n], item int64 [n] -> score [n, 1]: the product of what both towers say."""

    def __init__(self, width: int = 64) -> None:
        super().__init__()
        self.user, self.item = _tower(USERS, width), _tower(ITEMS, width)

    def forward(self, user: Tensor, item: Tensor) -> Tensor:
        return (self.user(user) * self.item(item)).sum(1, keepdim=True)


def _tower(count: int, width: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Embedding(count, width), nn.Linear(width, 256), nn.ReLU(), nn.Linear(256, 128),
        nn.ReLU(), nn.Linear(128, width),
    )  # fmt: skip


def prepare(place: Path) -> Prepared:
    """ranking/val.npz and test.npz, two-towers.onnx and .pt2.

    A sample is `user`, `item` (int64 [n]), `labels` (1: clicked) and its query in `groups`.
    """
    data, stem = place / "ranking", place / "two-towers"
    if not (data / "test.npz").exists() or not stem.with_suffix(".onnx").exists():
        _make(data, stem)

    def held() -> Held:
        with np.load(data / "test.npz") as file:
            found = {name: file[name] for name in file.files}
        rows = np.arange(len(found["labels"]))
        _, query = np.unique(found["groups"], return_inverse=True)
        truth = found["labels"].astype(np.float64)
        task = Ranking("score", Candidates(query, rows, truth, "test.npz"))
        return Held({name: found[name] for name in ("user", "item")}, (), truth, task)

    return Prepared(
        model=stem.with_suffix(".onnx"), data=data / "val.npz", confirm=data / "test.npz",
        options=("--task", "ranking", "--metric", "hr@10"), measures=("hr@10", "ndcg@10", "mrr"),
        held=held, program=stem.with_suffix(".pt2"),
    )  # fmt: skip


def _make(data: Path, stem: Path) -> None:
    data.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    users, items = (rng.normal(size=(n, TASTES)) for n in (USERS, ITEMS))
    liking = users @ items.T + rng.gumbel(size=(USERS, ITEMS)) * 1.5
    order = np.argsort(-liking, axis=1)[:, : CLICKS + 1]
    clicked = rng.permuted(order, axis=1)
    for part, who in PARTS.items():
        np.savez(data / f"{part}.npz", **_queries(clicked, np.arange(USERS)[who], rng))
    _train(clicked[:, 1:], stem)


def _queries(clicked: np.ndarray, users: np.ndarray, rng: np.random.Generator) -> dict[str, Any]:
    """The first click of each user beside items that were not clicked, in any order."""
    items = []
    for user in users:
        others = np.setdiff1d(np.arange(ITEMS), clicked[user])
        items.append([clicked[user, 0], *rng.choice(others, OTHERS, replace=False)])
    labels = np.zeros((len(users), OTHERS + 1), np.int64)
    labels[:, 0] = 1
    places = rng.permuted(np.tile(np.arange(OTHERS + 1), (len(users), 1)), axis=1)
    user = np.repeat(users, OTHERS + 1).astype(np.int64)
    return {
        "user": user,
        "item": np.take_along_axis(np.array(items, np.int64), places, 1).ravel(),
        "labels": np.take_along_axis(labels, places, 1).ravel(),
        "groups": user,
    }


def _train(clicked: np.ndarray, stem: Path) -> None:
    """Each click against the items of the other clicks of its batch."""
    torch.manual_seed(0)
    net = TwoTowers()
    who = torch.arange(USERS).repeat_interleave(clicked.shape[1])
    what = torch.from_numpy(clicked.ravel())

    def step(rows: np.ndarray) -> Tensor:
        scores = net.user(who[rows]) @ net.item(what[rows]).T
        same = what[rows][:, None] == what[rows][None]
        same.fill_diagonal_(False)
        return nn.functional.cross_entropy(scores.masked_fill(same, -1e9), torch.arange(len(rows)))

    trained.train(net, step, len(who), EPOCHS, BATCH, RATE)
    example = torch.zeros(1, dtype=torch.int64)
    trained.write(net, (example, example.clone()), stem, ["user", "item"], "score")
