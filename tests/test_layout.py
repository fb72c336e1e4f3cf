"""Record types: structs of C, with names that mean the same compiled and uncompiled.

Also tests `layout/cgroups.py`, `layout/errors.py`, `layout/memory.py`, `layout/pools.py`,
`layout/traces.py`, `layout/z3fold.py` and `layout/zsmalloc.py`.
"""

import numpy as np
import pytest

from zbudlab import layout

RECORDS = {
    name: value
    for name, value in vars(layout).items()
    if isinstance(value, np.dtype) and value.names
}


def shadowed(dtype):
    """Fields that `record.field` cannot reach, as numpy has something of that name."""
    return set(dtype.names) & set(dir(np.recarray))


@pytest.mark.parametrize("name", RECORDS)
def test_no_field_is_named_like_an_attribute_of_numpy(name):
    assert shadowed(RECORDS[name]) == set()


def test_such_a_name_would_be_noticed():
    assert shadowed(np.dtype([("flags", "i4"), ("order", "u1"), ("data", "i8")])) == {
        "flags",
        "data",
    }


@pytest.mark.parametrize("name", RECORDS)
def test_fields_are_aligned_and_do_not_overlap(name):
    dtype = RECORDS[name]
    assert dtype.isalignedstruct
    end = 0
    for field, offset in sorted(
        (dtype.fields[field][:2] for field in dtype.names), key=lambda f: f[1]
    ):
        assert offset >= end
        assert offset % field.base.alignment == 0
        end = offset + field.itemsize
    assert end <= dtype.itemsize


def test_what_a_frame_costs():
    assert layout.page.itemsize == 32
    assert layout.zbud_header.itemsize == layout.CHUNK_SIZE == 64


def test_the_header_fits_in_chunk_0():
    assert layout.zbud_header.itemsize <= layout.ZHDR_CHUNKS * layout.CHUNK_SIZE


def test_the_sizes_of_linux():
    assert (layout.PAGE_SIZE, layout.MAX_ORDER_NR_PAGES, layout.NCHUNKS) == (4096, 1024, 64)
    assert layout.ZBUD_MAX_SIZE == 3968
    assert layout.MIGRATE_NAMES[layout.MIGRATE_ISOLATE] == "isolate"
    assert len(layout.MIGRATE_NAMES) == layout.MIGRATE_TYPES


def test_no_two_list_heads_share_a_record():
    zone_lists = [
        layout.INACTIVE_ANON,
        layout.ACTIVE_ANON,
        layout.MIGRATEPAGES,
        layout.FREEPAGES,
        layout.SHRINK_LIST,
    ]
    assert sorted(zone_lists) == list(range(layout.NR_FREE_LISTS, layout.NR_LIST_HEADS))
    assert layout.NR_FREE_LISTS == layout.MAX_ORDER * layout.MIGRATE_TYPES
    assert layout.LRU_LIST == layout.NCHUNKS == layout.NR_POOL_LISTS - 1
