"""zswap of two kernels, given the same pages."""

import pytest

from zbudlab.lessons import todays


@pytest.mark.parametrize(
    ("profile", "most"), [("6.1", "newest quarter"), ("7.3", "oldest quarter")]
)
def test_which_pages_are_on_the_device(profile, most):
    counts = todays.on_device(*todays.swapped_out(profile))
    least = min(todays.PAGES // 4 // todays.RANDOM_EVERY, *counts)
    assert todays.PARTS[counts.index(max(counts))] == most
    assert min(counts) == least  # 6.1: each fourth page at least, which does not compress


def test_without_a_limit_today_keeps_even_what_does_not_compress():
    machine, process = todays.swapped_out("7.3", pages=80, limit=60)
    assert todays.on_device(machine, process) == [0, 0, 0, 0]
    assert machine.swap.counters()["stored_incompressible_pages"] == 20
    machine, process = todays.swapped_out("6.1", pages=80, limit=60)
    assert todays.on_device(machine, process) == [5, 5, 5, 5]


def test_a_refused_store_removes_the_older_copy():
    assert todays.after_refusal("7.3") == todays.Kept("7.3", older_copy=False, newest=True)
