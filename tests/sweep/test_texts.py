"""A function of a notebook depends on helpers, values and modules of the same notebook."""

import sys
from functools import partial

import numpy as np
import pytest

from zbudlab.sweep import SweepError, sources, sweep, texts

CELLS = """
import math
import numpy as np
FACTOR = 100
TABLE = np.arange(3)
UNUSED = 1


class Base:
    def more(self):
        return OTHER


class Model(Base):
    def result(self, a):
        return helper(a)


OTHER = [1, 2]


def deeper(a):
    return a * FACTOR + TABLE[0]


def helper(a):
    return (lambda: deeper(a))()


def ex(a, seed):
    if a >= STOP_AT:
        raise KeyboardInterrupt
    return {"r": Model().result(a) + math.pi}


STOP_AT = 2
"""


def notebook(text=CELLS):
    """Return the names of cells that were run; the module has no file, as in Jupyter."""
    names = {"__name__": "cells_of_a_notebook"}
    exec(text, names)
    return names


def names_of(text=CELLS):
    return texts.digests(notebook(text)["ex"])


def test_everything_that_it_uses_is_named():
    assert set(names_of()) == {
        *("the text of the experiment", "the text of helper", "the text of deeper"),
        *("the text of Model", "the text of Base"),
        *(
            "the value of FACTOR",
            "the value of TABLE",
            "the value of OTHER",
            "the value of STOP_AT",
        ),
    }


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("a * FACTOR", "a + FACTOR", "the text of deeper"),
        ("FACTOR = 100", "FACTOR = 200", "the value of FACTOR"),
        ("np.arange(3)", "np.arange(1, 4)", "the value of TABLE"),
        ("OTHER = [1, 2]", "OTHER = [1, 3]", "the value of OTHER"),
        ("+ math.pi", "- math.pi", "the text of the experiment"),
    ],
)
def test_a_change_is_named(old, new, what):
    assert sources.changes(names_of(), names_of(CELLS.replace(old, new))) == f"{what} changed"


def test_what_it_does_not_use_does_not_count():
    assert names_of() == names_of(CELLS.replace("UNUSED = 1", "UNUSED = 2"))


def test_resuming_after_a_helper_changed_is_refused(tmp_path):
    def run(text, **how):
        cells = notebook(text)
        return sweep(cells["ex"], {"a": [1, 2]}, out=tmp_path / "t.parquet", **how)

    with pytest.raises(KeyboardInterrupt):
        run(CELLS)
    with pytest.raises(SweepError, match="is from before the text of deeper changed"):
        run(CELLS.replace("a * FACTOR", "a + FACTOR"), resume=True)
    with pytest.raises(KeyboardInterrupt):  # unchanged, it goes on, and is interrupted again
        run(CELLS, resume=True)


def test_a_module_next_to_the_notebook_counts(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    (tmp_path / "near_by.py").write_text("def twice(a):\n    return 2 * a\n")
    names = {"__name__": "cells_of_a_notebook"}
    exec("import near_by\ndef ex(a, seed):\n    return {'r': near_by.twice(a)}\n", names)
    before = texts.digests(names["ex"])
    assert "near_by.py" in before
    (tmp_path / "near_by.py").write_text("def twice(a):\n    return a + a\n")
    assert sources.changes(before, texts.digests(names["ex"])) == "near_by.py changed"


def test_a_closure_and_a_partial_count():
    def made(factor, table):
        names = {"__name__": "cells_of_a_notebook"}
        exec(
            "def make(factor, table):\n"
            "    def ex(a, b, seed):\n"
            "        return {'r': a * factor + table[0]}\n"
            "    return ex\n",
            names,
        )
        return partial(names["make"](factor, table), b=1)

    first, second = (sources.digests(made(f, np.arange(2)), {}) for f in (1, 2))
    assert sources.changes(first, second) == "the value of factor changed"
