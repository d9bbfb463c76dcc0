"""Makes TorchScript files of many kinds, beside expected.json, in which PyTorch
itself says what each of them, and each file named on the command line, holds.

Usage: make_models.py FOLDER [MODEL.pt …]
"""
import json
import os
import sys
import warnings
from enum import Enum
from typing import Any, Dict, List, NamedTuple, Optional, Tuple, Union

import torch
from torch import Tensor, nn

warnings.simplefilter("ignore")
torch.manual_seed(0)
torch.backends.quantized.engine = "qnnpack"


class Small(nn.Module):
    def __init__(self, width=4, classes=2):
        super().__init__()
        self.first = nn.Linear(width, 8)
        self.norm = nn.BatchNorm1d(8)
        self.drop = nn.Dropout(0.1)
        self.last = nn.Linear(8, classes)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(self.drop(torch.relu(self.norm(self.first(x)))))


class Conv(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU())
        self.head = nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.body(x).mean([2, 3]))


class Embedded(nn.Module):
    def __init__(self):
        super().__init__()
        self.word_embeddings = nn.Embedding(50, 8)
        self.position_embeddings = nn.Embedding(16, 8)
        self.lm_head = nn.Linear(8, 50, bias=False)
        self.lm_head.weight = self.word_embeddings.weight

    def forward(self, input_ids: Tensor, attention_mask: Optional[Tensor] = None) -> Tensor:
        positions = torch.arange(input_ids.size(1))
        x = self.word_embeddings(input_ids) + self.position_embeddings(positions)
        if attention_mask is not None:
            x = x * attention_mask.unsqueeze(-1)
        return self.lm_head(x)


class SharedModule(nn.Module):
    def __init__(self):
        super().__init__()
        self.left = nn.Linear(3, 3)
        self.right = self.left

    def forward(self, x: Tensor) -> Tensor:
        return self.left(x) + self.right(x)


class SharedStorage(nn.Module):
    def __init__(self):
        super().__init__()
        base = torch.arange(12, dtype=torch.float32)
        self.register_buffer("base", base)
        self.register_buffer("view", base[3:9].view(2, 3))
        self.register_buffer("turned", base.view(3, 4).t())

    def forward(self, x: Tensor) -> Tensor:
        return x + self.base.sum() + self.view.sum() + self.turned.sum()


class Defaults(nn.Module):
    def forward(self, x: Tensor, a: int = -3, b: float = 1e-5, c: bool = False, d: str = 'it\'s "so", a=b: [c',
                e: Optional[Tensor] = None, f: Optional[int] = 7, g: Optional[str] = None,
                i: Tuple[int, float] = (1, 2.5),
                k: float = float("inf"), l: int = 1 << 40) -> Tensor:
        if e is not None:
            x = x + e
        return x * a * b if c else x


class Types(nn.Module):
    def forward(self, a: Tensor, b: List[Tensor], c: Dict[str, Tensor], d: Optional[List[int]],
                e: Tuple[Tensor, Optional[Tensor]], f: Dict[int, List[Tuple[str, Tensor]]], g: List[List[str]],
                h: torch.device, i: complex, j: Optional[Dict[str, Optional[float]]],
                k: torch.dtype, l: Any, m: List[bool]) -> Dict[str, List[Tensor]]:
        return {"a": b, "c": [c["x"], e[0]]}


class Unions(nn.Module):
    def forward(self, x: Union[int, Tensor, List[Tensor]]) -> Union[int, Tensor]:
        if isinstance(x, int):
            return x
        return torch.ones(1)


class NoTensors(nn.Module):
    def forward(self, n: int, flag: bool) -> List[int]:
        return [n] * 2 if flag else [n]


class NoArguments(nn.Module):
    def forward(self):
        return torch.ones(2)


class ReturnsNothing(nn.Module):
    def forward(self, x: Tensor) -> None:
        x.add_(1)


class Point(NamedTuple):
    x: Tensor
    y: Optional[int] = None


class Named(nn.Module):
    def forward(self, p: Point) -> Point:
        return Point(p.x + 1, p.y)


class Color(Enum):
    RED = "red"
    GREEN = "green"


class Enums(nn.Module):
    def __init__(self):
        super().__init__()
        self.color = Color.RED

    def forward(self, x: Tensor, color: Color) -> Tensor:
        return x + 1 if color == Color.RED else x


