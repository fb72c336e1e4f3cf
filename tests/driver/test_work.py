"""The arrays of the driver, which compiled code receives as the address of a table."""

import copy
import pickle

import numpy as np
import pytest

from zbudlab.driver.work import Operations, new_work
from zbudlab.jit import kernel


@kernel(inline=False)
def in_both(work, log, answers):
    """Write what compiled code sees of some arrays, and to one array of each group."""
    answers[0] = work.tags.shape[0]
    answers[1] = work.tags.shape[1]
    answers[2] = work.arrivals.shape[0]
    answers[3] = log.codes.shape[0]
    answers[4] = log.arguments[1]
    work.now[0]["place"] = 7
    log.places[0] = 8


def new_log(codes=3):
    numbers = np.zeros(codes, np.int64)
    arrays = (numbers, numbers, numbers, numbers, np.arange(5), numbers.copy())
    return Operations(*arrays, np.zeros(codes, np.int32), np.zeros((0, 0), np.uint8))


def seen(work, log):
    answers = np.zeros(5, np.int64)
    in_both(work, log, answers)
    return answers.tolist()


def test_compiled_code_sees_the_arrays_and_writes_to_them():
    work, log = new_work(), new_log()
    assert seen(work, log) == [*work.tags.shape, 0, 3, 1]
    assert (work.now[0]["place"], log.places[0]) == (7, 8)


def test_other_arrays_make_another_table():
    work = new_work()
    seen(work, new_log())
    grown = work._replace(arrivals=np.zeros(11, np.uint8))
    assert seen(grown, new_log(6))[2:4] == [11, 6]


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda work: pickle.loads(pickle.dumps(work))])
def test_a_copy_has_a_table_of_its_own_arrays(copied):
    work = new_work()
    seen(work, new_log())
    other = copied(work)
    work.now[0]["place"] = 0
    seen(other, new_log())
    assert (work.now[0]["place"], other.now[0]["place"]) == (0, 7)


@pytest.mark.parametrize(
    "wrong", [np.zeros(4, np.int32), np.zeros((4, 2), np.int64), np.zeros(8, np.int64)[::2]]
)
def test_arrays_of_another_type_are_refused_by_name(wrong):
    with pytest.raises(TypeError, match=r"work\.victims must be a writable, contiguous array"):
        seen(new_work()._replace(victims=wrong), new_log())
