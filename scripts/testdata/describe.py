"""Samples, and what PyTorch computes on them, in the form of the .json files."""

import json
import math
from dataclasses import dataclass, field
from typing import Any, List

import numpy
import torch

DEFAULT_SOURCES = {"attention_mask": "ones", "token_type_ids": "zeros", "position_ids": "arange"}


@dataclass
class Tensor:
    """A tensor of a sample; without a source, integers are 0,1,2,3 repeated."""

    dtype: str
    shape: List[int]
    source: str = ""

    def text(self):
        dims = ",".join(str(n) for n in self.shape)
        return f"{self.dtype}[{dims}]" + (f"={self.source}" if self.source else "")

    def value(self, name, folder):
        dtype = getattr(torch, self.dtype)
        source = self.source or DEFAULT_SOURCES.get(name, "0123")
        count = math.prod(self.shape)
        if source.startswith("@"):
            return torch.from_numpy(numpy.load(folder / source[1:]))
        flat = {
            "zeros": lambda: torch.zeros(count, dtype=dtype),
            "ones": lambda: torch.ones(count, dtype=dtype),
            "arange": lambda: torch.arange(count).to(dtype),
            "0123": lambda: (torch.arange(count) % 4).to(dtype),
        }[source]()
        return flat.reshape(self.shape)


@dataclass
class Scalar:
    """An int, float, bool or str of a sample."""

    type: str
    literal: Any

    def text(self):
        literal = str(self.literal).lower() if self.type == "bool" else self.literal
        return f"{self.type}={literal}"

    def value(self, name, folder):
        return self.literal


@dataclass
class Items:
    """A list of tensors of a sample."""

    items: List[Any]

    def text(self):
        return "[" + ", ".join(item.text() for item in self.items) + "]"

    def value(self, name, folder):
        return [item.value(name, folder) for item in self.items]


@dataclass
class Pairs:
    """A Dict[str, Tensor] of a sample."""

    items: dict

    def text(self):
        return "{" + ", ".join(f'"{k}": {v.text()}' for k, v in self.items.items()) + "}"

    def value(self, name, folder):
        return {k: v.value(name, folder) for k, v in self.items.items()}


@dataclass
class Model:
    """A TorchScript module with the sample (argument name to value) it runs on."""

    script: Any
    made_by: str
    sample: dict = field(default_factory=dict)

    def inputs(self, folder):
        return {name: value.value(name, folder) for name, value in self.sample.items()}

    def sample_texts(self):
        return [f"{name}:{value.text()}" for name, value in self.sample.items()]


def literal(value):
    """A default value as TorchScript prints it in a schema."""
    return json.dumps(value) if isinstance(value, str) else str(value)


def arguments(script):
    for argument in script.forward.schema.arguments[1:]:
        entry = {"name": argument.name, "type": argument.type.annotation_str}
        if argument.has_default_value():
            entry["default"] = literal(argument.default_value)
        yield entry


def tensors(value, path="output"):
    """Yields the path of each tensor of an output, as Python would write it."""
    if isinstance(value, torch.Tensor):
        yield path, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from tensors(item, f"{path}[{literal(key)}]")
    elif isinstance(value, (list, tuple)):
        for i, item in enumerate(value):
            yield from tensors(item, f"{path}[{i}]")


def statistics(path, tensor):
    dtype = str(tensor.dtype).removeprefix("torch.")
    entry = {"path": path, "dtype": dtype, "shape": list(tensor.shape), "min": None, "max": None, "mean": None}
    ordered = not tensor.is_complex()
    values = tensor.double() if ordered else tensor
    finite = values[torch.isfinite(values)]
    if ordered and finite.numel() > 0:
        entry |= {"min": finite.min().item(), "max": finite.max().item(), "mean": finite.mean().item()}
    entry["nan"] = int(torch.isnan(values).sum())
    entry["inf"] = int(torch.isinf(values).sum())
    if ordered and (negative := int(torch.isneginf(values).sum())):
        entry["negInf"] = negative
    return entry


def small_values(output):
    """The values of the small outputs, by path; JSON has no NaN, Inf or complex numbers."""
    for path, tensor in tensors(output):
        if tensor.numel() <= 16 and not tensor.is_complex() and bool(torch.isfinite(tensor.double()).all()):
            yield path, tensor.tolist()


def write_json(path, content):
    path.write_text(json.dumps(content, indent=2) + "\n")


def made_by(text):
    import transformers

    return f"{text} (PyTorch 1.13.1, transformers {transformers.__version__})"


def write(folder, name, model):
    """Writes NAME.pt and NAME.json, with what the saved file gives when it is loaded again."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.pt"
    torch.jit.save(model.script, str(path))
    loaded = torch.jit.load(str(path)).eval()
    inputs = model.inputs(folder)
    with torch.no_grad():
        output = loaded(**inputs)
    write_json(
        folder / f"{name}.json",
        {
            "made_by": made_by(model.made_by),
            "sample": model.sample_texts(),
            "arguments": list(arguments(loaded)),
            "returns": loaded.forward.schema.returns[0].type.annotation_str,
            "outputs": [statistics(*t) for t in tensors(output)],
            "values": dict(small_values(output)),
        },
    )
    size = path.stat().st_size
    print(f"{name}.pt {size}")
    if size > 300_000:
        raise SystemExit(f"{path} is larger than 300 KB")
