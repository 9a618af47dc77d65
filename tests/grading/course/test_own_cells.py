"""What an exercise needs of a student's own cells."""

import random

import pytest

from nst_tf.grading.course.magics import without_magics
from nst_tf.grading.course.own_cells import (
    defined_names,
    last_definition,
    looks_like_a_definition,
    needed,
    statements_of,
    without_statements,
)

# ------------------------------------------------------------------------------- IPython's commands


@pytest.mark.parametrize(
    ("cell", "plain"),
    [
        ("%matplotlib inline\nx = 1", "pass\nx = 1"),
        ("if True:\n    %time f()\n    !ls\nx = 1", "if True:\n    pass\n    pass\nx = 1"),
        ("?print\nprint?\nnp.sum??  \nx = 1", "pass\npass\npass\nx = 1"),
        ("files = !ls -l\nx = 1", "files = None\nx = 1"),
        ("best = %timeit -o f(3)\nx = 1", "best = None\nx = 1"),
        ("!pip install a \\\n  b\nx = 1", "pass\n\nx = 1"),
        ("!echo it's (\nx = 1", "pass\nx = 1"),
        ("%%time\nx = 1", "\nx = 1"),
        ("\n%%capture out\n%%timeit -n 3\nx = 1\n%cd ..", "\n\n\nx = 1\npass"),
        ("%%bash\nx = 1", ""),
        ("\n\n%%writefile a.py\ndef f(): pass", ""),
        ("%%html\n<b>100 %</b>", ""),
        ("    %time 3\n    def f():\n        return 1", "pass\ndef f():\n    return 1"),
        (">>> def f():\n...     return 1", "def f():\n    return 1"),
        ("%time 3\r\nx = 1\r\n", "pass\nx = 1\n"),
    ],
)
def test_what_is_not_python_does_nothing(cell, plain):
    assert without_magics(cell) == plain


@pytest.mark.parametrize(
    "cell",
    [
        "x = (7\n    % 4)\ny = x != 3",
        "x = 7 \\\n  % 4",
        'text = """\n%time\n!ls\nwhat?\n%%bash"""',
        "text = f'{x=!r}'  # what?",
        "# %%time\nx = 1",
        "",
        "# why?",
    ],
)
@pytest.mark.parametrize("beside", ["", "\n%time 3", "\n!ls", "\nprint?"])
def test_what_is_python_stays(cell, beside):
    assert without_magics(cell + beside) == cell + ("\npass" if beside else "")


def test_an_error_stays_where_it_is():
    plain = without_magics("%time 3\nx = (1,\n% 3\n\ndef f(:\n    pass")
    assert plain == "pass\nx = (1,\n% 3\n\ndef f(:\n    pass"


@pytest.mark.parametrize(
    "line", ["%time f(x)", "%%time", "!ls 'x", "x = !ls", "f?", "'''", "(", "'\\", "????x"]
)
def test_long_cells_are_plain_soon(line):
    """IPython itself takes minutes, or ends with a RecursionError."""
    without_magics("%time 1\n" + f"{line}\n" * 5000 + "x = [" + "1," * 20_000 + "]")
    without_magics(line * 20_000)


# ------------------------------------------------------------------------------------- definitions


@pytest.mark.parametrize(
    "cell",
    [
        "def f(x):\n    return x",
        "async def f(x):\n    return x",
        "class f:\n    pass",
        "f = lambda x: x",
        "g = f = len",
        "g, (f, *h) = 1, (2, 3)",
        "f: object = len",
        "from math import floor as f",
        "from m import g, f",
        "import math as f",
        "@g\ndef f(): pass",
        "if x:\n    pass\nelse:\n    def f(): pass",
        "try:\n    import g\nexcept ImportError:\n    f = 3",
        "try:\n    pass\nfinally:\n    f = 3",
        "with g():\n    if x:\n        def f(): pass",
    ],
)
def test_a_definition(cell):
    assert last_definition("f", ["f = 1", cell, "f(3)"]) == 1
    assert "f" in defined_names([cell])


