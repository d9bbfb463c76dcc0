"""Small modules of our own, one for each kind of argument, output and compilation."""

from typing import Dict, List, Optional, Tuple

import numpy
import torch
from torch import Tensor, nn

from . import describe
from .describe import Items, Model, Pairs, Scalar


def tensor(dtype, *shape, source="arange"):
    return describe.Tensor(dtype, list(shape), source)


class MLP(nn.Module):
    def __init__(self, width=8, classes=3):
        super().__init__()
        self.hidden = nn.Linear(width, 16)
        self.dropout = nn.Dropout(0.5)
        self.head = nn.Linear(16, classes)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.dropout(torch.tanh(self.hidden(x))))


class Conv(nn.Module):
    """Images in, scores of ten classes out."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, kernel_size=7, stride=4)
        self.norm = nn.BatchNorm2d(8)
        self.head = nn.Linear(8, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.norm(self.conv(x / 150528.0)))
        return self.head(x.mean(dim=[2, 3]))


class TupleOutput(nn.Module):
    def forward(self, x: Tensor) -> Tuple[Tensor, Tensor, int]:
        return x + 0.5, x.sum(dim=1), x.size(0)


class ListOutput(nn.Module):
    def forward(self, x: Tensor) -> List[Tensor]:
        return [row * 2.0 for row in x.unbind(0)]


class DictOutput(nn.Module):
    def forward(self, x: Tensor) -> Dict[str, Tensor]:
        return {"logits": x * 0.25, "a \"quoted\" key": x.sum(dim=0)}


class NestedOutput(nn.Module):
    def forward(self, x: Tensor) -> Tuple[Dict[str, List[Tensor]], Tuple[Tensor, Optional[Tensor]]]:
        none: Optional[Tensor] = None
        return {"hidden": [x, x + 1.0], "last": [x.mean(dim=1)]}, (x.t(), none)


class DTypesOutput(nn.Module):
    def forward(self, x: Tensor) -> List[Tensor]:
        return [
            x > 1.0, x.to(torch.uint8), x.to(torch.int8), x.to(torch.int16), x.to(torch.int32), x.to(torch.int64),
            x.to(torch.float16), x.to(torch.bfloat16), x.to(torch.float64), torch.complex(x, x), x[:0], x.sum(),
        ]


class ListInput(nn.Module):
    def forward(self, images: List[Tensor]) -> Tensor:
        total = torch.zeros([3])
        for image in images:
            total = total + image.mean(dim=0)
        return total


class DictInput(nn.Module):
    def forward(self, batch: Dict[str, Tensor]) -> Tensor:
        return batch["left"] @ batch["right"]


class OptionalArgument(nn.Module):
    def forward(self, x: Tensor, mask: Optional[Tensor]) -> Tensor:
        if mask is None:
            return x
        return x * mask


class Defaults(nn.Module):
    def forward(self, x: Tensor, scale: float = 0.5, times: int = 2, negate: bool = True, mode: str = "mean",
                bias: Optional[Tensor] = None, keep: Optional[bool] = None, small: float = 1e-5) -> Tensor:
        x = x * (scale * times) + small
        if negate:
            x = -x
        if bias is not None:
            x = x + bias
        if keep is not None:
            return x
        return x.mean(dim=1) if mode == "mean" else x.sum(dim=1)


class Scalars(nn.Module):
    def forward(self, x: Tensor, times: int, scale: float, negate: bool, mode: str) -> Tensor:
        x = x * (scale * times)
        if negate:
            x = -x
        return x.mean(dim=1) if mode == "mean" else x.sum(dim=1)


class ControlFlow(nn.Module):
    def forward(self, x: Tensor, limit: float = 100.0) -> Tensor:
        while bool(x.sum() < limit):
            x = x * 2.0 if bool(x.max() > 1.0) else x + 1.0
        return x


class NaNOutput(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return (x - 2.0) / (x - 2.0) * x


class InfOutput(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.log(x)


class Half(nn.Module):
    """Only what old CPU builds have kernels for."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.rand(4).half())

    def forward(self, x: Tensor) -> Tensor:
        return x * self.weight + x


