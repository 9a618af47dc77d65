"""What an exercise needs of a student's own cells: their statements, chosen by what they read and bind.

Nothing is run here.
"""

import re
import warnings
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import zip_longest

from nst_tf.grading.course.statements import Edit, Statement, edited, plain, statements

_ROUNDS = 20  # of looking for what runs; a notebook that isn't made to be odd takes three

# ------------------------------------------------------------------------------------- definitions


def last_definition(name: str, cells: Sequence[str]) -> int | None:
    """The place of the last cell that defines a name, among those that Python can parse.

    If none of these does, the last that looks like it; its error is worth seeing.
    """
    looks_like_it = None
    for place in reversed(range(len(cells))):
        if name not in cells[place]:
            continue
        found = statements(cells[place])
        if found is None:
            if looks_like_it is None and looks_like_a_definition(name, cells[place]):
                looks_like_it = place
        elif any(name in statement.defines for statement in found):
            return place
    return looks_like_it


def looks_like_a_definition(name: str, cell: str) -> bool:
    """Whether a line of a cell that can't be parsed would define a name."""
    beginnings = rf"(async +)?def +{name}\b|class +{name}\b|{name}[ \t]*(:[^=\n]+)?=(?!=)"
    imports = rf"(from|import)\b[^\n#]*[ ,(]{name}[ \t]*($|[,)#;])"
    return re.search(rf"^[ \t]*+({beginnings}|{imports})", cell, re.MULTILINE) is not None


def defined_names(cells: Iterable[str]) -> set[str]:
    """What the top-level statements of some cells bind."""
    return {name for cell in cells for statement in statements(cell, True) or () for name in statement.binds}


def statements_of(cells: Iterable[str]) -> set[str]:
    """The text of each of their top-level statements."""
    return {statement.text for cell in cells for statement in statements(cell) or ()}


def without_statements(cell: str, unwanted: Collection[str]) -> str:
    """A cell in which some statements, known by their text, do nothing."""
    edits = [
        Edit(statement.start, statement.end, "pass")
        for statement in statements(cell) or ()
        if statement.text in unwanted
    ]
    return edited(plain(cell).encode(), edits) if edits else cell


# ------------------------------------------------------------------------------------------- needs


def needed(name: str, cells: Sequence[str], place: int, given: Collection[str]) -> list[str]:
    """The statements of the other cells that a defining cell needs, in the notebook's order.

    What is read inside a function's body is looked up when it is called, and means the last definition in the
    notebook; all else means the last one before. Imports, definitions and assignments are taken, alone or
    in ``if``, ``try`` and ``with``; no other statement is.

    Args:
        name: what the cell defines.
        cells: without magics.
        place: of the defining cell.
        given: the names that are there anyway, and are never overridden.
    """
    if statements(cells[place], True) is None:
        return []
    kept = frozenset(given) - {name}
    return list(_texts(_Notebook(cells, place, kept).slice(), kept))


def _texts(statements: Iterable["Statement"], given: Collection[str]) -> Iterator[str]:
    for statement in statements:
        edits = [edit for edit in statement.edits if edit.name is None or edit.name in given]
        text = edited(statement.text.encode(), edits)
        if _can_run(text):
            yield text


def _can_run(text: str) -> bool:
    """Whether Python takes a statement by itself; ``await`` is taken by a notebook only."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(text, "statement", "exec")
    except Exception:  # as for ``parsed``
        return False
    return True


class _Notebook:
    """All statements that may be run, numbered in their order."""

    def __init__(self, cells: Sequence[str], place: int, given: Collection[str]) -> None:
        self._statements: list[Statement] = []
        self._roots: set[int] = set()  # of the cell itself
        self._stars: set[int] = set()
        self._binders: dict[str, list[int]] = defaultdict(list)
        for cell_place, cell in enumerate(cells):
            for statement in statements(cell, cell_place == place) or ():
                if statement.is_kept:
                    self._add(statement, cell_place == place, given)

    def _add(self, statement: "Statement", is_root: bool, given: Collection[str]) -> None:
        number = len(self._statements)
        self._statements.append(statement)
        if is_root:
            self._roots.add(number)
        elif statement.is_star:
            self._stars.add(number)
        for bound in statement.binds.difference(given):
            self._binders[bound].append(number)

    def slice(self) -> list["Statement"]:
        """What the cell needs of the others."""
        running: Sequence[int] = []
        for _ in range(_ROUNDS):
            chosen = self._closure(running)
            found = sorted(number for number in chosen if self._statements[number].runs)
            if found == running:
                break
            running = found
        else:
            chosen = self._closure(range(len(self._statements) + 1))
        return [self._statements[number] for number in sorted(chosen - self._roots)]

    def _closure(self, running: Sequence[int]) -> set[int]:
        """All that the cell needs, where a function may be called by the running statements,
        and at the end.
        """
        chosen = self._roots | self._stars
        todo = list(chosen)
        followed: set[str] = set()
        while todo:
            number = todo.pop()
            statement = self._statements[number]
            found = {before for name in statement.now for before in self._before(name, number)}
            for name in statement.later - followed:
                found.update(self._visible(name, running))
            followed.update(statement.later)
            todo.extend(found - chosen)
            chosen |= found
        return chosen

    def _before(self, name: str, number: int) -> list[int]:
        """The last binding of a name before a statement."""
        binders = self._binders.get(name, [])
        place = bisect_left(binders, number)
        return binders[place - 1 : place] if place else []

    def _visible(self, name: str, running: Sequence[int]) -> Iterator[int]:
        """The bindings of a name that are in force when a statement runs, or at the end."""
        binders = self._binders.get(name, [])
        for binder, following in zip_longest(binders, binders[1:]):
            place = bisect_left(running, binder + 1)
            if following is None or (place < len(running) and running[place] <= following):
                yield binder
