"""Prints what junitparser reads in JUnit reports."""

import json
import sys

import junitparser


def case(c):
    return {
        "name": c.name,
        "classname": c.classname,
        "time": c.time,
        "file": c._elem.get("file"),
        "results": [
            {"kind": type(r).__name__, "message": r.message, "type": r.type, "text": r.text}
            for r in c.result
        ],
        "out": c.system_out,
        "err": c.system_err,
    }


def suite(s):
    return {
        "name": s.name,
        "tests": s.tests,
        "failures": s.failures,
        "errors": s.errors,
        "skipped": s.skipped,
        "properties": {p.name: p.value for p in s.properties()},
        "cases": [case(c) for c in s],
    }


def read(path):
    report = junitparser.JUnitXml.fromfile(path)
    claimed = [suite(s) for s in report]
    total = [report.tests, report.failures, report.errors, report.skipped]
    # junitparser's own count of what it read.
    report.update_statistics()
    counted = [[s.tests, s.failures, s.errors, s.skipped] for s in report]
    return {"suites": claimed, "total": total, "counted": counted}


json.dump([read(path) for path in sys.argv[1:]], sys.stdout)
