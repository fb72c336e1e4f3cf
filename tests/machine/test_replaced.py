"""Functions of a machine that are replaced by others."""

import errno

import pytest

from tests.machine.machines import (
    low_objects,
    small,
)
from zbudlab import layout
from zbudlab.machine.errors import Inconsistent, MachineError


class TestReplaced:
    def test_a_function_of_mine_runs_and_leaves(self):
        machine = small()
        asked = []

        def mine(mem, number, size, migratetype):
            asked.append(size)
            return -errno.ENOSPC

        with machine.replaced(zbud_alloc=mine), pytest.raises(MachineError):
            machine.zbud_alloc(77)
        assert asked == [77]
        assert machine.zbud_alloc(77) > 0
        assert asked == [77]

    def test_everything_is_restored_after_an_error(self):
        machine = small()
        with pytest.raises(ZeroDivisionError), machine.replaced(zbud_alloc=lambda *a: 1 // 0):
            machine.zbud_alloc(77)
        assert machine.zbud_alloc(77) > 0
        machine.check()

    def test_an_unknown_function_is_refused(self):
        with pytest.raises(ValueError, match="zbud_alok"), small().replaced(zbud_alok=print):
            pass

    def test_check_catches_a_migration_that_forgets_the_second_handle(self):
        from zbudlab.mm import zbud_migrate as theirs

        def forgetful(mem, new, old):
            pool = mem.pools[mem.pages[old].private]
            header = mem.rows[theirs.header_row(pool, old)]
            theirs.set_page_zbud(mem.pages[new])
            mem.pages[new].private = mem.pages[old].private
            mem.frames[new] = mem.frames[old]
            theirs.move_handle(mem, pool, int(header.first_handle), new, old)
            for link in (layout.LRU, layout.BUDDY):
                theirs.list_replace(
                    mem.rows, link, theirs.header_row(pool, old), theirs.header_row(pool, new)
                )
            return 0

        machine, _ = low_objects(100, size=1500)
        machine.check()
        with machine.replaced(zbud_migrate_page=forgetful):
            machine.compact()
        assert machine.paging.events["pgmigrate_success"] > 0
        with pytest.raises(Inconsistent, match="zbud"):
            machine.check()
