"""TorchScript files that fail, each in its own way, and at which stage and with what words."""

import signal
import subprocess
import sys
import zipfile

import torch
from torch import Tensor, nn

from . import describe, own
from .own import tensor

SECONDS = 15
RUN = "import sys, torch; m = torch.jit.load(sys.argv[1]); print('loaded', flush=True); m(*[torch.ones(2, 4)] * int(sys.argv[2]))"

# Declared here so that it can be compiled; nobody who loads the file has it.
missing = torch.library.Library("torchvision", "DEF")
missing.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")


class MissingOperator(nn.Module):
    def forward(self, boxes: Tensor, scores: Tensor) -> Tensor:
        return torch.ops.torchvision.nms(boxes, scores, 0.5)


class NeedsCUDA(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x + torch.zeros([4], device=torch.device("cuda:0"))


class Forever(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        while bool(x.sum() > -1.0):
            x = x.abs()
        return x


class Crash(nn.Module):
    """Reads far beyond its input: the process dies of SIGSEGV."""

    def forward(self, x: Tensor) -> Tensor:
        lengths = torch.full([1], 1 << 40, dtype=torch.int64)
        return torch.segment_reduce(x, "sum", lengths=lengths, unsafe=True)


class Hungry(nn.Module):
    """Takes 64 MB more in each round, for ever."""

    def forward(self, x: Tensor) -> Tensor:
        kept = [torch.zeros([1 << 24]) + x.max()]
        while bool(kept[-1][0] > 0.0):
            kept.append(kept[-1] + 1.0)
        return kept[-1]


class Raises(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if x.size(1) != 7:
            raise ValueError("this model wants 7 columns")
        return x


class HalfLinear(nn.Module):
    """Old CPU builds have no kernel for it; newer ones run it."""

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(4, 2).half()

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(x.half())


class TwoInputs(nn.Module):
    def forward(self, left: Tensor, right: Tensor) -> Tensor:
        return left @ right


def rewrite(source, target, edits):
    """Copies a TorchScript file with some of its records edited."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for info in old.infolist():
            content = old.read(info)
            for suffix, edit in edits.items():
                if info.filename.endswith(suffix):
                    content = edit(content)
            new.writestr(zipfile.ZipInfo(info.filename), content)


def save(module, path):
    torch.jit.save(torch.jit.script(module.eval()), str(path))


def save_missing_class(path):
    save(own.Half(), path)
    plain = path.with_suffix(".plain")
    path.rename(plain)
    rewrite(plain, path, {"own.py": lambda c: c.replace(
        b"weight : Tensor", b"weight : __torch__.torch.classes.tensorrt.Engine")})
    plain.unlink()


def save_too_new(path):
    save(own.MLP(), path)
    plain = path.with_suffix(".plain")
    path.rename(plain)
    rewrite(plain, path, {"/version": lambda c: b"99\n"})
    plain.unlink()


# name: (how it is saved, number of arguments, stage, words of libtorch 1.13 or how the process ends)
CASES = {
    "missing-operator": (MissingOperator, 2, "load", "Unknown builtin op: torchvision::nms"),
    "missing-class": (save_missing_class, 1, "load", "Unknown type name '__torch__.torch.classes.tensorrt.Engine'"),
    "too-new": (save_too_new, 1, "load", "Attempted to read a PyTorch file with version 99"),
    "needs-cuda": (NeedsCUDA, 1, "forward", "cuda"),
    "half-linear": (HalfLinear, 1, "forward", "not implemented for 'Half'"),
    "raises": (Raises, 1, "forward", "this model wants 7 columns"),
    "wrong-shape": (TwoInputs, 2, "forward", "mat1 and mat2 shapes cannot be multiplied"),
    "crash": (Crash, 1, "forward", "SIGSEGV"),
    "forever": (Forever, 1, "forward", "timeout"),
    "hungry": (Hungry, 1, "forward", "memory"),
}


def run(path, count):
    """Loads and runs a saved model in a process of its own; says the stage and the words that it ended with."""
    command = [sys.executable, "-c", RUN, str(path), str(count)]
    limit = ["prlimit", f"--data={1 << 30}"]
    try:
        done = subprocess.run(limit + command, capture_output=True, text=True, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        return "forward", "timeout"
    stage = "forward" if "loaded" in done.stdout else "load"
    if done.returncode < 0:
        return stage, signal.Signals(-done.returncode).name
    return stage, done.stderr


def make(folder):
    folder.mkdir(parents=True, exist_ok=True)
    for name, (how, count, stage, words) in CASES.items():
        torch.manual_seed(0)
        path = folder / f"{name}.pt"
        how(path) if not isinstance(how, type) else save(how(), path)
        got_stage, got = run(path, count)
        if got_stage != stage or words not in got:
            raise SystemExit(f"{name} ended at {got_stage} with {got}, not at {stage} with {words}")
        describe.write_json(folder / f"{name}.json", {
            "made_by": describe.made_by(f"{name} in scripts/testdata/failing.py"),
            "sample": [tensor("float32", 2, 4, source="ones").text()] * count,
            "stage": stage,
            "ends_with": words,
        })
        print(f"failing/{name}.pt {path.stat().st_size}")
