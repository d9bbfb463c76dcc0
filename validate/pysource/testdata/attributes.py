"""Imports modules and prints, one JSON line for each, what they really hold:
the classes that TorchServe's loader would find, and all attributes.

Arguments: module names; "package.*" stands for the modules of a package.
"""

import importlib
import importlib.util
import inspect
import json
import os
import pkgutil
import sys
import warnings

warnings.simplefilter("ignore")
IMPLICIT = set(dir(type(sys)("m"))) | {"__file__", "__cached__", "__builtins__", "__path__"}


def modules(arguments):
    for argument in arguments:
        if not argument.endswith(".*"):
            yield argument
            continue
        package = importlib.import_module(argument[:-2])
        if not hasattr(package, "__path__"):
            continue
        for m in pkgutil.iter_modules(package.__path__):
            if not m.ispkg and not m.name.startswith("__"):
                yield f"{argument[:-2]}.{m.name}"


out = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)
for name in modules(sys.argv[1:]):
    try:
        module = importlib.import_module(name)
        classes = inspect.getmembers(
            module, lambda m: inspect.isclass(m) and m.__module__ == module.__name__
        )
    except BaseException:
        # What this machine lacks, such as a GPU's packages, is no matter here.
        continue
    print(
        json.dumps({
            "file": module.__file__,
            "classes": [n for n, _ in classes],
            "attributes": sorted(set(vars(module)) - IMPLICIT),
        }),
        file=out,
    )
