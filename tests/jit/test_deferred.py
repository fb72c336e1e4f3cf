"""Machine code of a kernel is generated when Python calls it, in this process or a later one."""

import os
import re
import subprocess
import sys

import numpy as np

from zbudlab import jit
from zbudlab.jit.deferred import code_of


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


def summing_kernel():
    """A kernel, and one that calls it; the same at each call, but compiled anew."""

    @jit.kernel(inline=False)
    def sum_of_even(numbers):
        total = 0
        for i in range(numbers.shape[0]):
            if numbers[i] % 2 == 0:
                total += numbers[i] // 2 * 2
        return total

    @jit.kernel(inline=False)
    def even_or_zero(numbers):
        return sum_of_even(numbers) * (numbers.shape[0] > 0)

    return sum_of_even, even_or_zero


def inlined_form(compiled):
    """The body of a kernel that its callers inline, without its name, which counts compilations."""
    (result,) = compiled.overloads.values()
    module = code_of(result)._get_module_for_linking()
    body = str(module.get_function(result.fndesc.llvm_func_name))
    return re.sub(r"@_ZN\w+|#\d+|!\d+|; .*", "", body)


def test_callers_inline_the_same_whether_or_not_python_called_a_kernel_before():
    numbers = np.arange(5)
    inner, outer = summing_kernel()
    assert outer(numbers) == 6
    before = inlined_form(inner)
    assert "srem" in before or "and i64" in before
    assert inner(numbers) == 6
    assert inlined_form(inner) == before
    called_first, _ = summing_kernel()
    assert called_first(numbers) == 6
    assert inlined_form(called_first) == before


def test_a_rewritten_kernel_has_machine_code_before_python_calls_it():
    @jit.kernel(inline=False, rewritten=True)
    def doubled(number):
        return number * 2

    @jit.kernel
    def doubled_and_one(number):
        return doubled(number) + 1

    assert doubled_and_one(3) == 7
    assert has_machine_code(doubled) == [True]
