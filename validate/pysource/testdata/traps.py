"""Places where a simpler reader goes wrong."""
match(x); match[0] = case; type = match.case; print(type(x)); type(x).y = 1
if x:\
    y = 1
s = 'it''s' "\\" '\'' r'\'' '#' # 'comment (
t = f'{x:{"{"}>10}{x!r:^{y}}{a["b"]}{x != y}{(lambda q: q)(1)}' '}'
u = ("a"
     # a comment with "quotes
     "b")

def f(a=")", b='(', *, c="""
def g():
"""): pass

x = {**a, 'k': [*b], "l": lambda: (yield)}
not_a_call = a (1) [2] . b (3)
(a
 .b()
 .c(1,
    2))
class C(D if x else E): x = 1; y: int; z: str = "s"
if x: pass
	# a comment at an odd column
else: pass
print(*a, sep='') ; print((yield))
"not a docstring".join(x)
torch.jit.load(f"{d}/m.pt", map_location=torch.device("cpu"), **{"a": g("b")})