@pytest.mark.parametrize(
    "cell",
    [
        "f(3)",
        "f == 3",
        "f.x = 3",
        "f[0] = 3",
        "f: object",
        "print(f := 3)",
        "def g():\n    f = 3",
        "class g:\n    def f(self): pass",
        "for i in f:\n    pass",
        "text = 'def f(): pass'",
        "'''\ndef f():\n    pass\n'''",
        "# f = 3",
        "def f_old(): pass",
        "from f import g",
        "f += 1",
        "def f(:\n    pass",  # can't be parsed
        "def f():\n    return 1\n\x00",
    ],
)
def test_no_definition(cell):
    assert last_definition("f", ["f = 1", cell]) == 0


def test_the_last_definition_counts():
    assert last_definition("f", ["f = 1", "x = 2", "def f(): pass", "f = f", "f()"]) == 3
    assert last_definition("f", []) is None
    assert last_definition("f", ["x = 1"]) is None


def test_if_no_definition_can_be_parsed_the_last_is_shown():
    assert last_definition("f", ["def f(:", "def f(\n", "f(("]) == 1


def test_a_sum_of_a_thousand_terms_is_parsed():
    cell = "def f(x):\n    return " + " + ".join(["g(x)"] * 1000)
    assert last_definition("f", ["f = 1", cell, "x = 1"]) == 1
    assert needed("f", ["def g(x): return x", cell], 1, ()) == ["def g(x): return x"]


@pytest.mark.parametrize("nested", ["-" * 50_000 + "x", "x" + ".a" * 50_000, "(" * 5000 + ")" * 5000])
def test_what_is_nested_too_deep_is_still_found(nested):
    cell = f"def f(x):\n    return {nested}"
    assert last_definition("f", ["x = 1", cell]) == 1
    assert needed("f", ["x = 1", cell], 1, ()) == []
    assert without_magics(cell) == cell
    assert without_statements(cell, {"x = 1"}) == cell
    assert defined_names([cell]) == set()


@pytest.mark.parametrize(
    ("line", "is_one"),
    [
        ("def f(", True),
        ("  async  def f(x)", True),
        ("class f(", True),
        ("f = (", True),
        ("f: int = (", True),
        ("from m import g, f", True),
        ("import m as f", True),
        ("f == (", False),
        ("ff = (", False),
        ("def ff(", False),
        ("from f import g", False),
        ("x = f", False),
    ],
)
def test_what_looks_like_a_definition(line, is_one):
    assert looks_like_a_definition("f", f"x = 1\n{line}\n") == is_one


def test_names_that_are_bound():
    cells = ["import a.b, c as d\nfrom e import f, g as h", "i, (j, *k) = 1, (2, 3)\nfor l in m: n = 1", "(("]
    assert defined_names(cells) == set("adfhijkln")
    assert defined_names(["def f(x):\n    y = 1\nclass C:\n    z = 1\nw = [v for v in u]"]) == {"f", "C", "w"}
    assert defined_names(["from a import *"]) == set()


def test_statements_are_known_by_their_text():
    cell = "import é; x = 1 # one\n@é\ndef f():\n    return 'ü'\nx = 2"
    assert statements_of([cell, "(("]) == {"import é", "x = 1", "@é\ndef f():\n    return 'ü'", "x = 2"}
    plain = without_statements(cell, {"x = 1", "@é\ndef f():\n    return 'ü'"})
    assert plain == "import é; pass # one\npass\nx = 2"
    assert without_statements(cell, {"x"}) == cell


# ------------------------------------------------------------------------------------------- needs


def needs(*cells, place=-1, given=()):
    return needed("f", list(cells), place % len(cells), given)


def test_a_helper_with_all_that_it_needs():
    assert needs(
        "import math\nimport os",
        "print('hello')\nSCALE = 3\nOTHER = 4",
        "def helper(x):\n    return math.sqrt(x) * SCALE\nhelper(3)",
        "def f(x):\n    return helper(x)",
    ) == ["import math", "SCALE = 3", "def helper(x):\n    return math.sqrt(x) * SCALE"]


