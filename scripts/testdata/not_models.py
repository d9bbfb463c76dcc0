"""Files that are no TorchScript, and TorchScript that was damaged."""

import io
import pickle
import shutil
import struct
import sys
import tarfile
import zipfile
from collections import OrderedDict

import safetensors.torch
import torch
from torch import nn

from . import own

LFS_POINTER = """version https://git-lfs.github.com/spec/v1
oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393
size 435779316
"""
HTML = """<!DOCTYPE html>
<html><head><title>Sign in</title></head><body><p>Sign in to download this file.</p></body></html>
"""


def state_dict():
    return own.MLP().state_dict()


def write_tar(path):
    """The tar of PyTorch 0.1: pickled header, storages and tensors as members; torch.load still reads it."""
    weight = torch.arange(6, dtype=torch.float32).reshape(2, 3)
    storages, tensors, values = io.BytesIO(), io.BytesIO(), io.BytesIO()

    pickle.dump(1, storages, protocol=2)
    pickle.dump((0, "cpu", torch.FloatStorage), storages, protocol=2)
    storages.write(struct.pack("<q", weight.numel()) + weight.numpy().tobytes())
    pickle.dump([], storages, protocol=2)  # no views

    pickle.dump(1, tensors, protocol=2)
    pickle.dump((1, 0, torch.FloatTensor), tensors, protocol=2)
    tensors.write(struct.pack("<i4x2q2qq", 2, *weight.shape, *weight.stride(), 0))

    class Pickler(pickle.Pickler):
        def persistent_id(self, value):
            return 1 if value is weight else None

    Pickler(values, protocol=2).dump(OrderedDict(weight=weight))
    info = pickle.dumps({"protocol_version": 1000, "little_endian": sys.byteorder == "little"}, protocol=2)
    with tarfile.open(path, "w:", format=tarfile.PAX_FORMAT) as tar:
        members = {"sys_info": info, "storages": storages.getvalue(), "tensors": tensors.getvalue(), "pickle": values.getvalue()}
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    loaded = torch.load(path)
    if not torch.equal(loaded["weight"], weight):
        raise SystemExit(f"torch.load reads {path} wrongly: {loaded}")


def flip_a_bit(source, target):
    """Flips one bit in the middle of the largest tensor; the CRC stays as it was."""
    content = bytearray(source.read_bytes())
    with zipfile.ZipFile(source) as archive:
        largest = max((i for i in archive.infolist() if "/data/" in i.filename), key=lambda i: i.file_size)
    name_length, extra_length = struct.unpack_from("<HH", content, largest.header_offset + 26)
    start = largest.header_offset + 30 + name_length + extra_length
    content[start + largest.file_size // 2] ^= 0x10
    target.write_bytes(content)
    torch.jit.load(str(target))  # libtorch says nothing


def make_damaged(folder, model):
    (folder / "truncated.pt").write_bytes(model.read_bytes()[:-1024])
    flip_a_bit(model, folder / "flipped.pt")
    (folder / "empty.pt").write_bytes(b"")
    (folder / "html.pt").write_text(HTML)
    (folder / "lfs-pointer.pt").write_text(LFS_POINTER)
    (folder / "zeros.pt").write_bytes(bytes(4096))
    (folder / "text.pt").write_text("weights go here\n")


def make_other_zips(folder):
    with zipfile.ZipFile(folder / "plain-zip.pt", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("readme.txt"), "an ordinary zip file\n")
    with zipfile.ZipFile(folder / "numpy.npz.pt", "w") as archive:
        archive.writestr(zipfile.ZipInfo("weight.npy"), b"\x93NUMPY\x01\x00")
    with torch.package.PackageExporter(str(folder / "package.pt")) as exporter:
        exporter.save_pickle("model", "weight.pkl", torch.ones(3))


def make_checkpoints(folder):
    torch.save(state_dict(), folder / "state_dict.pt")
    torch.save({"epoch": 3, "model": state_dict(), "loss": 0.25}, folder / "training-checkpoint.pt")
    torch.save(nn.Sequential(nn.Linear(3, 4), nn.ReLU()), folder / "pickled-module.pt")
    torch.save(torch.arange(6.0), folder / "tensor.pt")
    torch.save(state_dict(), folder / "legacy-state_dict.pt", _use_new_zipfile_serialization=False)
    torch.save(nn.Linear(3, 4), folder / "legacy-pickled-module.pt", _use_new_zipfile_serialization=False)
    with open(folder / "plain-pickle.pt", "wb") as file:
        pickle.dump({"labels": ["a", "b"]}, file, protocol=2)
    write_tar(folder / "legacy-tar.pt")


def make_other_formats(folder):
    torch.onnx.export(own.MLP().eval(), torch.ones(1, 8), str(folder / "mlp.onnx"), verbose=False)
    safetensors.torch.save_file(state_dict(), folder / "mlp.safetensors", metadata={"format": "pt"})
    torch.jit.script(own.MLP().eval())._save_for_lite_interpreter(str(folder / "mobile.ptl"))
    shutil.copyfile(folder / "mlp.onnx", folder / "onnx.pt")
    shutil.copyfile(folder / "mlp.safetensors", folder / "safetensors.pt")


def make(folder, models):
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)
    make_checkpoints(folder)
    make_damaged(folder, models / "bert-seq.pt")
    make_other_zips(folder)
    make_other_formats(folder)
