"""The check of zsmalloc finds pools that were broken on purpose."""

import pytest

from tests.mm.planted import Planted
from tests.mm.zsmalloc_engine import ZsmallocEngine
from zbudlab.mm import zsmalloc_check
from zbudlab.profiles import ZSMALLOC


@pytest.fixture
def engine():
    made = ZsmallocEngine(ZSMALLOC["6.1"], True)
    for size in (1000, 1000, 3000, 3000, 3000):
        made.malloc(size)
    made.free(4)
    return made


def zspage(engine, handle=3):
    """The zspage of a handle, its first frame and its class."""
    state = engine.state
    found = int(state.pages["index"][engine.place(handle)[0]])
    return found, engine.frames_of(found)[0], int(state.zspages["size_class"][found])


def in_class(engine, field, by):
    """Change a number of the class of handle 3. Return the class."""
    _, _, which = zspage(engine)
    engine.state.size_classes[field][which] += by
    return which - int(engine.pool["size_classes"])


def miscount_objects(engine):
    return in_class(engine, "obj_used", 1)


def change_a_size(engine):
    return in_class(engine, "object_size", 16)


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


def lose_the_classes(engine):
    engine.pool["size_classes"] += 1
    return 0


def name_a_page_twice(engine):
    found, pfn, _ = zspage(engine)
    engine.state.zspages["chain"][found, 1] = pfn
    return pfn


class TestPlanted(Planted):
    check = zsmalloc_check
    plants = (
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
    )


def test_an_empty_zspage_that_waits_is_no_fault(engine):
    pfn = engine.place(1)[0]
    engine.lock(pfn)
    engine.free(1)
    engine.free(2)
    assert zsmalloc_check.first_fault(engine.state.mem, 0) == (0, 0)
    assert engine.pages_nr() == 4