def test_what_is_local_is_not_needed():
    assert (
        needs(
            "a = b = c = d = e = g = h = i = 1",
            "def f(a, *b, c=1, **d):\n"
            "    e = [g for g in a if g]\n"
            "    with e as h:\n        pass\n"
            "    import i\n"
            "    return lambda j: (e, h, i, j, b, c, d)",
        )
        == []
    )


def test_what_a_function_inside_reads_is_needed():
    cell = (
        "def f(x):\n"
        "    a = 1\n"
        "    class C:\n        b = c\n        def m(self): return (b, a)\n"
        "    def g(): \n        nonlocal a\n        global d\n        a = e\n        return d\n"
        "    return [h for i in j], g, lambda: k"
    )
    others = [f"{name} = 1" for name in "abcdehijk"]
    assert needs(*others, cell) == [f"{name} = 1" for name in "bcdehjk"]


def test_a_function_reads_the_last_definition_wherever_it_is():
    assert needs("x = 1", "def f(): return x", "x = 2", "y = 3", place=1) == ["x = 2"]
    assert needs("def g(): return x", "def f(): return g()", "x = 2", place=1) == [
        "def g(): return x",
        "x = 2",
    ]


@pytest.mark.parametrize(
    "cell",
    [
        "def f(a=x): return a",
        "def f(a, *, b=x): return a",
        "def f(a: x): return a",
        "def f(a) -> x: return a",
        "@x\ndef f(a): return a",
        "f = x",
        "class f:\n    y = x",
        "class f(x): pass",
        "f = [a for a in x]",
        "x += 1\ndef f(): pass",
        "def f(): pass\nprint(x)",
    ],
)
def test_what_is_looked_up_at_once_means_the_last_definition_before(cell):
    assert needs("x = 1", "x = 2", cell, "x = 3", place=2) == ["x = 2"]


def test_a_function_that_is_defined_by_itself():
    assert needs("def f(x): return x", "f = tf.function(f)", given={"tf"}) == ["def f(x): return x"]
    assert needs("def f(x): return x", "f = g(f)", "f = g(f)", "g = 1") == []  # the last cell defines nothing
    assert needs("g = len", "def f(x): return x", "f = g(f)", "f = g(f)") == [
        "g = len",
        "def f(x): return x",
        "f = g(f)",
    ]


def test_a_definition_is_old_unless_something_saw_it():
    old, new = "def g(): return 1", "def g(): return 2"
    assert needs(old, new, "def f(): return g()") == [new]
    assert needs(old, "x = h()", new, "def f(): return x") == ["x = h()"]
    assert needs("def h(): return g()", old, "x = h()", new, "def f(): return x, g()") == [
        "def h(): return g()",
        old,
        "x = h()",
        new,
    ]


def test_what_changes_a_value_belongs_to_it():
    cells = ["x = []", "x += [1]", "x = [0]", "x += [2]", "x[0] = 3", "x.y.z = 4", "x.append(5)"]
    assert needs(*cells, "def f(): return x") == cells[2:6]


def test_modules_are_imported_with_their_parts():
    imports = ["import a.b", "import a.c as d", "import a.e"]
    assert needs(*imports, "def f(): return a") == ["import a.b", "import a.e"]


def test_star_imports_are_always_needed():
    assert needs("from math import *", "x = 1", "def f(): return sqrt(2)") == ["from math import *"]
    assert needs("try:\n    from m import *\nexcept ImportError: print(1)", "f = 1") == [
        "try:\n    from m import *\nexcept ImportError: pass"
    ]


