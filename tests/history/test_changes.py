"""Changed fields are named with their values before and after."""

import numpy as np
import pytest

from zbudlab import layout
from zbudlab.content import corpus
from zbudlab.history import changes
from zbudlab.history.changes import Moment
from zbudlab.machine import Machine
from zbudlab.machine.core import LAB_POOL
from zbudlab.mm import lru, page_alloc, zbud_header


def small(**settings):
    return Machine(frames=64, pageblock_order=4, threads=1, **settings)


class TestChanges:
    def test_every_changed_field_is_listed_with_its_values(self, past):
        for stop in (6, 12, len(past) - 1, len(past)):
            before = Moment(past.machine_at(stop - 1))
            after = Moment(past.machine_at(stop))
            found = changes.changes(before, after)
            listed = {(c.array, c.record, c.field): (c.before, c.after) for c in found}
            for array in ("zones", "ptes", "swap_slots", "zswap_entries", "processes"):
                for field in after.arrays[array].dtype.names:
                    old, new = before.arrays[array][field], after.arrays[array][field]
                    if new.ndim > 1:
                        continue
                    for record in np.flatnonzero(old[: len(new)] != new[: len(old)]).tolist():
                        pair = (str(old[record]), str(new[record]))
                        if found.total == len(found):
                            assert listed[array, record, field] == pair

    def test_two_equal_moments_have_no_changes(self, past):
        moment = Moment(past.machine_at(5))
        assert changes.changes(moment, Moment(past.machine_at(5))).total == 0


@pytest.mark.parametrize("page_bytes", [True, False])
class TestNamesOfLists:
    def test_every_list_of_every_pool_has_its_own_name(self, page_bytes):
        moment = Moment(small(page_bytes=page_bytes))
        assert len(moment.pools) > LAB_POOL
        pools = moment.pools.view(np.recarray)
        for number in range(len(pools)):
            for which in range(layout.NR_POOL_LISTS):
                row = int(zbud_header.pool_list.py_func(pools[number], which))
                name = f"{changes.list_name(which)} of zbud pool {number}"
                assert changes.row_record(moment, row) == name

    def test_rows_before_the_lists_are_no_list(self, page_bytes):
        moment = Moment(small(page_bytes=page_bytes))
        shift = int(moment.pools[0]["row_shift"])
        assert changes.row_record(moment, 63 << shift) == "zbud header of page 63"
        assert changes.row_record(moment, 64 << shift) == f"unused row {64 << shift}"

    def test_an_object_of_the_lab_changes_lists_of_the_labs_pool_alone(self, page_bytes):
        machine = small(page_bytes=page_bytes)
        before = Moment(machine)
        machine.zbud_alloc(640)
        found = changes.changes(before, Moment(machine))
        heads = {c.where for c in found if c.array == "rows" and "of zbud pool" in c.where}
        free = layout.NCHUNKS - layout.ZHDR_CHUNKS - 10
        assert heads == {
            f"LRU of zbud pool {LAB_POOL}",
            f"list of {free} free chunks of zbud pool {LAB_POOL}",
        }

    def test_every_list_of_the_zone_has_its_own_name(self, page_bytes):
        moment = Moment(small(page_bytes=page_bytes))
        zone = moment.zones.view(np.recarray)[0]
        for order in range(layout.MAX_ORDER):
            for number, kind in enumerate(layout.MIGRATE_NAMES):
                head = int(page_alloc.free_list.py_func(zone, order, number))
                assert changes.page_record(moment, head) == f"free list of order {order}, {kind}"
        for active, name in ((False, "inactive list"), (True, "active list")):
            assert changes.page_record(moment, int(lru.lru_head.py_func(zone, active))) == name


@pytest.fixture(scope="module")
def reclaimed():
    """Moments before and after pages go into a pool of zsmalloc."""
    machine = Machine(frames=512, profile="6.1", zpool="zsmalloc", pageblock_order=4, threads=1)
    process = machine.create_process(12)
    machine.write(process, 0, corpus.pages("mixed", 12))
    before = Moment(machine)
    machine.reclaim(12)
    return before, Moment(machine)


class TestNamesOfZsmallocsLists:
    def test_every_list_of_every_class_of_every_pool_has_its_own_name(self, reclaimed):
        for moment in reclaimed:
            numbers = np.flatnonzero(moment.pools["kind"] == layout.ZPOOL_ZSMALLOC).tolist()
            assert numbers
            for number in numbers:
                first = int(moment.pools["size_classes"][number])
                for which in range(layout.ZS_SIZE_CLASSES):
                    name = f"size class {which} of zsmalloc pool {number}"
                    assert changes.class_record(moment, first + which) == name
                    head = int(moment.size_classes["list_heads"][first + which])
                    for group in range(layout.ZS_GROUPS):
                        found = changes.zspage_record(moment, head + group)
                        assert found == f"list of group {group}, {name}"

    def test_stored_pages_change_zspages_and_lists_that_are_told_apart(self, reclaimed):
        before, after = reclaimed
        found = [c for c in changes.changes(before, after) if c.array == "zspages"]
        heads = {c.record for c in found if c.where.startswith("list of group")}
        zspages = {c.record for c in found if c.where == f"zspage {c.record}"}
        assert heads
        assert zspages
        assert not heads & zspages
        assert heads | zspages == {c.record for c in found}
        assert (after.zspages["inuse"][sorted(zspages)] > 0).all()
        assert (after.zspages["inuse"][sorted(heads)] == 0).all()
