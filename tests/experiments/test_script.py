"""Scripts are checked before any of them is run."""

import numpy as np
import pytest

from zbudlab.experiments import script as ops
from zbudlab.experiments.script import check


@pytest.mark.parametrize(
    "row",
    [
        (16, 0, 0),
        (ops.PIN, -1, 0),
        (ops.UNPIN, 1, 0),
        (ops.ZBUD_MAP, 0, 0),
        (ops.ZBUD_UNMAP, 0, 0),
        (ops.MOVABLE, 2, 0),
        (-1, 0, 0),
        (ops.ALLOC_PAGES, 11, 0),
        (ops.ALLOC_PAGES, 0, 3),
        (ops.FREE_PAGES, 0, 0),  # row 0 allocated no pages
        (ops.FREE_PAGES, 7, 0),
        (ops.ZBUD_FREE, 1, 0),
        (ops.ZBUD_ALLOC, 0, 0),
        (ops.TOUCH, 1, 0),
        (ops.TOUCH, 0, 5),
        (ops.EXIT, -1, 0),
        (ops.ASK, 11, 0),
        (ops.COMPACT, -2, 0),
    ],
)
def test_invalid_rows_are_refused(row):
    script = np.array([(ops.CREATE_PROCESS, 5, 0), (ops.FREE, 0, 0), row])
    with pytest.raises(ValueError, match="row 2 of a script is invalid"):
        check(script)


def test_nothing_is_freed_twice():
    script = np.array([(ops.ZBUD_ALLOC, 9, 0), *[(ops.ZBUD_FREE, 0, 0)] * 2])
    with pytest.raises(ValueError, match="the same thing twice"):
        check(script)


@pytest.mark.parametrize("shape", [(0, 3), (2, 2), (3,)])
def test_other_arrays_are_refused(shape):
    with pytest.raises(ValueError, match="a script has rows of an operation and two arguments"):
        check(np.zeros(shape, np.int64))
