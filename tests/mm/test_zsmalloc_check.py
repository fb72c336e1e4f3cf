"""The check of zsmalloc finds pools that were broken on purpose."""

import numpy as np
import pytest

from tests.mm.single_faults import OTHERS_HOLD, UNREAD_OF_PAGES, misjudged, names_of, of_others
from tests.mm.zsmalloc_engine import ZsmallocEngine
from zbudlab import layout
from zbudlab.mm import inspection, zsmalloc_check
from zbudlab.profiles import ZSMALLOC


@pytest.fixture
def engine():
    made = ZsmallocEngine(ZSMALLOC["6.1"], True)
    for size in (1000, 1000, 3000, 3000, 3000):
        made.malloc(size)
    made.free(4)
    assert zsmalloc_check.first_fault(made.state.mem, 0) == (0, 0)
    return made


def zspage(engine, handle=3):
    """The zspage of a handle, its first frame and its class."""
    state = engine.state
    found = int(state.pages["index"][engine.place(handle)[0]])
    return found, engine.frames_of(found)[0], int(state.zspages["size_class"][found])


def unlink_one_way(engine):
    found, _, which = zspage(engine)
    engine.state.zspages["prev"][found, 0] = found
    return which - int(engine.pool["size_classes"])


def give_a_page_away(engine):
    pfn = engine.frames_of(zspage(engine)[0])[2]
    engine.state.pages["mapcount"][pfn] = -1
    return pfn


def name_another_zspage(engine):
    pfn = engine.frames_of(zspage(engine)[0])[1]
    engine.state.pages["index"][pfn] += 1
    return pfn


def leave_memory(engine):
    engine.state.zspages["chain"][zspage(engine)[0], 1] = 1 << 31
    return 1 << 31


def claim_another_group(engine):
    found, pfn, _ = zspage(engine)
    engine.state.zspages["group"][found] = 2
    return pfn


def lose_a_free_object(engine):
    found, pfn, _ = zspage(engine)
    first = int(engine.state.zspages["first_object"][found])
    engine.state.objects[first + 1] = 4096 << 1
    return pfn


def count_one_too_many(engine):
    found, pfn, _ = zspage(engine)
    engine.state.zspages["inuse"][found] += 1
    return pfn


def move_a_handle(engine):
    engine.state.handles[3] += 1
    return zspage(engine, 5)[1]


def miscount_objects(engine):
    _, _, which = zspage(engine)
    engine.state.size_classes["obj_used"][which] += 1
    return which - int(engine.pool["size_classes"])


def miscount_pages(engine):
    engine.pool["pages_nr"] += 1
    return 0


def drop_a_reference(engine):
    pfn = engine.place(1)[0]
    engine.state.pages["refcount"][pfn] = 0
    return pfn


def forget_the_work(engine):
    pfn = engine.place(1)[0]
    engine.lock(pfn)
    engine.free(1)
    engine.free(2)
    engine.pool["free_work"] = 0
    return pfn


def change_a_size(engine):
    _, _, which = zspage(engine)
    engine.state.size_classes["object_size"][which] += 16
    return which - int(engine.pool["size_classes"])


def lose_the_classes(engine):
    engine.pool["size_classes"] += 1
    return 0


def name_a_page_twice(engine):
    found, pfn, _ = zspage(engine)
    engine.state.zspages["chain"][found, 1] = pfn
    return pfn


BREAKS = [
    (name_a_page_twice, 12),
    (change_a_size, 10),
    (lose_the_classes, 11),
    (unlink_one_way, 1),
    (give_a_page_away, 2),
    (name_another_zspage, 2),
    (leave_memory, 2),
    (claim_another_group, 3),
    (lose_a_free_object, 4),
    (count_one_too_many, 4),
    (move_a_handle, 5),
    (miscount_objects, 6),
    (miscount_pages, 7),
    (drop_a_reference, 8),
    (forget_the_work, 9),
]


