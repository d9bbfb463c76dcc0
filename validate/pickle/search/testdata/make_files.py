"""Makes files of many kinds that hold a pickle which would call os.system, and
harmless ones, beside expected.json: whether that import has to be found, and
whether something has to be told as unread. Nothing is loaded.

Usage: make_files.py FOLDER
"""
import bz2
import gzip
import io
import json
import lzma
import os
import pickle
import sys
import tarfile
import zipfile
import zlib

import numpy
import torch


class Evil:
    def __reduce__(self):
        return os.system, ("true",)


EVIL = pickle.dumps({"a": [1, Evil()]}, 2)
OLD = b"cposix\nsystem\n(S'true'\ntR."
GOOD = pickle.dumps({"a": [1, 2.5]}, 4)


def zipped(data=EVIL, name="archive/data.pkl", method=zipfile.ZIP_STORED, extra=()):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as z:
        z.writestr(name, data)
        for other in extra:
            z.writestr(other, b"something else")
    return out.getvalue()


def flagged(bits):
    """Sets flags in both headers of the only entry."""
    data = bytearray(zipped())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(signature) + offset] |= bits
    return bytes(data)


def wrong_checksum(method):
    data = bytearray(zipped(method=method))
    for signature, offset in ((b"PK\x03\x04", 14), (b"PK\x01\x02", 16)):
        data[data.index(signature) + offset] ^= 0xFF
    return bytes(data)


def tarred(format, data=EVIL, mode="w"):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode, format=format) as t:
        info = tarfile.TarInfo("folder/pickle")
        info.size = len(data)
        t.addfile(info, io.BytesIO(data))
    return out.getvalue()


def old_tar():
    """A tar of Unix V7: no magic word, only a checksum."""
    data = bytearray(tarred(tarfile.USTAR_FORMAT))
    data[257:512] = bytes(255)
    data[148:156] = b" " * 8
    data[148:156] = b"%06o\0 " % sum(data[:512])
    return bytes(data)


def saved(save, *args, **kwargs):
    out = io.BytesIO()
    save(out, *args, **kwargs)
    return out.getvalue()


def objects():
    a = numpy.empty(2, dtype=object)
    a[:] = [None, Evil()]
    return a


class NumpyArrayWrapper:
    """Stands for joblib's, which reads objects from a pickle of its own in the middle."""

    __module__ = "joblib.numpy_pickle"

    def __init__(self):
        self.dtype = numpy.dtype(object)


def joblib_file():
    for name in ("joblib", "joblib.numpy_pickle"):
        sys.modules[name] = module = type(sys)(name)
    module.NumpyArrayWrapper = NumpyArrayWrapper
    whole = pickle.dumps({"weights": NumpyArrayWrapper()}, 4)
    at = whole.rindex(b"s.")
    return whole[:at] + EVIL + whole[at:]


