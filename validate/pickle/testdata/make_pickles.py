"""Makes pickles of many kinds, harmless and harmful, beside expected.json, in
which Python itself says what each imports, without importing it, and what the
plain ones hold.

Usage: make_pickles.py FOLDER
"""
import _compat_pickle
import codecs
import collections
import datetime
import decimal
import enum
import io
import json
import operator
import os
import pickle
import random
import runpy
import socket
import subprocess
import sys
import zipfile

import numpy
import torch

P = pickle


class Anything:
    """Stands for whatever a pickle imports; takes every call and state."""

    def __init__(self, *args, **kwargs):
        pass

    def __call__(self, *args, **kwargs):
        return Anything()

    def __setstate__(self, state):
        pass

    def __setitem__(self, key, value):
        pass

    def append(self, item):
        pass

    def extend(self, items):
        pass

    def add(self, item):
        pass

    def __hash__(self):
        return id(self)


# What loads the bytes that it is given as pickles.
LOADERS = [("torch.storage", "_load_from_bytes"), ("pickle", "loads"), ("_pickle", "loads")]


class Reader(pickle._Unpickler):
    def __init__(self, file):
        super().__init__(file)
        self.imports = []

    def find_class(self, module, name):
        self.imports.append([module, name])
        if (module, name) == ("_codecs", "encode"):
            return codecs.encode
        if (module, name) in LOADERS:
            return lambda data: self.imports.extend(imports_of(data)) or Anything()
        return type("Made", (Anything,), {})

    def persistent_load(self, pid):
        return Anything()

    def get_extension(self, code):
        self.imports.append(["", ""])
        self.append(type("Made", (Anything,), {}))


def imports_of(data):
    file = io.BytesIO(data)
    found = []
    while file.tell() < len(data):
        reader = Reader(file)
        try:
            reader.load()
        except Exception:
            found += reader.imports
            break
        found += reader.imports
    return found


def harmful(call, *args):
    class Evil:
        def __reduce__(self):
            return call, args
    return Evil()


class Color(enum.Enum):
    RED = 1


class Slotted:
    __slots__ = ("a", "b")

    def __init__(self):
        self.a, self.b = 1, [2]


class Plain:
    def __init__(self):
        self.x = {"y": (1, 2)}


class WithNew(dict):
    def __getnewargs_ex__(self):
        return (1,), {"k": 2}


def values(seed):
    r = random.Random(seed)

    def value(depth):
        kind = r.randrange(12 if depth < 4 else 8)
        if kind == 0:
            return None
        if kind == 1:
            return r.random() < 0.5
        if kind == 2:
            return r.choice([0, 1, -1, 255, 256, 65535, 65536, 2**31 - 1, -2**31, 2**31, 2**62, -2**63])
        if kind == 3:
            return r.choice([0.0, -1.5, 1e300, 2.5e-10])
        if kind < 8:
            return r.choice(["", "a", "os", "line\nbreak", "back\\slash \\u0041", "ä€𝄞", "x" * 300, "'\"", "\x00\x7f"])
        if kind == 8:
            return [value(depth + 1) for _ in range(r.randrange(5))]
        if kind == 9:
            return tuple(value(depth + 1) for _ in range(r.randrange(5)))
        return {r.choice("abcdefgh") * (i + 1): value(depth + 1) for i in range(r.randrange(5))}
    return value(0)


def zipped(data):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as z:
        z.writestr("archive/data.pkl", data)
    return out.getvalue()


def renamed():
    """Globals that pickles of protocols 0 to 2 name otherwise than Python 3 does, with both names."""
    modules = [[[old, "x"], [new, "x"]] for old, new in _compat_pickle.IMPORT_MAPPING.items()]
    return modules + [[list(old), list(new)] for old, new in _compat_pickle.NAME_MAPPING.items()]


