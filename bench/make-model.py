"""Trace a model with BERT-base's shapes and save it as TorchScript.

    make-model.py FILE [LAYERS]

The weights are random, with the spread that training leaves; nothing is
downloaded. With 12 layers, the default, the file has about 435 MB, to a
compressor and to libtorch the same as that of a trained BERT.
"""

import math
import sys

import torch
from torch import nn

WIDTH, HEADS, VOCABULARY, POSITIONS = 768, 12, 30522, 512


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.query, self.key, self.value, self.mix = (nn.Linear(WIDTH, WIDTH) for _ in range(4))
        self.widen, self.narrow = nn.Linear(WIDTH, 4 * WIDTH), nn.Linear(4 * WIDTH, WIDTH)
        self.norm1, self.norm2 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)

    def forward(self, x, mask):
        def split(t):
            return t.view(t.shape[0], -1, HEADS, WIDTH // HEADS).transpose(1, 2)

        scores = split(self.query(x)) @ split(self.key(x)).transpose(2, 3) / math.sqrt(WIDTH // HEADS)
        seen = (scores + mask).softmax(-1) @ split(self.value(x))
        x = self.norm1(x + self.mix(seen.transpose(1, 2).reshape(x.shape)))
        return self.norm2(x + self.narrow(nn.functional.gelu(self.widen(x))))


class Classifier(nn.Module):
    def __init__(self, layers):
        super().__init__()
        self.words, self.positions = nn.Embedding(VOCABULARY, WIDTH), nn.Embedding(POSITIONS, WIDTH)
        self.norm = nn.LayerNorm(WIDTH)
        self.layers = nn.ModuleList(Layer() for _ in range(layers))
        self.pool, self.classify = nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, 2)

    def forward(self, input_ids, attention_mask):
        mask = (1.0 - attention_mask[:, None, None, :].float()) * -10000.0
        positions = torch.arange(input_ids.shape[1], device=input_ids.device)
        x = self.norm(self.words(input_ids) + self.positions(positions))
        for layer in self.layers:
            x = layer(x, mask)
        return self.classify(self.pool(x[:, 0]).tanh())


def main(path, layers=12):
    torch.manual_seed(0)
    torch.set_num_threads(1)
    model = Classifier(int(layers)).eval()
    with torch.no_grad():
        for name, weights in model.named_parameters():
            if "norm" in name and name.endswith("weight"):
                weights.normal_(0.85, 0.05)
            else:
                weights.normal_(0.0, 0.042)
        ids = torch.ones(1, 128, dtype=torch.long)
        torch.jit.trace(model, (ids, ids)).save(path)


main(*sys.argv[1:])
