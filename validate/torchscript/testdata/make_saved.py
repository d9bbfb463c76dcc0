"""Saves objects in the ways that PyTorch has, beside kinds.json, which says
what each file is and whether torch.jit.load takes it.

Usage: make_saved.py FOLDER
"""
import collections
import json
import os
import pickle
import sys
import warnings

import torch

warnings.simplefilter("ignore")


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = torch.nn.Linear(2, 3)
        self.register_buffer("scale", torch.ones(2))

    def forward(self, x):
        return self.linear(x * self.scale)


def main(folder):
    os.chdir(folder)
    net = Net()
    state = net.state_dict()
    kinds = {}

    def saved(name, kind, obj):
        for suffix, new in (("", True), ("-legacy", False)):
            torch.save(obj, name + suffix + ".pt", _use_new_zipfile_serialization=new)
            kinds[name + suffix + ".pt"] = {"kind": kind, "legacy": not new}

    saved("state", "state-dict", state)
    saved("plain-dict", "state-dict", dict(state))
    saved("parameters", "state-dict", dict(net.named_parameters()))
    saved("float16", "state-dict", {k: v.half() for k, v in state.items()})
    saved("module", "module", net)
    saved("sequential", "module", torch.nn.Sequential(net, torch.nn.ReLU()))
    saved("checkpoint", "checkpoint", {"epoch": 1, "state_dict": state})
    saved("tensor", "checkpoint", torch.ones(3))
    saved("list", "checkpoint", [torch.ones(3), 1])
    saved("empty", "checkpoint", collections.OrderedDict())
    saved("optimizer", "checkpoint", torch.optim.Adam(net.parameters()).state_dict())

    script = torch.jit.script(net)
    script.save("script.pt")
    kinds["script.pt"] = {"kind": "torchscript"}
    script._save_for_lite_interpreter("script.ptl")
    kinds["script.ptl"] = {"kind": "mobile"}
    for protocol in range(2, 6):
        name = "protocol%d.pkl" % protocol
        with open(name, "wb") as f:
            pickle.dump({"words": ["a"] * 3000, "x": (1.5, None, True, b"y" * 9999)}, f, protocol=protocol)
        kinds[name] = {"kind": "pickle"}

    for name, kind in kinds.items():
        try:
            torch.jit.load(name)
            kind["loadable"] = True
        except RuntimeError:
            kind["loadable"] = False
    with open("kinds.json", "w") as f:
        json.dump(kinds, f)


main(sys.argv[1])
