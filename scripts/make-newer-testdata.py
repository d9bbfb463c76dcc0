#!/usr/bin/env python3
"""Makes the files of testdata that need a newer PyTorch than make-testdata.py has.

    python3.11 -m venv V && V/bin/pip install torch==2.15.0 onnx==1.23.2 onnxscript safetensors==0.8.0
    V/bin/python scripts/make-newer-testdata.py

    python3.11 -m venv W && W/bin/pip install torch==2.1.2 'numpy<2'
    W/bin/python scripts/make-newer-testdata.py

Each makes the files that it is needed for: 2.1 those of torch.export's first
layout, the other all else. AOTInductor needs g++ and strip.
"""

import json
import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import torch
from torch import Tensor, nn

ROOT = Path(os.path.abspath(__file__)).parent.parent
KINDS = ROOT / "testdata/notmodels"
SEEDS = ROOT / "validate/torchscript/testdata/newer"

# Of the models that the reader's tests make with PyTorch 1.13, those that say
# most about what a file looks like today.
ALSO_OF_1_13 = [
    "traced-two", "traced-dict", "scripted-Types", "scripted-Enums", "scripted-Named", "scripted-Interfaces", "scripted-Defaults",
    "scripted-ScriptClass", "scripted-SharedStorage", "scripted-Parameters", "scripted-QTensor", "static-quantized", "frozen-kept",
    "optimized", "scripted-Packed", "scripted-Devices",
]


class Small(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(4, 3)

    def forward(self, x):
        return torch.relu(self.linear(x))


class Block(nn.Module):
    """A layer of a BERT as today's transformers trace it: with fused attention."""

    def __init__(self, width: int, heads: int):
        super().__init__()
        self.heads = heads
        self.mix, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.norm = nn.LayerNorm(width)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        b, n, w = x.shape
        q, k, v = self.mix(x).view(b, n, 3, self.heads, w // self.heads).permute(2, 0, 3, 1, 4).unbind(0)
        seen = nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        return self.norm(x + self.out(seen.transpose(1, 2).reshape(b, n, w)))


class Bert(nn.Module):
    def __init__(self):
        super().__init__()
        self.word_embeddings, self.position_embeddings = nn.Embedding(11, 8), nn.Embedding(16, 8)
        self.layers = nn.ModuleList([Block(8, 2), Block(8, 2)])
        self.classify = nn.Linear(8, 2)
        self.register_buffer("position_ids", torch.arange(16)[None])

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        x = self.word_embeddings(input_ids) + self.position_embeddings(self.position_ids[:, : input_ids.shape[1]])
        mask = attention_mask.unsqueeze(1).unsqueeze(1).to(torch.bool)
        for layer in self.layers:
            x = layer(x, mask)
        return self.classify(x[:, 0])


class NewerTypes(nn.Module):
    def __init__(self):
        super().__init__()
        for name in ("uint16", "uint32", "uint64", "float8_e4m3fn", "float8_e5m2", "bfloat16"):
            self.register_buffer("b_" + name, torch.ones(2, 3).to(getattr(torch, name)))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.b_bfloat16.float()


def seed_models(make_models):
    ids = torch.arange(6)[None] % 11
    yield "bert-traced", torch.jit.trace(Bert().eval(), (ids, torch.ones_like(ids)))
    yield "bert-scripted", torch.jit.script(Bert().eval())
    yield "bert-frozen", torch.jit.freeze(torch.jit.script(Bert().eval()))
    yield "types", torch.jit.script(NewerTypes())
    for name, model in make_models.models():
        if name in ALSO_OF_1_13:
            yield name, model


def make_seeds():
    sys.path.insert(0, str(ROOT / "validate/torchscript/testdata"))
    import make_models

    SEEDS.mkdir(exist_ok=True)
    expected = []
    for name, model in seed_models(make_models):
        path = SEEDS / (name + ".pt")
        model.save(str(path))
        without_debug_files(path)
        said = make_models.expected(str(path))
        expected.append(said | {"path": path.name})
    text = {"made_by": "PyTorch " + torch.__version__, "models": expected}
    (SEEDS / "expected.json").write_text(json.dumps(text, indent=1) + "\n")


def without_debug_files(path):
    """Leaves the debug files out, which are most of a small model, and the place where it was made."""
    reader = torch._C.PyTorchFileReader(str(path))
    names = [n for n in reader.get_all_records() if not n.endswith(".debug_pkl") and n not in (".data/version", "version", "byteorder", ".data/serialization_id")]
    content = {n: reader.get_record(n) for n in names}
    version = reader.get_record(".data/version") if reader.has_record(".data/version") else reader.get_record("version")
    with zipfile.ZipFile(path, "w") as z:
        for n, data in content.items():
            z.writestr(path.stem + "/" + n, data)
        z.writestr(path.stem + "/byteorder", "little")
        z.writestr(path.stem + "/.data/version", version)


def make_kinds():
    x = torch.rand(2, 4)
    model = Small().eval()
    program = torch.export.export(model, (x,))
    torch.export.save(program, str(KINDS / "exported.pt2"))
    torch.onnx.export(model, (x,), str(KINDS / "exported.onnx"), dynamo=True, external_data=False)
    torch.jit.script(model)._save_for_lite_interpreter(str(KINDS / "newer-mobile.ptl"))
    torch.save(model.state_dict(), KINDS / "newer-state_dict.pt")
    make_safetensors(model)
    make_compiled(program)


def make_safetensors(model):
    from safetensors.torch import save_file

    state = {k: v.bfloat16() for k, v in model.state_dict().items()}
    save_file(state, str(KINDS / "newer.safetensors"), metadata={"format": "pt"})


def make_compiled(program):
    """A model compiled by AOTInductor: a package with a library, of which only what is needed to run is kept."""
    path = str(KINDS / "compiled.pt2")
    with tempfile.TemporaryDirectory() as cache:
        os.environ["TORCHINDUCTOR_CACHE_DIR"] = cache
        torch._inductor.aoti_compile_and_package(program, package_path=path)
    with zipfile.ZipFile(path) as z:
        content = {i.filename: z.read(i) for i in z.infolist()}
    library = next(n for n in content if n.endswith(".so"))
    with tempfile.NamedTemporaryFile() as f:
        f.write(content[library])
        f.flush()
        subprocess.run(["strip", "--strip-unneeded", f.name], check=True)
        content[library] = Path(f.name).read_bytes()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as z:
        for n, data in content.items():
            if not n.endswith(".cpp"):
                z.writestr(n, data)


def make_first_export():
    program = torch.export.export(Small().eval(), (torch.rand(2, 4),))
    torch.export.save(program, str(KINDS / "exported-2.1.pt2"))


if __name__ == "__main__":
    torch.manual_seed(0)
    torch.set_num_threads(1)
    if torch.__version__.startswith("2.1."):
        make_first_export()
    else:
        make_kinds()
        make_seeds()
