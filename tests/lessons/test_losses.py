"""What zswap of 3.12 loses is lost by its profile, counted, and kept by the fixed one."""

import pytest

from zbudlab.lessons import losses


@pytest.mark.parametrize("show", [losses.refused_duplicate, losses.failed_write])
def test_only_the_kernels_own_rules_lose_the_newest_page(show):
    kernel, fixed = show("3.12"), show("3.12-fixed")
    assert (kernel.newest_content, kernel.counted) == (False, 1)
    assert (fixed.newest_content, fixed.counted) == (True, 0)


def test_the_table_has_both():
    lines = losses.table().splitlines()
    assert [line.split()[-1] for line in lines[1:]] == ["1", "0", "1", "0"]