def files():
    """Yields a name, the bytes, whether the import is there, whether something is unread."""
    yield "pickle", EVIL, True, False
    yield "old-pickle", OLD, True, False
    yield "second-pickle", GOOD + GOOD + EVIL, True, False
    yield "harmless-pickle", GOOD, False, False
    yield "large-padding", b"\x80\x04B\0\0\x20\0" + bytes(0x200000) + b"0" + EVIL[2:], True, False
    yield "large-old", b"I0x10\n0" * 400_000 + OLD, True, False

    for name, method in (("stored", zipfile.ZIP_STORED), ("deflated", zipfile.ZIP_DEFLATED), ("bzip2", zipfile.ZIP_BZIP2)):
        yield "zip-" + name, zipped(method=method), True, False
        yield "zip-checksum-" + name, wrong_checksum(method), True, False
        yield "zip-in-zip-" + name, zipped(zipped(method=method), method=method), True, False
    yield "zip-lzma", zipped(method=zipfile.ZIP_LZMA), False, True
    yield "zip-any-name", zipped(name="notes.txt"), True, False
    for bits in (0x01, 0x20, 0x40):
        yield "zip-flags-%02x" % bits, flagged(bits), True, False
    yield "zip-other-local-name", zipped().replace(b"archive/data.pkl", b"archive/data.png", 1), True, False
    yield "zip-behind-text", b"#!/bin/sh\nexit 0\n" + zipped(), True, False
    yield "zip-behind-pickle", GOOD + zipped(), True, False
    yield "pickle-before-zip", EVIL + zipped(GOOD), True, False
    yield "zip-cut", zipped()[:-30], False, False
    broken = bytearray(zipped(extra=["b", "c"]))
    broken[broken.rindex(b"PK\x01\x02")] = 0
    yield "zip-broken-directory", bytes(broken), False, True
    yield "zip-harmless", zipped(GOOD), False, False
    deep = zipped()
    for _ in range(6):
        deep = zipped(deep)
    yield "zip-too-deep", deep, False, True

    yield "tar-ustar", tarred(tarfile.USTAR_FORMAT), True, False
    yield "tar-gnu", tarred(tarfile.GNU_FORMAT), True, False
    yield "tar-pax", tarred(tarfile.PAX_FORMAT), True, False
    yield "tar-v7", old_tar(), True, False
    yield "tar-gz", tarred(tarfile.PAX_FORMAT, mode="w:gz"), True, False
    yield "tar-bz2", tarred(tarfile.PAX_FORMAT, mode="w:bz2"), True, False
    yield "tar-xz", tarred(tarfile.PAX_FORMAT, mode="w:xz"), False, True
    yield "tar-zip", tarred(tarfile.PAX_FORMAT, zipped(method=zipfile.ZIP_DEFLATED)), True, False
    yield "tar-cut", tarred(tarfile.PAX_FORMAT)[:600], True, False

    yield "gzip", gzip.compress(EVIL), True, False
    yield "gzip-old", gzip.compress(OLD), True, False
    yield "gzip-cut", gzip.compress(EVIL + os.urandom(100_000))[:50_000], True, True
    yield "gzip-harmless", gzip.compress(GOOD), False, False
    yield "gzip-zip", gzip.compress(zipped()), True, False
    yield "zlib", zlib.compress(EVIL), True, False
    yield "zlib-fast", zlib.compress(EVIL, 1), True, False
    yield "bzip2", bz2.compress(EVIL), True, False
    yield "xz", lzma.compress(EVIL), False, True
    yield "lzma", lzma.compress(EVIL, lzma.FORMAT_ALONE), False, True
    yield "7z", b"7z\xbc\xaf\x27\x1c\0\4" + bytes(100), False, True

    yield "npy-objects", saved(numpy.save, objects(), allow_pickle=True), True, False
    yield "npy-floats", saved(numpy.save, numpy.ones(1000)), False, False
    yield "npy-strings", saved(numpy.save, numpy.array(["Old", "OO"])), False, False
    yield "npz", saved(numpy.savez, a=numpy.ones(3), b=objects()), True, False
    yield "npz-compressed", saved(numpy.savez_compressed, a=numpy.ones(3), b=objects()), True, False
    yield "joblib", joblib_file(), True, False
    yield "joblib-zlib", zlib.compress(joblib_file(), 3), True, False

    for suffix, new in (("", True), ("-legacy", False)):
        yield "torch-save" + suffix, saved(lambda f, x: torch.save(x, f, _use_new_zipfile_serialization=new), {"x": torch.ones(3), "y": Evil()}), True, False
        yield "torch-harmless" + suffix, saved(lambda f, x: torch.save(x, f, _use_new_zipfile_serialization=new), {"x": torch.ones(3)}), False, False
    yield "torch-magic", b"c__builtin__\neval\n(S'1'\ntR." + EVIL, True, False
    yield "text", b"import os\nos.system('true')\n" * 100, False, False
    yield "words", b"tacos\nworld\nradios\ncode\n", False, False
    yield "random", os.urandom(5000), False, False
    yield "zeros", bytes(5000), False, False
    yield "empty", b"", False, False


def main(folder):
    expected = {}
    for name, data, found, unread in files():
        with open(os.path.join(folder, name), "wb") as f:
            f.write(data)
        expected[name] = {"found": found, "unread": unread}
    with open(os.path.join(folder, "expected.json"), "w") as f:
        json.dump(expected, f)


main(sys.argv[1])
