"""What is done to a model before it is converted: a chain of stages, each a frozen value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

import msgspec

from edgeopt.domain.model import Value

Share = Annotated[float, msgspec.Meta(gt=0, lt=1)]
Positive = Annotated[float, msgspec.Meta(gt=0)]
NotNegative = Annotated[float, msgspec.Meta(ge=0)]
Count = Annotated[int, msgspec.Meta(ge=1)]

Importance = Literal["l1", "l2", "bn-scale", "taylor"]
Scope = Literal["global", "layer"]
Optimizer = Literal["sgd", "adam", "adamw"]
BatchNorm = Literal["learn", "keep"]
Method = Literal["prune", "low-rank", "sparse", "qat", "input-size"]


class Training(Value, kw_only=True, frozen=True):
    """How weights are trained.

    Attributes:
        epochs: at most; it ends before where `patience` epochs brought nothing on the part held
            out of the training samples.
        learning_rate: at the start; it falls as a cosine to a hundredth of that.
        momentum: of SGD.
        weight_decay: decoupled from the gradient with AdamW, else added to it.
        l1: weight of the sum of absolute weights in the loss.
        clip_norm: gradients are scaled down to this norm.
        temperature: of the soft targets (Hinton, Vinyals and Dean 2015, arXiv:1503.02531).
        distillation: share of the soft targets in the loss; the rest is the labels'. 1 where
            the samples have none.
        features: weight of the difference between the attention maps of student and source
            (Zagoruyko and Komodakis 2017, arXiv:1612.03928, section 3.1); 0: none.
        batch_norm: whether means and variances follow the training samples, or stay as they are
            (for few or narrow samples; its scale and shift learn in any case).
    """

    epochs: Count = 30
    batch: Count = 32
    optimizer: Optimizer = "adamw"
    learning_rate: Positive = 2e-3
    momentum: NotNegative = 0.9
    weight_decay: NotNegative = 1e-4
    l1: NotNegative = 0.0
    clip_norm: Positive = 5.0
    temperature: Positive = 4.0
    distillation: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.7
    features: NotNegative = 0.0
    batch_norm: BatchNorm = "learn"
    patience: Count = 10
    seed: int = 0


class Prune(Value, kw_only=True, frozen=True, tag="prune"):
    """Whole channels taken away, together with what depends on them.

    Attributes:
        share: of the channels that are left, taken away.
        importance: which channels matter least: by the norm of their weights, the scale of
            their batch norm, or weight times gradient on samples (Taylor).
        scope: all layers compete with each other, or each loses the same share.
        multiple: channel counts are rounded to it.
    """

    share: Share
    importance: Importance = "l2"
    scope: Scope = "layer"
    multiple: Count = 8


class LowRank(Value, kw_only=True, frozen=True, tag="low-rank"):
    """Linear and 1x1 layers as two thinner ones, by singular values.

    Attributes:
        energy: share of the squared singular values that is kept; a layer that would not become
            smaller stays as it is.
        multiple: ranks are rounded up to it.
    """

    energy: Share
    multiple: Count = 8


class Sparsify(Value, kw_only=True, frozen=True, tag="sparsify"):
    """Single weights set to zero, those of least magnitude; training keeps them there.

    Attributes:
        pattern: "2:4": two of every four neighbours; "unstructured": `share` of a layer.
    """

    pattern: Literal["2:4", "unstructured"] = "unstructured"
    share: Share = 0.5


class Resize(Value, kw_only=True, frozen=True, tag="resize"):
    """A smaller image, scaled down inside the model: the input stays as it is.

    Attributes:
        share: of the side that is kept.
    """

    share: Share


class Recover(Value, kw_only=True, frozen=True, tag="recover"):
    """Training after a loss: towards the labels and the source's own answers."""

    training: Training = Training()


class QuantizationAware(Value, kw_only=True, frozen=True, tag="qat"):
    """Training with the rounding of 8-bit weights and activations in the forward pass.

    What comes out are float weights that a quantizer rounds with less loss (Jacob et al. 2018,
    arXiv:1712.05877, section 3).
    """

    training: Training = Training()


Stage = Prune | LowRank | Sparsify | Resize | Recover | QuantizationAware
Chain = tuple[Stage, ...]


class Compression(Value, kw_only=True, frozen=True):
    """What was asked for.

    Attributes:
        methods: in the order in which they are tried.
        importance, scope: of pruning.
        step: share of the channels that one step takes away.
        training: of every recovery.
        train, train_sha256: further samples that train, and their identity; None: those that
            calibrate, alone.
    """

    methods: tuple[Method, ...]
    importance: Importance = "l2"
    scope: Scope = "layer"
    step: Share = 0.25
    training: Training = Training()
    train: str | None = None
    train_sha256: str | None = None


def words(chain: Sequence[Stage]) -> list[str]:
    """A chain in few words, as a recipe's title has it; steps of one kind together."""
    found = []
    kept = 1.0
    for stage in chain:
        if isinstance(stage, Prune):
            kept *= 1 - stage.share
    if kept < 1:
        found.append(f"pruned={1 - kept:.0%}")
    for stage in chain:
        if isinstance(stage, LowRank):
            found.append(f"low-rank={stage.energy:.3g}")
        elif isinstance(stage, Sparsify):
            share = "" if stage.pattern == "2:4" else f"{stage.share:.0%}"
            found.append(f"sparse={share or stage.pattern}")
        elif isinstance(stage, Resize):
            found.append(f"resized={stage.share:.0%}")
        elif isinstance(stage, QuantizationAware):
            found.append("qat")
    return found


class CompressionStep(Value, kw_only=True, frozen=True):
    """One step of a search, and what became of it.

    Attributes:
        title: what was done, in words.
        chain: the whole chain with it.
        carrier: the recipe that it was measured with.
        kept: whether the next step starts from it. why: one sentence.
        parameters: numbers in the model's weights; null where it was not made.
        drop: on the `choose` part. ratio, low, high: how many times as fast as what it started
            from, in one interleaved schedule; the last one that has timed both.
        launches: fresh processes of each that the ratio rests on; null as `ratio`, and in runs
            of before.
        curve: the training's file, relative to the run's folder.
        note: what the training wants the user to know.
    """

    title: str
    chain: Chain
    carrier: str
    kept: bool
    why: str
    parameters: int | None = None
    drop: float | None = None
    ratio: float | None = None
    low: float | None = None
    high: float | None = None
    size_bytes: int | None = None
    curve: str | None = None
    note: str = ""
    launches: int | None = None
