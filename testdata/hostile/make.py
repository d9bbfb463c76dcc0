#!/usr/bin/env python3
"""Makes the models of this folder: TorchScript that a careless load test would suffer from.

Run it with a Python that has PyTorch 1.13.1, such as build/venv/bin/python.
"""

import pathlib
from typing import Any, List

import torch
from torch import Tensor, nn


class Prints(nn.Module):
    """Writes on stdout, what a worker would say among it."""

    def forward(self, x: Tensor) -> Tensor:
        for _ in range(10000):
            print('{"outcome":{"seconds":0,"outputs":[]}}')
        return x


class Saves(nn.Module):
    """Writes a file."""

    def forward(self, x: Tensor, path: str) -> Tensor:
        torch.save(x, path)
        return x


class Maps(nn.Module):
    """Changes a file through shared memory."""

    def forward(self, path: str) -> Tensor:
        return torch.from_file(path, shared=True, size=8, dtype=torch.uint8).fill_(0)


class Expands(nn.Module):
    """Returns a view of one number that looks like 4 TB."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.zeros([1]).expand([1 << 40])


class Floods(nn.Module):
    """Returns more tensors than anybody reads."""

    def forward(self, x: Tensor) -> List[Tensor]:
        return [x for _ in range(1000000)]


class Circles(nn.Module):
    """Returns a list that holds itself."""

    def forward(self, x: Tensor) -> List[Any]:
        circle: List[Any] = [x]
        circle.append(circle)
        return circle


class Spikes(nn.Module):
    """Returns a tensor of very many dimensions."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.zeros([1] * 1000)


class Shouts(nn.Module):
    """Raises an exception whose text is long and drives a terminal."""

    def forward(self, x: Tensor) -> Tensor:
        raise ValueError("\x1b[2J\x07" + " ".join(["spam" for _ in range(100000)]))


def main():
    folder = pathlib.Path(__file__).resolve().parent
    for module in (Prints, Saves, Maps, Expands, Floods, Circles, Spikes, Shouts):
        torch.jit.script(module().eval()).save(str(folder / f"{module.__name__.lower()}.pt"))


if __name__ == "__main__":
    main()
