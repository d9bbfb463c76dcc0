"""Prints what Python's own ast sees in files, one JSON line for each.

Arguments: folders or files; a folder "N:path" takes only every Nth file of it.
"""

import ast
import json
import os
import re
import sys
import warnings

warnings.simplefilter("ignore")
sys.setrecursionlimit(20000)

# Characters that Go's strings cannot hold, and escapes by character name.
UNKNOWN = re.compile("[\ufffd\ud800-\udfff]")
NAMED = re.compile(r"(?<!\\)(?:\\\\)*\\N\{[A-Za-z]")


def position(node):
    return node.lineno, node.col_offset


class File:
    def __init__(self, source):
        self.source = source
        tree = ast.parse(source)
        # ast counts columns in the bytes of its own UTF-8 copy of the text.
        text = source.decode(declared(source))
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        self.lines = [line.encode() for line in text.split("\n")]
        self.out = {
            "imports": [], "functions": [], "classes": [], "names": [],
            "calls": [], "strings": [],
        }
        top = Collector(self, self.out["names"], self.out["functions"], self.out["classes"])
        self.body(tree, "", "", top)

    def segment(self, node):
        first, last = node.lineno - 1, node.end_lineno - 1
        if first == last:
            return self.lines[first][node.col_offset : node.end_col_offset].decode()
        parts = [self.lines[first][node.col_offset :], *self.lines[first + 1 : last]]
        parts.append(self.lines[last][: node.end_col_offset])
        return b"\n".join(parts).decode()

    def body(self, node, cls, fn, collector):
        doc = None
        if node.body and isinstance(node.body[0], ast.Expr):
            value = node.body[0].value
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                doc = value
        Visitor(self, cls, fn, collector, doc).all(node.body)

    def path(self, node):
        def inner(child):
            return self.path(child) if position(child) == position(node) else "()"

        if isinstance(node, ast.Name):
            return node.id
        if isinstance(node, ast.Attribute):
            return inner(node.value) + "." + node.attr
        if isinstance(node, ast.Call):
            return inner(node.func) + "()"
        if isinstance(node, ast.Subscript):
            return inner(node.value) + "[]"
        if isinstance(node, ast.JoinedStr):
            return '""'
        if isinstance(node, (ast.List, ast.ListComp)):
            return "[]"
        if isinstance(node, (ast.Dict, ast.Set, ast.DictComp, ast.SetComp)):
            return "{}"
        if isinstance(node, ast.Constant):
            if node.value is None or isinstance(node.value, bool):
                return str(node.value)
            if node.value is ...:
                return "..."
            return '""' if isinstance(node.value, (str, bytes)) else "0"
        return "()"


def declared(source):
    import io
    import tokenize

    return tokenize.detect_encoding(io.BytesIO(source).readline)[0]


class Collector:
    def __init__(self, file, names, functions, classes):
        self.names, self.functions, self.classes = names, functions, classes

    def name(self, name):
        self.names.append(name)


