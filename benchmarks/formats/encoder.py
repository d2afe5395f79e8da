"""A transformer encoder in the shape of Hugging Face's: ids and mask in, two outputs.

Its weights are random: it is about operators, integers and shapes.
"""

from __future__ import annotations

import torch
from torch import nn

WIDTH, WORDS, LENGTH = 64, 500, 512


class Encoder(nn.Module):
    """input_ids, attention_mask [batch, length] int64 -> logits [batch, 4], states."""

    def __init__(self, layers: int = 2) -> None:
        super().__init__()
        self.words, self.places = nn.Embedding(WORDS, WIDTH), nn.Embedding(LENGTH, WIDTH)
        layer = nn.TransformerEncoderLayer(WIDTH, 4, 4 * WIDTH, 0.0, "gelu", batch_first=True)
        self.layers = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)
        self.head = nn.Linear(WIDTH, 4)

    def forward(self, input_ids, attention_mask):
        places = torch.arange(input_ids.shape[1], device=input_ids.device)
        x = self.words(input_ids) + self.places(places)
        hidden = attention_mask == 0
        states = self.layers(x, src_key_padding_mask=hidden)
        kept = attention_mask.unsqueeze(-1).to(states.dtype)
        mean = (states * kept).sum(1) / kept.sum(1)
        return {"logits": self.head(mean), "states": states * kept}


def example() -> tuple[torch.Tensor, torch.Tensor]:
    """One sentence of 64 tokens, the last 8 of them empty."""
    mask = torch.ones(1, 64, dtype=torch.int64)
    mask[:, 56:] = 0
    return torch.randint(1, WORDS, (1, 64)) * mask, mask
