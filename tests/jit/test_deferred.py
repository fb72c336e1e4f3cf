"""Machine code of a kernel is generated when Python calls it, in this process or a later one."""

import os
import subprocess
import sys

from zbudlab import jit


@jit.kernel(inline=False)
def below(number):
    return number * 3


@jit.kernel
def above(number):
    return below(number) + 1


def has_machine_code(compiled):
    """Of each form that a kernel was compiled in, whether Python can call it."""
    return [callable(each.entry_point) for each in compiled.overloads.values()]


def test_a_kernel_that_only_kernels_call_has_no_machine_code():
    assert above(2) == 7
    assert (has_machine_code(above), has_machine_code(below)) == ([True], [False])
    assert below(2) == 6
    assert has_machine_code(below) == [True]
    assert above(5) == 16


#: Isolating a page takes a reference of it by a kernel that only this one calls.
ISOLATE = """
import sys
import numpy as np
from zbudlab import layout
from zbudlab.mm import lru, page
from zbudlab.mm.state import State
mem = State(64, pageblock_order=4).mem
if "isolate" in sys.argv:
    page.set_flag(mem.pages[5], layout.PG_LRU)
    lru.isolate_lru_page(mem.zones[0], mem.pages, 5)
else:
    page.get_page(mem.pages[5])
print(int(mem.pages[5]["refcount"]), sum(page.get_page.stats.cache_hits.values()))
print(*(callable(each.entry_point) for each in page.get_page.overloads.values()))
"""


def isolated(folder, *arguments):
    """What a fresh Python prints that keeps compiled code in a folder."""
    done = subprocess.run(
        [sys.executable, "-c", ISOLATE, *arguments],
        env=dict(os.environ, NUMBA_CACHE_DIR=str(folder)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_another_process_generates_it_once(tmp_path):
    assert isolated(tmp_path, "isolate") == ["1", "0", "False"]
    assert isolated(tmp_path) == ["1", "1", "True"]
    assert isolated(tmp_path) == ["1", "1", "True"]