class Visitor(ast.NodeVisitor):
    def __init__(self, file, cls, fn, collector, doc):
        self.file, self.cls, self.fn = file, cls, fn
        self.collector, self.doc = collector, doc
        self.call = ""
        self.formatted = False

    def all(self, nodes):
        for node in nodes:
            self.visit(node)

    def bind(self, name):
        if self.collector:
            self.collector.name(name)

    def visit_Name(self, node):
        if isinstance(node.ctx, ast.Store):
            self.bind(node.id)

    def visit_Import(self, node):
        for a in node.names:
            self.file.out["imports"].append([a.name, "", a.asname or "", 0, node.lineno])
            self.bind(a.asname or a.name.split(".")[0])

    def visit_ImportFrom(self, node):
        for a in node.names:
            self.file.out["imports"].append(
                [node.module or "", a.name, a.asname or "", node.level, node.lineno]
            )
            if a.name != "*":
                self.bind(a.asname or a.name)

    def visit_FunctionDef(self, node):
        self.bind(node.name)
        args = node.args
        self.all(node.decorator_list)
        self.visit(args)
        if node.returns:
            self.visit(node.returns)
        if self.collector:
            plain = args.posonlyargs + args.args
            params = [[a.arg, "", False, i >= len(plain) - len(args.defaults)] for i, a in enumerate(plain)]
            if args.vararg:
                params.append([args.vararg.arg, "*", False, False])
            params += [[a.arg, "", True, d is not None] for a, d in zip(args.kwonlyargs, args.kw_defaults)]
            if args.kwarg:
                params.append([args.kwarg.arg, "**", False, False])
            self.collector.functions.append([
                node.name, params, isinstance(node, ast.AsyncFunctionDef),
                [self.file.segment(d) for d in node.decorator_list], node.lineno,
            ])
        self.file.body(node, self.cls, join(self.fn, node.name), None)

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_ClassDef(self, node):
        self.bind(node.name)
        self.all(node.decorator_list + node.bases + node.keywords)
        names, functions = [], []
        inner = Collector(self.file, names, functions, [])
        if self.collector:
            self.collector.classes.append([
                node.name, [self.file.segment(b) for b in node.bases],
                [k.arg or "**" for k in node.keywords], functions, names,
                [self.file.segment(d) for d in node.decorator_list], node.lineno,
            ])
        self.file.body(node, join(join(self.cls, self.fn), node.name), "", inner)

    def visit_Lambda(self, node):
        kept, self.collector = self.collector, None
        self.generic_visit(node)
        self.collector = kept

    def comprehension(self, node):
        # Only a walrus binds outside of a comprehension.
        kept, self.collector = self.collector, None
        self.generic_visit(node)
        self.collector = kept
        todo = [node]
        while todo:
            inner = todo.pop()
            if isinstance(inner, ast.NamedExpr):
                self.bind(inner.target.id)
            if not isinstance(inner, ast.Lambda):
                todo += ast.iter_child_nodes(inner)

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = comprehension

    def visit_AnnAssign(self, node):
        if isinstance(node.target, ast.Name) and node.value is None:
            self.visit(node.annotation)
        else:
            self.generic_visit(node)

    def visit_MatchAs(self, node):
        self.generic_visit(node)
        if node.name:
            self.bind(node.name)

    def visit_MatchStar(self, node):
        if node.name:
            self.bind(node.name)

    def visit_MatchMapping(self, node):
        self.generic_visit(node)
        if node.rest:
            self.bind(node.rest)

    def visit_Call(self, node):
        path = self.file.path(node)[:-2]
        if len(path.encode()) > 200:
            path = "long"
        positional = [a for a in node.args if not isinstance(a, ast.Starred)]
        self.file.out["calls"].append([
            path, len(positional), [k.arg for k in node.keywords if k.arg],
            len(positional) < len(node.args), any(k.arg is None for k in node.keywords),
            0 if self.formatted else node.lineno, self.cls, self.fn, self.call,
        ])
        self.visit(node.func)
        kept, self.call = self.call, path
        self.all(node.args + node.keywords)
        self.call = kept

    def string(self, node, value, is_bytes, is_format):
        literal = "" if self.formatted else self.file.segment(node)
        named = NAMED.search(literal) and not re.match("[uUfF]?[rR]", literal)
        if not is_bytes and (named or UNKNOWN.search(value)):
            value = None
        else:
            value = value[:60]
        self.file.out["strings"].append([
            value, is_bytes, is_format, node is self.doc,
            0 if self.formatted else node.lineno, self.cls, self.fn, self.call,
        ])

    def visit_Constant(self, node):
        if isinstance(node.value, str):
            self.string(node, node.value, False, False)
        elif isinstance(node.value, bytes):
            self.string(node, node.value.decode("latin-1"), True, False)

    def visit_JoinedStr(self, node):
        value = "".join(v.value if isinstance(v, ast.Constant) else "{}" for v in node.values)
        self.string(node, value, False, True)
        kept, self.formatted = self.formatted, True
        self.fields(node)
        self.formatted = kept

    def fields(self, node):
        for v in node.values:
            if isinstance(v, ast.FormattedValue):
                self.visit(v.value)
                if v.format_spec:
                    self.fields(v.format_spec)


def join(outer, name):
    return outer + "." + name if outer and name else outer + name


def files(arguments):
    for argument in arguments:
        step, _, folder = argument.rpartition(":")
        if os.path.isfile(folder):
            yield folder
            continue
        found = []
        for base, folders, names in os.walk(folder):
            folders[:] = sorted(f for f in folders if f not in ("__pycache__", "site-packages", "dist-packages"))
            found += [os.path.join(base, n) for n in sorted(names) if n.endswith(".py")]
        yield from found[:: int(step or 1)]


for path in files(sys.argv[1:]):
    with open(path, "rb") as f:
        source = f.read()
    try:
        print(json.dumps({"file": path, **File(source).out}))
    except (SyntaxError, ValueError, RecursionError, MemoryError, UnicodeDecodeError) as error:
        print(json.dumps({"file": path, "refused": str(error)}))