@torch.jit.interface
class Step(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        pass


class StepOne(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(2, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(x)


class Interfaces(nn.Module):
    step: Step

    def __init__(self):
        super().__init__()
        self.step = StepOne()

    def forward(self, x: Tensor) -> Tensor:
        return self.step.forward(x)


@torch.jit.script
class Counter:
    def __init__(self, start: int):
        self.n = start
        self.seen = [torch.ones(2)]

    def add(self, x: int) -> int:
        self.n += x
        return self.n


class ScriptClass(nn.Module):
    def __init__(self):
        super().__init__()
        self.counter = Counter(3)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.counter.add(1)


class ManyMethods(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(2, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(x)

    @torch.jit.export
    def encode(self, text: str, limit: int = 5) -> List[int]:
        return [len(text), limit]


class Packed(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = torch.ones(2, 3)

    def forward(self, x: Tensor) -> Tensor:
        return x @ self.weight

    @torch.jit.export
    def __getstate__(self) -> Tuple[Tensor, bool]:
        return self.weight, self.training

    @torch.jit.export
    def __setstate__(self, state: Tuple[Tensor, bool]) -> None:
        self.weight = state[0]
        self.training = state[1]


class NoForward(nn.Module):
    @torch.jit.export
    def predict(self, x: Tensor, k: int = 3) -> Tuple[Tensor, Tensor]:
        return torch.topk(x, k)


class Containers(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(2, 2), nn.Sequential(nn.Linear(2, 2), nn.Tanh())])
        self.named = nn.ModuleDict({"a": nn.Linear(2, 2), "b_c": nn.Linear(2, 3)})

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = layer(x)
        return self.named["b_c"](self.named["a"](x))


class Parameters(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.rand(3), requires_grad=False)
        self.empty = nn.Parameter(torch.rand(0, 5))
        self.scalar = nn.Parameter(torch.tensor(2.5))
        self.register_parameter("none", None)
        self.register_buffer("steps", torch.arange(3))
        self.register_buffer("hidden", torch.zeros(2), persistent=False)
        self.plain = torch.ones(4)
        self.many: List[Tensor] = [torch.ones(1), torch.zeros(2)]
        self.table: Dict[str, Tensor] = {"a": torch.ones(3), "b": torch.ones(3, dtype=torch.int8)}
        self.pair: Tuple[int, Tensor] = (1, torch.ones(5))
        self.numbers: List[int] = [1, 2, 3]
        self.words: Dict[str, int] = {"a": 1}
        self.maybe: Optional[Tensor] = None
        self.where = torch.device("cpu")

    def forward(self, x: Tensor) -> Tensor:
        y = x * self.scale + self.plain.sum() + self.many[0] + self.table["a"].sum() + self.pair[1].sum()
        y = y + self.steps + self.numbers[0] + self.words["a"] + self.scalar + self.empty.sum() + self.hidden.sum()
        maybe = self.maybe
        if maybe is not None:
            y = y + maybe
        return y.to(self.where)


class DTypes(nn.Module):
    def __init__(self):
        super().__init__()
        for d in ("float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool",
                  "complex64", "complex128"):
            self.register_buffer("b_" + d, torch.ones(2, 3).to(getattr(torch, d)))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.b_float32


class Strings(nn.Module):
    def forward(self, x: Tensor, name: str = "torch.add(1)\n\\") -> Tensor:
        text = "ops.torchvision.nms(1) torch.mul(2) \"torch.device(\\\"cuda:7\\\")"
        return x + len(text) + len(name)


class Devices(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.to(torch.device("cuda:1")) + torch.zeros(2, device=torch.device("meta"))


class Loops(nn.Module):
    def forward(self, x: Tensor, n: int) -> Tensor:
        for i in range(n):
            if i % 2 == 0:
                x = torch.sigmoid(x)
            else:
                x = torch.softmax(x, dim=-1)
        while bool(x.sum() > 1.0):
            x = x / 2
        return torch.cat([x, x.t()]).view(-1)[1:3]


class Sparse(nn.Module):
    def __init__(self):
        super().__init__()
        self.bag = nn.EmbeddingBag(5, 3, mode="sum")
        self.lstm = nn.LSTM(3, 4, num_layers=2, bidirectional=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.lstm(self.bag(x).unsqueeze(0))[0]


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2)

    def forward(self, x: Tensor, mask: Optional[Tensor] = None) -> Tensor:
        return self.encoder(x, mask)


class Static(nn.Module):
    def __init__(self):
        super().__init__()
        self.quant = torch.ao.quantization.QuantStub()
        self.conv = nn.Conv2d(1, 2, 1)
        self.relu = nn.ReLU()
        self.dequant = torch.ao.quantization.DeQuantStub()

    def forward(self, x: Tensor) -> Tensor:
        return self.dequant(self.relu(self.conv(self.quant(x))))


def static_quantized():
    m = Static().eval()
    m.qconfig = torch.ao.quantization.get_default_qconfig("qnnpack")
    torch.ao.quantization.prepare(m, inplace=True)
    m(torch.rand(1, 1, 2, 2))
    torch.ao.quantization.convert(m, inplace=True)
    return torch.jit.script(m)


class QTensor(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("q", torch.quantize_per_tensor(torch.rand(3, 2), 0.1, 10, torch.quint8))
        self.register_buffer("c", torch.quantize_per_channel(
            torch.rand(2, 2), torch.tensor([0.1, 0.2]), torch.tensor([0, 0]), 0, torch.qint8))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.q.dequantize().sum() + self.c.dequantize().sum()


@torch.jit.script
def function_only(x, y: int = 2):
    return x * y


def models():
    x = torch.rand(3, 4)
    yield "traced", torch.jit.trace(Small().eval(), x)
    yield "traced-two", torch.jit.trace(Embedded().eval(), (torch.arange(4)[None], torch.ones(1, 4)))
    yield "traced-conv", torch.jit.trace(Conv().eval(), torch.rand(1, 3, 5, 5))
    yield "traced-tuple", torch.jit.trace(lambda a: (a, {"b": a}["b"], [a][0]), x)
    yield "traced-dict", torch.jit.trace(lambda a: {"a": a, "b": a + 1}, x, strict=False)
    yield "traced-dict-input", torch.jit.trace(lambda d: d["a"] + d["b"], ({"a": x, "b": x},))
    yield "traced-lstm", torch.jit.trace(Sparse().eval(), torch.arange(4).view(2, 2))
    yield "traced-module", torch.jit.trace_module(ManyMethodsTraced(), {"forward": x, "other": (x, x)})
    for cls in (Small, Conv, Embedded, SharedModule, SharedStorage, Defaults, Types, Unions, NoTensors, NoArguments,
                ReturnsNothing, Named, Enums, Interfaces, ScriptClass, ManyMethods, Packed, NoForward, Containers, Parameters,
                DTypes, Strings, Devices, Loops, Sparse, Attention, QTensor):
        yield "scripted-" + cls.__name__, torch.jit.script(cls())
    yield "eval", torch.jit.script(Small().eval())
    yield "frozen", torch.jit.freeze(torch.jit.script(Conv().eval()))
    yield "frozen-kept", torch.jit.freeze(torch.jit.script(Parameters().eval()), preserved_attrs=["scale", "table"])
    yield "optimized", torch.jit.optimize_for_inference(torch.jit.script(Small().eval()))
    yield "optimized-traced", torch.jit.optimize_for_inference(torch.jit.trace(Small().eval(), x))
    yield "bfloat16", torch.jit.script(Small().bfloat16())
    yield "float16", torch.jit.script(Small().half())
    yield "float64", torch.jit.script(Small().double())
    yield "dynamic-quantized", torch.jit.script(torch.ao.quantization.quantize_dynamic(Small().eval(), {nn.Linear}))
    yield "static-quantized", static_quantized()
    yield "two-of-a-name", torch.jit.script(nn.Sequential(Small(4, 2), Small(2, 4), nn.Sequential(Small(4, 4))))
    yield "long-names", torch.jit.script(nn.Sequential(nn.Sequential(nn.Sequential(nn.Sequential(nn.Linear(1, 1))))))


class ManyMethodsTraced(nn.Module):
    def forward(self, a):
        return a + 1

    def other(self, a, b):
        return a @ b.t()


def default_of(argument):
    if not argument.has_default_value():
        return None
    value = argument.default_value
    return {"value": json.dumps(value) if isinstance(value, str) else repr(value)}


def schema_of(method):
    schema = method.schema
    return {
        "arguments": [{"name": a.name, "type": a.type.annotation_str, "default": default_of(a)}
                      for a in schema.arguments[1:]],
        "returns": schema.returns[0].type.annotation_str,
    }


def tensor_of(name, t):
    return {"name": name, "dtype": str(t.dtype).replace("torch.", ""), "shape": list(t.shape), "device": str(t.device),
            "elements": t.numel(), "bytes": t.numel() * t.element_size()}


def constants_of(path):
    reader = torch._C.PyTorchFileReader(path)
    names = reader.get_all_records()
    return sum(1 for n in names if n.startswith("constants/"))


def expected(path):
    m = torch.jit.load(path)
    methods = {name: schema_of(m._c._get_method(name)) for name in m._c._method_names()}
    return {
        "path": path,
        "class": m._c._type().qualified_name(),
        "methods": methods,
        "parameters": [tensor_of(n, p) for n, p in m.named_parameters()],
        "buffers": [tensor_of(n, b) for n, b in m.named_buffers()],
        "training": bool(m._c.getattr("training")) if m._c.hasattr("training") else False,
        "operators": sorted({n.split(".")[0] for n in torch.jit.export_opnames(m)}),
        "constants": constants_of(path),
    }


def main(folder, others):
    out = []
    for name, m in models():
        path = os.path.join(folder, name + ".pt")
        m.save(path)
        out.append(expected(path))
    for path in others:
        out.append(expected(path))
    with open(os.path.join(folder, "expected.json"), "w") as f:
        json.dump({"models": out, "operators": sorted({s.name for s in torch._C._jit_get_all_schemas()})}, f)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