def test_blocks_come_without_what_they_do_besides():
    block = (
        "if é:\n"
        "    print('ü', x); x = 1\n"
        "    for i in y:\n        z(i)\n"
        "elif w():\n"
        "    def g(): return x\n"
        "else: v()\n"
    )
    assert needs("x = 3", "é = 1", "w = len", "y = 1", "v = 1", block, "def f(): return x") == [
        "x = 3",
        "é = 1",
        "w = len",
        "if é:\n    pass; x = 1\n    pass\nelif w():\n    def g(): return x\nelse: pass",
    ]
    assert needs("while x:\n    y = 1", "for y in x: pass", "def f(): return y") == []
    assert needs("y: int", "print(y := 1)", "del y", "def f(): return y") == []


def test_what_is_given_is_never_overridden():
    assert needs("tf = 1", "import tf", "def tf(): pass", "tf += 1", "def f(): return tf", given={"tf"}) == []
    assert needs("import numpy as tf, m as x", "def f(): return tf, x", given={"tf"}) == [
        "import numpy as _, m as x"
    ]
    assert needs("from a import tf, x", "def f(): return x", given={"tf"}) == ["from a import tf as _, x"]
    assert needs("tf, (é, x) = 1, (2, 3)", "def f(): return x", given={"tf", "é"}) == [
        "_, (_, x) = 1, (2, 3)"
    ]
    block = "with a() as tf:\n    x = 1\n    def tf(): pass\n    tf += 1\n    tf: int = 3\n    import tf"
    assert needs(block, "def f(): return x", given={"tf", "a"}) == [
        "with a() as _:\n    x = 1\n    pass\n    pass\n    _: int = 3\n    import tf as _"
    ]


def test_its_own_name_is_no_given_one():
    assert needs("f = 1", "f = g(f)", given={"f", "g"}) == ["f = 1"]


def test_nothing_of_the_cell_itself_is_needed():
    assert needs("x = 1", "x = 2\ndef g(): return x\ndef f(): return g()") == []
    assert needs("x = 1\ny = x", "y = x\nx = 2\ndef f(): return x") == ["x = 1"]


def test_what_a_script_can_not_do_is_left_out():
    assert needs("x = await g()", "y = (yield 3)", "z = 1", "def f(): return x, y, z") == ["z = 1"]


def test_in_a_chain_that_is_too_long_every_definition_is_taken():
    """Each of the calls shows that one more of them was seen; after twenty, all are."""
    cells = [f"def g{n}(): return x{n + 1}\nx{n} = g{n}()\nx{n} = x{n}" for n in reversed(range(40))]
    assert needs("x40 = 1", *cells, "def f(): return x0")[0] == "x40 = 1"
    cells = [f"x{n} = 1\ny{n} = g{n}()\nx{n} = 2\ndef g{n + 1}(): return y{n}, x{n}" for n in range(40)]
    assert len(needs("def g0(): return 1", *cells, "def f(): return g40(), x39")) == 161


def test_odd_cells_have_no_statements():
    odd = ["((", "\x00", "-" * 100_000 + "1", "\ud800", "\ufeffy = 1", "'\\d'\nx = 1", "x = 1\r\nz = 2\r"]
    assert needs(*odd, "def f(): return x, y, z") == ["y = 1", "x = 1", "z = 2"]


@pytest.mark.parametrize(
    "cells",
    [
        [f"x{n} = x{n + 1}" for n in range(3000)],
        [f"x{n} = g(x{n - 1}, x)" for n in range(3000)],
        ["x += 1"] * 3000,
        [f"def g{n}(): return g{n + 1}()" for n in range(3000)] + ["x = g0()"],
        [f"x{n} = g{n}()\ndef g{n - 1}(): return x{n + 1}" for n in range(1500)],
        ["x = " + "+".join(["x"] * 900)] * 100,
        ["x=0;" * 30_000],
        ["x = " + "lambda:" * 400 + "(" + ",".join(f"x{n}" for n in range(5000)) + ")"],
    ],
)
def test_long_notebooks_are_sliced_soon(cells):
    """It takes seconds; if the time grew with the square of the length, it would take an hour."""
    needs(*cells, "def f(): return x, x0, x1499, g0, g1499")


# ------------------------------------------------------- the slice does what the whole notebook does