def main(folder):
    files = {}
    plain = {}

    def add(name, data):
        with open(os.path.join(folder, name), "wb") as f:
            f.write(data)
        files[name] = imports_of(data)

    for seed in range(40):
        v = values(seed)
        for protocol in range(6):
            name = "value%d.%d" % (seed, protocol)
            add(name, P.dumps(v, protocol))
            plain[name] = v
    objects = {
        "ordered": collections.OrderedDict(a=1), "counter": collections.Counter("aab"), "set": {1, 2}, "frozen": frozenset("a"),
        "deque": collections.deque([1, 2]), "default": collections.defaultdict(list, {1: [2]}), "enum": Color.RED,
        "slots": Slotted(), "plain": Plain(), "new": WithNew(a=1), "bytes": b"ab" * 5000, "array": bytearray(b"x"),
        "date": datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc), "decimal": decimal.Decimal("1.5"),
        "complex": 1 + 2j, "range": range(3), "numpy": numpy.arange(5), "scalar": numpy.float32(1), "objects": numpy.array(["a", None]),
        "tensor": torch.ones(2), "module": torch.nn.Linear(1, 1), "exception": ValueError("x"), "class": collections.OrderedDict,
        "function": os.path.join, "big": 1 << 200, "negative": -(1 << 100),
        "evil-system": harmful(os.system, "true"), "evil-popen": harmful(subprocess.Popen, ["true"]),
        "evil-eval": harmful(eval, "1"), "evil-exec": harmful(exec, "1"), "evil-getattr": harmful(getattr, "a", "upper"),
        "evil-import": harmful(__import__, "os"), "evil-open": harmful(open, "/dev/null"), "evil-run": harmful(runpy.run_path, "x"),
        "evil-socket": harmful(socket.create_connection, ("localhost", 1)), "evil-method": harmful(operator.methodcaller, "upper"),
        "evil-nested": {"a": [1, (2, harmful(os.system, "true"))]},
    }
    for name, v in objects.items():
        for protocol in range(6):
            try:
                data = P.dumps(v, protocol)
            except Exception:
                continue
            add("%s.%d" % (name, protocol), data)

    evil = b"cos\nsystem\n(S'true'\ntR"
    add("raw-global", evil + b".")
    add("raw-inst", b"(S'true'\nios\nsystem\n.")
    add("raw-obj", b"(cos\nsystem\nS'true'\no.")
    add("raw-newobj", b"\x80\x02cos\nsystem\n(S'true'\nt\x81.")
    add("raw-newobj-ex", b"\x80\x04\x8c\x02os\x8c\x06system\x93)}\x92.")
    add("raw-stack", b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x04true\x85R.")
    add("raw-memo", b"\x80\x04\x8c\x06system\x94\x8c\x02os\x94h\x00\x30\x30h\x01h\x00\x93.")
    add("raw-memo-text", b"Vos\np7\n0Vsystem\np8\n0g7\ng8\n\x93.")
    add("raw-memoize-gap", b"\x80\x04N\x94\x8c\x02os\x940N\x940h\x01\x8c\x06system\x93.")
    add("raw-memoize-put", b"\x80\x04Nq\x05\x8c\x02os\x940h\x01\x8c\x06system\x93.")
    add("raw-dup", b"\x80\x04\x8c\x05posix2\x93.")
    add("raw-dup-name", b"\x80\x04\x8c\x03pdb2\x93.")
    add("raw-escaped", b"V\\u006f\\u0073\nV\\u0073ystem\n\x93.")
    add("raw-escaped-bytes", b"S'o\\x73'\nS'\\163ystem'\n\x93.")
    add("raw-long-unicode", b"\x80\x04\x8d\x02\0\0\0\0\0\0\0osX\x06\0\0\0system\x93.")
    add("raw-binstring", b"U\x02osT\x06\0\0\0system\x93.")
    add("raw-dotted", b"\x80\x04\x8c\x13torch.serialization\x8c\x09os.system\x93.")
    add("raw-second", b"\x80\x04N." + b"\x80\x04]." + evil + b".")
    add("raw-broken", evil + b"\xff\xff garbage")
    add("raw-cut", b"\x80\x02" + evil)
    add("raw-unknown-stack", b"\x80\x04NN\x93.")
    add("raw-pop", b"\x80\x04(NN1\x8c\x02os(\x8c\x01a1\x8c\x06system\x93.")
    add("raw-pop-mark", b"\x80\x04\x8c\x02os(0\x8c\x06system\x93.")
    add("raw-frame", b"\x80\x04\x95\x05\0\0\0\0\0\0\0N0\x8c\x02os\x8c\x06system\x93.")
    add("raw-tuple", b"\x80\x04(\x8c\x02os\x8c\x06systemt\x94.")
    add("raw-ext", b"\x80\x02\x82\x05.")
    add("raw-persistent", b"\x80\x02Pabc\n0\x8c\x03abcQ.")
    add("raw-joined", b"\x80\x04\x8c\x02os\x94\x8c\x06system\x94\x93\x94.\x80\x04cbuiltins\neval\n.")
    add("raw-getattr-nested", b"\x80\x04cbuiltins\ngetattr\n(cnumpy\ndtype\nX\x08\0\0\0__call__tR.")
    add("raw-getattr-decoy", b"\x80\x02cbuiltins\ngetattr\nq\x00(c__main__\nColor\nX\x03\0\0\0REDtR0h\x00(h\x00X\x01\0\0\0atR.")
    add("raw-getattr-again", b"\x80\x02cbuiltins\ngetattr\n(c__main__\nColor\nX\x03\0\0\0REDtR.\x80\x02cbuiltins\ngetattr\n(NNtR.")
    # Python reads numbers in more forms than picklers write.
    add("raw-hex", b"\x80\x02I0x10\n0L0b1L\n0L 1_0L\n0\x8c\x02os\x8c\x06system\x93.")
    add("raw-put-spaces", b"\x80\x02Vos\np 1_0\n0g+10 \nVsystem\n\x93.")
    add("raw-computed", b"\x80\x04cbuiltins\nstr\n\x8c\x02os\x85R\x8c\x06system\x93.")
    add("raw-long-dotted", b"\x80\x04\x8c\x05torchX\xfc\x03\0\0" + b".".join([b"nn"] * 337) + b".os.system\x93.")
    # Pickles in strings of pickles.
    load = b"ctorch.storage\n_load_from_bytes\n"
    second = b"\x80\x02" + evil + b"."
    add("raw-nested", b"\x80\x03" + load + b"C" + bytes([len(second)]) + second + b"\x85R.")
    add("raw-nested-long", b"\x80\x03" + load + b"B\x00\x00\x02\x00" + (b"\x80\x02N." * (1 << 17))[: (1 << 17) - len(second)] + second + b"\x85R.")
    for protocol in range(4):
        add("raw-nested-protocol%d" % protocol, P.dumps(harmful(pickle.loads, second + b"\xff" * 300), protocol))
    twice = P.dumps(harmful(torch.storage._load_from_bytes, P.dumps(harmful(torch.storage._load_from_bytes, second), 2)), 4)
    add("raw-nested-twice", twice)
    add("evil-nested-zip", P.dumps(harmful(torch.storage._load_from_bytes, zipped(second)), 4))
    add("text", b"the cat\nsat on\nthe mat\n")
    add("words", b"cat\ndog\nbird\n")
    add("empty", b"")
    with open(os.path.join(folder, "expected.json"), "w") as f:
        json.dump({"imports": files, "values": plain, "renamed": renamed()}, f)


main(sys.argv[1])
