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


class Sinks(nn.Module):
    """Nests a list so deep that freeing it overflows the stack."""

    def forward(self, x: Tensor) -> Tensor:
        deep: List[Any] = [x]
        for _ in range(3000000):
            deeper: List[Any] = [deep]
            deep = deeper
        return x


class Wavers(nn.Module):
    """Gives another second output in each call, and writes into its input."""

    def __init__(self):
        super().__init__()
        self.register_buffer("calls", torch.zeros(1))

    def forward(self, x: Tensor) -> List[Tensor]:
        self.calls.add_(1)
        x.mul_(2)
        return [x, self.calls.clone(), torch.zeros([])]


class Spikes(nn.Module):
    """Returns a tensor of very many dimensions."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.zeros([1] * 1000)


class Layouts(nn.Module):
    """Returns [0, 1, 2, 3] and the like in memory that is laid out in other ways."""

    def forward(self, x: Tensor) -> List[Tensor]:
        c = torch.complex(x, -x)
        return [
            x.to_sparse(),
            torch.quantize_per_tensor(x, 0.5, 2, torch.quint8),
            x.reshape(2, 2).t(),
            x[::2],
            x[:1].expand(3, 1),
            c.conj(),
            c.conj().imag,
            torch.complex(x / 0.0, x),
            torch.empty(0, 3),
            torch.zeros([], dtype=torch.bool),
            torch.empty([2, 3], device=torch.device("meta")),
        ]


class Shouts(nn.Module):
    """Raises an exception whose text is long and drives a terminal."""

    def forward(self, x: Tensor) -> Tensor:
        raise ValueError("\x1b[2J\x07" + " ".join(["spam" for _ in range(100000)]))


def main():
    folder = pathlib.Path(__file__).resolve().parent
    for module in (Prints, Saves, Maps, Expands, Floods, Circles, Sinks, Wavers, Spikes, Layouts, Shouts):
        torch.jit.script(module().eval()).save(str(folder / f"{module.__name__.lower()}.pt"))


if __name__ == "__main__":
    main()
