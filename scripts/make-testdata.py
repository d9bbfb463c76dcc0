#!/usr/bin/env python3
"""Makes testdata/ with a real PyTorch 1.13.1 and transformers 4.40.2.

    scripts/setup testdata
    build/venv-testdata/bin/python scripts/make-testdata.py [NAME ...]

With names only those models are made anew. TorchScript files hold the paths of
the sources that they were compiled from, so everything runs through a link at
a fixed place: the files are the same wherever the checkout lies.
"""

import os
import subprocess
import sys
from pathlib import Path

LINK = Path("/tmp/go-model-archiver-testdata")
ROOT = Path(os.path.abspath(__file__)).parent.parent


def through_the_link():
    LINK.symlink_to(ROOT, target_is_directory=True)
    try:
        command = [LINK / "build/venv-testdata/bin/python", LINK / "scripts/make-testdata.py"]
        env = os.environ | {
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONHASHSEED": "0",
            "PYTHONPATH": str(LINK / "scripts"),
            "PYTHONSAFEPATH": "1",  # the script's own folder would be the real one
            "PYTHONWARNINGS": "ignore",
        }
        return subprocess.run([*command, *sys.argv[1:]], env=env, cwd=LINK).returncode
    finally:
        LINK.unlink()


def make(only):
    import torch

    from testdata import failing, hugging_face, not_models, own, transformers_folder

    torch.set_num_threads(1)
    target = ROOT / "testdata"
    for module in (own, hugging_face):
        module.make(target / "models", only)
    if not only:
        own.make_self_test(ROOT / "validate/loadtest/selftest.pt")
        failing.make(target / "failing")
        not_models.make(target / "notmodels", target / "models")
        transformers_folder.make(target / "transformers", target / "models")


if __name__ == "__main__":
    if ROOT != LINK:
        sys.exit(through_the_link())
    make(set(sys.argv[1:]))