class Notebooks:
    """Random notebooks whose cells run without an error, top to bottom."""

    def __init__(self, seed):
        self._random = random.Random(seed)
        self._constants, self._functions = [], {}

    def cells(self):
        cells = ["import operator"]
        for _ in range(self._random.randint(3, 14)):
            cells.append("\n".join(self._statement() for _ in range(self._random.randint(1, 3))))
        return cells

    def _value(self):
        """An expression that can be computed at once."""
        kinds = ["3", "7", *self._constants, *(f"{name}({value})" for name, value in self._functions.items())]
        return " * ".join(self._random.choices(kinds, k=self._random.randint(1, 2))) + " % 1000"

    def function(self, name):
        """A function that calls those of a lower number only."""
        level = int(name[1:]) if name != "f" else 9
        helpers = [other for other in self._functions if int(other[1:]) < level]
        parts = ["x", "1", *(f"{other}(x)" for other in helpers), *self._constants]
        chosen = self._random.choices(parts, k=3)
        body = f"return ({' + '.join(chosen)}) % 1000"
        default = self._random.choice(["", f", y={self._value()}"])
        self._functions.update({name: self._random.choice("123")} if name != "f" else {})
        form = self._random.choice(["def", "def", "lambda", "inner", "class"])
        if form == "lambda":
            return f"{name} = lambda x{default}: {body.removeprefix('return ')}"
        if form == "inner":
            return f"def {name}(x{default}):\n    def inner():\n        {body}\n    return inner()"
        if form == "class":
            return f"class {name.upper()}:\n    def m(self, x):\n        {body}\n{name} = {name.upper()}().m"
        return f"def {name}(x{default}):\n    {body}"

    def _statement(self):
        kind = self._random.choice(
            ["constant", "function", "function", "add", "block", "print", "wrap", "tuple"]
        )
        if kind == "function":
            return self.function(self._random.choice(["g1", "g2", "g3", "g4"]))
        if kind == "print":
            return f"print({self._value()})\nfor i in range(2): print(i)\n%time {self._value()}"
        if kind == "add" and self._constants:
            return f"{self._random.choice(self._constants)} += {self._value()}"
        if kind == "wrap" and self._functions:
            name = self._random.choice(list(self._functions))
            return f"def w(g): return lambda x: g(x) + 1\n{name} = w({name})"
        name, value = self._random.choice(["a", "b", "c"]), self._value()
        text = f"{name} = {value}"
        if kind == "tuple":
            text = f"(_, {name}), _ = (1, {value}), 2"
        if kind == "block":
            beginning = self._random.choice(["if True", f"if {self._value()} > 500 or 1", "try"])
            end = {"try": "\nexcept ValueError:\n    print(3)"}.get(beginning, f"\nelse:\n    {name} = 1")
            text = f"{beginning}:\n    print(3)\n    {text}{end}"
            if name in self._constants and self._random.random() < 0.5:
                text = f"if {value} > 500:\n    {name} = 4 * {value}"
        if name not in self._constants:
            self._constants.append(name)
        return text


def run(cells):
    """The value of ``f(3)`` after some cells."""
    names = {"print": lambda *_: None}
    for cell in cells:
        exec(compile(cell, "cell", "exec"), names)
    return names["f"](3)


@pytest.mark.parametrize("first", range(0, 1500, 100))
def test_a_slice_defines_the_same_function_as_the_notebook(first):
    for seed in range(first, first + 100):
        notebooks = Notebooks(seed)
        cells = notebooks.cells()
        definition = notebooks.function("f")
        cells.append(definition)
        place = len(cells) - 1
        if seed % 2 and definition.startswith("def f(x):"):  # what it reads may be in a later cell as well
            cells += notebooks.cells()
        plain = [without_magics(cell) for cell in cells]
        assert last_definition("f", plain) == place
        pieces = needed("f", plain, place, ())
        assert run([*pieces, plain[place]]) == run(plain), "\n---\n".join(cells)
        assert not any("print(" in piece for piece in pieces)