def scripted(module, sample, what="torch.jit.script"):
    return Model(torch.jit.script(module.eval()), f"{what} of {type(module).__name__} in scripts/testdata/own.py", sample)


def quantized():
    module = torch.ao.quantization.quantize_dynamic(MLP().eval(), {nn.Linear}, dtype=torch.qint8)
    return Model(torch.jit.script(module), "quantize_dynamic (onednn, Debian's default) and torch.jit.script of MLP in scripts/testdata/own.py",
                 {"x": tensor("float32", 2, 8)})


def frozen():
    script = torch.jit.freeze(torch.jit.script(MLP().eval()))
    return Model(script, "torch.jit.freeze of a scripted MLP in scripts/testdata/own.py", {"x": tensor("float32", 2, 8)})


def training():
    return Model(torch.jit.script(MLP().train()), "torch.jit.script of MLP in training mode in scripts/testdata/own.py",
                 {"x": tensor("float32", 2, 8)})


def traced_conv():
    script = torch.jit.trace(Conv().eval(), torch.zeros(1, 3, 224, 224))
    return Model(script, "torch.jit.trace of Conv in scripts/testdata/own.py", {"x": tensor("float32", 1, 3, 224, 224)})


ROW = tensor("float32", 2, 3)

BUILDERS = {
    "scripted": lambda: scripted(MLP(), {"x": tensor("float32", 2, 8)}),
    "frozen": frozen,
    "training": training,
    "quantized": quantized,
    "conv": traced_conv,
    "float16": lambda: scripted(Half(), {"x": tensor("float16", 2, 4)}),
    "bfloat16": lambda: scripted(MLP().bfloat16(), {"x": tensor("bfloat16", 2, 8)}),
    "tuple-output": lambda: scripted(TupleOutput(), {"x": ROW}),
    "list-output": lambda: scripted(ListOutput(), {"x": ROW}),
    "dict-output": lambda: scripted(DictOutput(), {"x": ROW}),
    "nested-output": lambda: scripted(NestedOutput(), {"x": ROW}),
    "dtypes-output": lambda: scripted(DTypesOutput(), {"x": ROW}),
    "list-input": lambda: scripted(ListInput(), {"images": Items([ROW, tensor("float32", 4, 3, source="ones")])}),
    "dict-input": lambda: scripted(DictInput(), {"batch": Pairs({"left": ROW, "right": tensor("float32", 3, 2)})}),
    "optional-argument": lambda: scripted(OptionalArgument(), {"x": ROW, "mask": tensor("float32", 2, 3)}),
    "defaults": lambda: scripted(Defaults(), {"x": ROW}),
    "scalars": lambda: scripted(Scalars(), {
        "x": ROW, "times": Scalar("int", 3), "scale": Scalar("float", 0.5), "negate": Scalar("bool", True),
        "mode": Scalar("str", "sum")}),
    "control-flow": lambda: scripted(ControlFlow(), {"x": ROW}),
    "npy-sample": lambda: scripted(MLP(), {"x": tensor("float32", 4, 8, source="@npy-sample.npy")}),
    "nan-output": lambda: scripted(NaNOutput(), {"x": ROW}),
    "inf-output": lambda: scripted(InfOutput(), {"x": ROW}),
}


class SelfTest(nn.Module):
    """What go-model-archiver doctor runs: its numbers are whole and small."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]))

    def forward(self, x: Tensor) -> Tensor:
        return torch.matmul(x, self.weight)


def make_self_test(path):
    script = torch.jit.script(SelfTest().eval())
    torch.jit.save(script, str(path))


def make(folder, only):
    folder.mkdir(parents=True, exist_ok=True)
    numpy.save(folder / "npy-sample.npy", numpy.random.RandomState(0).randn(4, 8).astype("float32"))
    for name, build in BUILDERS.items():
        if not only or name in only:
            torch.manual_seed(0)
            describe.write(folder, name, build())
