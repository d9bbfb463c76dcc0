#!/usr/bin/env python3
"""Makes validate/pytorch/operators.txt: which PyTorch has which operator.

    scripts/make-operators.py [VERSION ...] >validate/pytorch/operators.txt

Each PyTorch is installed from PyPI alone in a temporary folder, with the two
libraries of CUDA that its libtorch_cpu.so wants to load, and a small C++ program
that is linked against it lists the operators: those of libtorch, which every
program has that loads TorchScript, and not those that Python packages add.
Needs a Python that all the versions have wheels for (3.11 has), pip and g++;
downloads about 750 MB for each version, one at a time.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

# The last patch release of each, newest last.
VERSIONS = (
    "1.13.1 2.0.1 2.1.2 2.2.2 2.3.1 2.4.1 2.5.1 2.6.0 2.7.1 2.8.0 2.9.1 2.10.0 2.11.0 2.12.1 2.13.0 2.14.1 2.15.0"
).split()

# Without arguments it lists schemas; with one, which of the names on stdin
# TorchScript code may call, also as a function that is itself TorchScript.
LISTER = r"""
#include <caffe2/serialize/versions.h>
#include <iostream>
#include <string>
#include <torch/csrc/jit/frontend/builtin_functions.h>
#include <torch/csrc/jit/runtime/operator.h>
using namespace torch::jit;
int main(int argc, char **) {
  if (argc == 1) {
    std::cout << caffe2::serialize::kMaxSupportedFileFormatVersion << "\n";
    for (const auto &op : getAllOperators())
      std::cout << op->schema() << "\n";
    return 0;
  }
  for (std::string name; std::getline(std::cin, name);) {
    auto symbol = c10::Symbol::fromQualString(name);
    if (!getAllOperatorsFor(symbol).empty() || !getAllBuiltinFunctionsFor(symbol).empty())
      std::cout << name << "\n";
  }
}
"""


class PyTorch:
    """A version of PyTorch whose operators can be asked for."""

    def __init__(self, version, folder):
        self.version, self.folder = version, folder
        self.pip(folder, "--no-deps", f"torch=={version}")
        self.pip(folder / "cuda", *self.cuda())
        self.program = folder / "lister"
        self.build()

    def pip(self, folder, *what):
        command = [sys.executable, "-m", "pip", "install", "-qq", "--disable-pip-version-check", "--no-cache-dir"]
        subprocess.run([*command, "--target", folder, *what], check=True)

    def cuda(self):
        """The packages of CUDA's runtime and profiler, as torch's metadata names them."""
        metadata = next(self.folder.glob("torch-*.dist-info/METADATA")).read_text()
        wanted = re.findall(r"^Requires-Dist: (nvidia-cuda-(?:runtime|cupti)[^ ;]*) ?\(?(==[0-9.]+)", metadata, re.M)
        toolkit = re.search(r"^Requires-Dist: cuda-toolkit\[.*\](==[0-9.]+)", metadata, re.M)
        return [f"cuda-toolkit[cudart,cupti]{toolkit[1]}"] if toolkit else [name + version for name, version in wanted]

    def build(self):
        torch = self.folder / "torch"
        symbols = subprocess.run(["nm", "-D", torch / "lib/libc10.so"], check=True, capture_output=True, text=True).stdout
        abi = int(bool(re.search(r"_ZN3c105ErrorC1ENS_14SourceLocation.*__cxx11", symbols)))
        includes = [f"-I{torch}/include", f"-I{torch}/include/torch/csrc/api/include", f"-D_GLIBCXX_USE_CXX11_ABI={abi}"]
        links = [f"-L{torch}/lib", f"-Wl,-rpath,{torch}/lib", "-Wl,--no-as-needed,--allow-shlib-undefined", "-ltorch_cpu", "-lc10"]
        for standard in ("c++17", "c++20"):
            command = ["g++", "-w", f"-std={standard}", *includes, "-x", "c++", "-", "-o", self.program, *links]
            built = subprocess.run(command, input=LISTER, text=True, stderr=subprocess.PIPE)
            if built.returncode == 0:
                return
        raise SystemExit(built.stderr)

    def slim(self):
        """Removes what the program does not load, which is most of it."""
        keep = re.compile(r"/torch/lib/lib(c10|torch_cpu|gomp|cudart|torch)[-.\w]*$|/nvidia/.*/lib[^/]*$|/lister$")
        for path in self.folder.rglob("*"):
            if path.is_file() and not keep.search(str(path)):
                path.unlink()

    def run(self, *arguments, stdin=""):
        libraries = ":".join({str(f.parent) for f in self.folder.glob("cuda/nvidia/**/lib*.so*")})
        command = ["env", f"LD_LIBRARY_PATH={libraries}", self.program, *arguments]
        return subprocess.run(command, input=stdin, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()


def name_of(schema):
    return re.match(r"[\w:]+", schema)[0]


def arguments_of(schema):
    """The arguments as NAME(ARGUMENT): those that can be given by name only, and all."""
    arguments = schema[schema.index("(") + 1 : schema.rindex(") ->")]
    _, star, keywords = ("," + arguments).partition("*, ")

    def named(text):
        return {f"{name_of(schema)}({word})" for word in re.findall(r"(\w+)(?:=[^,]*)?(?:, |$)", text)}

    return named(keywords) if star else set(), named(arguments)


def short(version):
    return ".".join(version.split(".")[:2])


def ask(versions):
    """Returns, by version, the highest file format, the operators, and their arguments."""
    formats, schemas, known = {}, {}, {}
    with tempfile.TemporaryDirectory() as folder:
        programs = {}
        for version in versions:
            print(version, file=sys.stderr, flush=True)
            torch = programs[version] = PyTorch(version, Path(folder, version))
            formats[version], *schemas[version] = torch.run()
            torch.slim()
        names = sorted({name_of(s) for listed in schemas.values() for s in listed})
        for version, torch in programs.items():
            known[version] = set(torch.run("known", stdin="\n".join(names) + "\n"))
    arguments = {v: [arguments_of(s) for s in listed] for v, listed in schemas.items()}
    return formats, known, arguments


def lifetime(versions, having):
    """FIRST- or FIRST-LAST, or nothing where all have it."""
    first, last = versions.index(having[0]), versions.index(having[-1])
    if len(having) <= last - first:
        raise SystemExit(f"gone for a while: {having}")
    if first == 0 and having[-1] == versions[-1]:
        return ""
    return f" {short(having[0])}-" + ("" if having[-1] == versions[-1] else short(having[-1]))


def new_keywords(versions, known, arguments):
    """The arguments by name only that came after their operator, with their lifetimes."""
    found = {}
    every = {v: set().union(*(a for _, a in listed)) for v, listed in arguments.items()}
    keywords = {v: set().union(*(k for k, _ in listed)) for v, listed in arguments.items()}
    for keyword in set.union(*keywords.values()):
        operator = keyword.partition("(")[0]
        having = [v for v in versions if keyword in every[v]]
        before = versions[: versions.index(having[0])]
        if having[-1] == versions[-1] and any(operator in known[v] for v in before) and keyword in keywords[having[0]]:
            found[keyword] = lifetime(versions, having)
    return found


def write(versions, formats, known, arguments):
    print("# Made by scripts/make-operators.py; do not edit. The operators that TorchScript can call in PyTorch")
    print("# " + " ".join(versions))
    print("# by PyPI's wheels for Linux on x86-64, the last patch release of each. First stand the versions with the highest")
    print("# file format that they read; then each operator and, unless all have it, the first and the last version that has.")
    print("# NAME(ARGUMENT) is an argument that is given by name only and came after its operator.")
    for version in versions:
        print(f"pytorch {short(version)} {formats[version]}")
    entries = {name: lifetime(versions, [v for v in versions if name in known[v]]) for name in set.union(*known.values())}
    entries |= new_keywords(versions, known, arguments)
    for name in sorted(entries):
        print(f"{name}{entries[name]}")


if __name__ == "__main__":
    chosen = sys.argv[1:] or VERSIONS
    write(chosen, *ask(chosen))
