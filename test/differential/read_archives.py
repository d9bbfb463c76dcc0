"""Reads the archives named on stdin, one path a line, with zipfile and tarfile.

Writes {path: {entry name: crc32 of the bytes}} as JSON.
"""

import json
import sys
import tarfile
import zipfile
import zlib


def read_zip(path):
    with zipfile.ZipFile(path) as archive:
        return {info.filename: zlib.crc32(archive.read(info)) for info in archive.infolist()}


def read_tar(path):
    with tarfile.open(path, "r:gz") as archive:
        return {m.name: zlib.crc32(archive.extractfile(m).read()) for m in archive.getmembers() if m.isfile()}


paths = sys.stdin.read().splitlines()
json.dump({path: read_zip(path) if path.endswith(".mar") else read_tar(path) for path in paths}, sys.stdout)