@pytest.mark.parametrize(("damage", "code"), BREAKS)
def test_first_fault_finds(engine, damage, code):
    where = damage(engine)
    assert zsmalloc_check.first_fault(engine.state.mem, 0) == (code, where)
    assert inspection.first_fault(engine.state) is not None


def test_each_fault_can_be_found():
    assert {code for _, code in BREAKS} == set(range(1, len(zsmalloc_check.FAULTS)))


def test_an_empty_zspage_that_waits_is_no_fault(engine):
    pfn = engine.place(1)[0]
    engine.lock(pfn)
    engine.free(1)
    engine.free(2)
    assert zsmalloc_check.first_fault(engine.state.mem, 0) == (0, 0)
    assert engine.pages_nr() == 4


# --- each field broken by itself ------------------------------------------------------------------

ARRAYS = {
    "pages": layout.page,
    "zspages": layout.zspage,
    "size_classes": layout.size_class,
    "objects": np.dtype(np.uint32),
    "handles": np.dtype(np.int64),
    "pools": layout.zbud_pool,
}


def beyond_the_chain(damage, _before):
    zspage = damage.state.zspages[damage.record]
    return damage.at[0] >= damage.state.size_classes["pages_per_zspage"][zspage["size_class"]]


#: What a check cannot see, with the reason, and of which damage that is true.
UNSEEN = (
    UNREAD_OF_PAGES
    | of_others("pages_nr", "size_classes", "free_work", "groups_of_ten_percent")
    | {
        "pages.refcount": (OTHERS_HOLD, lambda damage, before: damage.value() > before),
        "zspages.readers": "only the readers know how many they are",
        "zspages.chain": ("the zspage has fewer pages", beyond_the_chain),
        "pools.free_work": "work may be queued that finds nothing to do",
        "pools.groups_of_ten_percent": (
            "a setting; found only if a group is no longer the right one",
            lambda damage, before: None,
        ),
    }
)


@pytest.fixture(scope="module", params=["6.1", "7.3"])
def filled(request):
    """Zspages that are full and in part used, with free objects on stacks, one of them read."""
    made = ZsmallocEngine(ZSMALLOC[request.param], True)
    handles = [made.malloc(size) for size in (1000, 1000, 3000, 3000, 3000, 4090, *[1700] * 9)]
    for handle in handles[7:15:3]:
        made.free(handle)
    made.map(handles[2])
    return made


def records_of(engine, array):
    """The records of a pool in an array; of the classes those with zspages, and some others."""
    state = engine.state
    zspages = sorted({int(state.pages["index"][pfn]) for pfn in engine.pages()})
    first = int(engine.pool["size_classes"])
    which = {int(which) - first for which in state.zspages["size_class"][zspages]}
    runs = []
    for zs in zspages:
        start = int(state.zspages["first_object"][zs])
        count = state.size_classes["objs_per_zspage"][state.zspages["size_class"][zs]]
        runs += range(start, start + int(count))
    words = state.objects[runs]
    return {
        "pages": engine.pages(),
        "zspages": zspages,
        "size_classes": [first + each for each in sorted(which | {0, 1, 100, 254})],
        "objects": runs,
        "handles": [int(word) >> layout.OBJ_TAG_BITS for word in words if word & 1],
        "pools": [0],
    }[array]


@pytest.mark.parametrize("name", names_of(ARRAYS))
def test_each_bit_of_each_field_is_found(filled, name):
    records = records_of(filled, name.partition(".")[0])
    assert misjudged(filled, zsmalloc_check.faults, name, records, UNSEEN) == []


@pytest.mark.parametrize("name", ["zspages.next", "zspages.prev"])
def test_each_link_of_list_heads_is_found(filled, name):
    heads = filled.classes()["list_heads"]
    unused = filled.classes()["used"] != np.arange(len(heads))
    heads = heads[~unused][::40]
    records = [int(head) + group for head in heads for group in range(layout.ZS_GROUPS)]
    assert misjudged(filled, zsmalloc_check.faults, name, records, {}) == []


def test_each_reason_is_about_a_field():
    assert set(UNSEEN) <= set(names_of(ARRAYS))
