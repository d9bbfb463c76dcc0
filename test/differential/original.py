"""Runs many command lines through the real torch-model-archiver in one process.

Reads a JSON list of {"dir": ..., "args": [...]} from stdin; writes a JSON list
of {"code": ..., "stdout": ..., "stderr": ...} to stdout.
"""

import contextlib
import io
import json
import logging
import os
import sys
import traceback

from model_archiver.model_packaging import generate_model_archive


def run(args):
    """Exits as the console script would: 0, argparse's code, or 1 after a traceback."""
    sys.argv = ["torch-model-archiver", *args]
    try:
        generate_model_archive()
        return 0
    except SystemExit as exit:
        return exit.code or 0
    except BaseException:
        traceback.print_exc()
        return 1


def main():
    results = []
    for case in json.load(sys.stdin):
        os.chdir(case["dir"])
        logging.getLogger().handlers.clear()
        stdout, stderr = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(stdout), contextlib.redirect_stderr(stderr):
            code = run(case["args"])
        results.append({"code": code, "stdout": stdout.getvalue(), "stderr": stderr.getvalue()})
    json.dump(results, sys.stdout)


main()
