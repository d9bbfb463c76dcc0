"""Saves weights beside classes that load them, or fail to, as base_handler
does, and says in weights.json what happened.

Usage: make_weights.py FOLDER
"""
import collections
import importlib.util
import json
import os
import sys

import torch

HEAD = "import torch\nfrom torch import nn\n\n\n"
NET = HEAD + """class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(2, 3)

    def forward(self, x):
        return self.hidden(x)
"""
SETATTR = HEAD + """class Net(nn.Module):
    def __init__(self):
        super().__init__()
        setattr(self, "mod" + "ule", nn.Linear(2, 3))
"""
HELPER = HEAD + """def fill(net):
    net.add_module("mod" + "ule", nn.Linear(2, 3))

class Net(nn.Module):
    def __init__(self):
        super(Net, self).__init__()
        fill(self)
"""
SPARE = HEAD + """class Net(nn.Module):
    def __init__(this):
        super().__init__()
        object.__getattribute__(this, "__dict__")["_mod" + "ules"]["mod" + "ule"] = nn.Linear(2, 3)
"""
SEQUENTIAL = HEAD + """class Net(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Linear(2, 3))
"""
UNWRAPS = NET + """
    def load_state_dict(self, state, strict=True):
        return super().load_state_dict(state.get("model", state), strict)
"""
HOOK = NET.replace("        self.hidden", """        self._register_load_state_dict_pre_hook(self.unwrap)
        self.hidden""") + """
    def unwrap(self, state, *args):
        state.update(state.pop("model"))
        state.pop("epoch")
"""
NEW = NET + """
    def __new__(cls):
        class Any(nn.Module):
            def load_state(self, state, strict=True): pass
        setattr(Any, "load_" + "state_" + "dict", Any.load_state)
        return Any()
"""
QUANTIZED = HEAD + """class Net(nn.quantized.Linear):
    def __init__(self):
        super().__init__(2, 3)
"""
EXTRA = NET + """
    def get_extra_state(self):
        return {"version": 3}

    def set_extra_state(self, state):
        pass
"""


def main(folder):
    os.chdir(folder)
    linear = torch.nn.Linear(2, 3)
    good = collections.OrderedDict(("hidden." + k, v) for k, v in linear.state_dict().items())

    def under(prefix):
        return {prefix + k: v for k, v in linear.state_dict().items()}

    nested = {"model": good, "epoch": 3}
    # name: (model.py, weights, is it told of)
    cases = {
        "good": (NET, good, False),
        "good-dict": (NET, dict(good), False),
        "nested": (NET, nested, True),
        "nested-only": (NET, {"model": good}, True),
        "number-beside": (NET, dict(good, epoch=3), True),
        "text-beside": (NET, dict(good, arch="net"), True),
        "tensor": (NET, torch.ones(2), True),
        "list": (NET, [good], True),
        "number": (NET, 3, True),
        "none": (NET, None, False),
        "empty": (NET, {}, False),
        "parallel": (NET, under("module.hidden."), True),
        "compiled": (NET, under("_orig_mod.hidden."), True),
        "another": (NET, under("fc."), True),
        "another-layer": (NET, under("hidden.fc."), False),
        "setattr": (SETATTR, under("module."), False),
        "helper": (HELPER, under("module."), False),
        "another-self": (SPARE, under("module."), False),
        "sequential": (SEQUENTIAL, under("0."), False),
        "sequential-of-another": (SEQUENTIAL, under("1."), False),
        "sequential-nested": (SEQUENTIAL, nested, True),
        "unwraps": (UNWRAPS, nested, False),
        "hook": (HOOK, nested, False),
        "new": (NEW, nested, False),
        "quantized": (QUANTIZED, torch.nn.quantized.Linear(2, 3).state_dict(), False),
        "extra": (EXTRA, dict(good, _extra_state={"version": 3}), False),
    }
    results = {}
    for name, (code, weights, told) in cases.items():
        os.mkdir(name)
        with open(name + "/model.py", "w") as f:
            f.write(code)
        torch.save(weights, name + "/model.pt")
        torch.save(weights, name + "/legacy.pt", _use_new_zipfile_serialization=False)
        spec = importlib.util.spec_from_file_location("model_" + name.replace("-", "_"), name + "/model.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        try:
            module.Net().load_state_dict(torch.load(name + "/model.pt"))
            fails = ""
        except Exception as e:
            fails = str(e) or type(e).__name__
        results[name] = {"fails": fails, "told": told}
    with open("weights.json", "w") as f:
        json.dump(results, f)


main(sys.argv[1])
