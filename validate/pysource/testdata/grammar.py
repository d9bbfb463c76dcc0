# -*- coding: utf-8 -*-
# Every part of the grammar that the reader has a rule for.
from __future__ import annotations
from . import sibling
from ..package.module import (a as b, c,)
from os import *
import os.path as p, sys; import json

x: int = 3; y = z = (1, 2)[0]
(a, [b, *c]), d.e, f[0] = g
lam = lambda u, v=lambda: {1: 2}, *, k: (u, v)[k]
total += 0x_ff + 0b1 + 1_000.5e-3j + .5 + 1. + 1if x else 2
text = 'a' "b" r'\d' u"\u00e4\x41\101\n\
c" '''triple "quoted" \''' end'''
data = b'\xff\0' rb'\x' BR"""raw
bytes"""
name = f"{x!r:>{width}.{prec}} {{literal}} {d['k']} {y = } \N{EM DASH}" rf'\d{x}' f'''{
    x:%Y-%m}'''
calls = f(*args, 1, k=2, **kw)(x for x, y in z)[1:2, ::3].m("s").get("key", {}).get('k')
if (n := len(a)) > 10 and not b or c is None: pass
elif x: import one
else:
	def tabbed(): return 1

@decorator
@other(1, k="v")
async def coroutine(self, /, a, b: int = 3, *args: T, k, l=lambda q: q, **kw) -> list[int]:
    """Docstring."""
    global g
    async with a as b, c() as (d, e):
        async for i in x: yield await i
    return [i async for i in x if i]

class Outer(Base, Generic[T], metaclass=Meta, **kw):
    ("Docstring "
     "in parentheses")
    attribute = namedtuple("P", ["x"])
    class Inner: pass
    def method(self): return super().method()

try: import fast
except (ImportError, OSError) as error: fast = None
else: pass
finally: del fast
while True:
    if x: break
    else: continue
for i, (j, k) in enumerate(x): print(i, file=sys.stderr)
with (open("a") as a, open("b") as b,): raise E from None
match command.split():
    case [Point(x=0, y=name), *rest] | {"key": value, **others} if f(rest): pass
    case "a" "b" | -1 | None | a.b: pass
    case _: match = case(1)
assert isinstance(x, (int, str)), "message" ; nonlocal_ = ...
