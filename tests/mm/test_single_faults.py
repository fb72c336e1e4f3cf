"""One damaged value in a pool of each allocator: its check names it.

Also tests `mm/zbud_check.py`, `mm/zsmalloc_check.py` and `mm/z3fold_check.py` field by field.
"""

import numpy as np
import pytest

from tests.mm.damage import OTHER_POOLS, READ_BACK, SETTING, UNUSED, Damages, Unseen, fields
from tests.mm.z3fold_engine import Z3foldEngine
from tests.mm.zbud_engine import Engine
from tests.mm.zsmalloc_engine import ZsmallocEngine
from zbudlab import layout
from zbudlab.layout import BUDDY, LRU, ZBUD_SERIES
from zbudlab.machine.proof import CONSTANT
from zbudlab.mm import z3fold_check, zbud_check, zsmalloc_check
from zbudlab.profiles import ZSMALLOC, ZSMALLOC_RULES

POOL = {"pool 0"}
WORDS = "what the owner wrote; `analysis/ownership.py` checks it"


def sentence(module, mem):
    for checked, (code, where) in module.faults(mem, 0):
        if code:
            return checked.FAULTS[code].format(where=where)
    return ""


def reasons(reason, *listed):
    return dict.fromkeys(listed, Unseen(reason))


def frames_named(frames):
    return {f"page frame {pfn}" for pfn in frames}


def pages_unseen(*more):
    """Fields of struct page that a pool's check does not see."""
    names = ("next", "prev", "page_flags", "order", "migratetype", "mapping", *more)
    return reasons(UNUSED, *(f"pages.{name}" for name in names))


def more_holders(state):
    """Damages that add a reference."""
    refcount = state.pages["refcount"]
    return Unseen("others may have references, too", lambda pfn, at: refcount[pfn] % 2 == 0)


def of_other_pools(*own):
    """Fields of a pool that only the other allocators use, except those in `own`."""
    names = set(layout.zbud_pool.names) - {"pages_nr", "created", "kind", *own}
    return reasons(OTHER_POOLS, *(f"pools.{name}" for name in names))


# --- zbud ----------------------------------------------------------------------------------------

ZBUD_FIELDS = fields(
    rows=layout.zbud_header, pools=layout.zbud_pool, pages=layout.page, nodes=layout.radix_tree_node
)
ZBUD_UNSEEN = {
    **pages_unseen("index"),
    **of_other_pools(
        "list_heads", "row_shift", "variant", "height", "rnode", "items", "last_handle"
    ),
    **reasons(SETTING, "pools.created", "pools.kind", "pools.variant"),
    **reasons("a buddy may be freed while it is mapped (keep_page_until_unmap)", "rows.freed"),
    **reasons(WORDS, "rows.first_swpentry", "rows.last_swpentry"),
}
LINKS = ("rows.next", "rows.prev")
ROWS = {f"rows.{name}" for name in layout.zbud_header.names}


@pytest.fixture(scope="module")
def zbud():
    engine = Engine(ZBUD_SERIES, False)
    for _ in range(71):
        engine.alloc(1000)
    state, rows = engine.state, engine.pages(layout.LRU_LIST, LRU)
    everything = frames_named(rows) | {f"list {which}" for which in range(layout.NR_POOL_LISTS)}
    heads = int(engine.pool["list_heads"])
    nodes = {at: everything | {f"node {at}"} for at in range(1, int(state.nodes["count"][0]) + 1)}
    tables = {
        "rows": dict.fromkeys([*rows, *range(heads, heads + layout.NR_POOL_LISTS)], everything),
        "pools": {0: everything.union(*nodes.values()) | POOL | {"tree"}},
        "pages": {pfn: frames_named([pfn]) for pfn in rows},
        "nodes": nodes,
    }

    def used(field, record, at):
        link = LRU if record == heads + layout.LRU_LIST else BUDDY
        return record < heads or field not in ROWS or (field in LINKS and at == link)

    full = Unseen(
        "a page with two buddies is on one list whatever their sizes",
        lambda row, at: state.rows["first_chunks"][row] and state.rows["last_chunks"][row],
    )
    unseen = ZBUD_UNSEEN | {
        "pages.refcount": more_holders(state),
        "rows.first_chunks": full,
        "rows.last_chunks": full,
    }
    return Damages(state, tables, lambda: sentence(zbud_check, state.mem), unseen, used)


@pytest.mark.parametrize("field", ZBUD_FIELDS)
def test_zbud_names_each_damage(zbud, field):
    assert zbud.wrong(field) == ""


# --- zsmalloc ------------------------------------------------------------------------------------

ZSMALLOC_FIELDS = fields(
    zspages=layout.zspage,
    size_classes=layout.size_class,
    objects=np.dtype(np.uint32),
    handles=np.dtype(np.int64),
    pools=layout.zbud_pool,
    pages=layout.page,
    arenas=layout.zs_arena,
)
ZSMALLOC_UNSEEN = {
    **pages_unseen(),
    **of_other_pools("size_classes"),
    **reasons(
        SETTING, "pools.created", "pools.kind", *(f"pools.{rule}" for rule in ZSMALLOC_RULES)
    ),
    **reasons(SETTING, *(f"size_classes.{name}" for name in CONSTANT["size_classes"])),
    **reasons(READ_BACK, *(f"arenas.{name}" for name in layout.zs_arena.names)),
    **reasons("mappings are counted only there", "zspages.readers"),
    **reasons("work that finds nothing to free does no harm", "pools.free_work"),
}


@pytest.fixture(scope="module", params=["6.1", "7.3"])
def zsmalloc(request):
    engine = ZsmallocEngine(ZSMALLOC[request.param], False)
    engine.state.create_pool(1, 0, layout.ZPOOL_ZSMALLOC, ZSMALLOC[request.param])
    for size in (1000, 1000, 3000, 3000, 3000, 100, 2000):
        engine.malloc(size)
    engine.free(4)
    state = engine.state
    tables = {name: {} for name in ("zspages", "size_classes", "objects", "handles", "pages")}
    for number, each in enumerate(engine.classes()):
        if each["used"] == number and each["obj_allocated"]:
            add_class(engine, tables, number)
    tables["pools"] = tables["arenas"] = {0: set().union(*tables["size_classes"].values())}
    zspages = set(state.pages["index"][engine.pages()].tolist())

    def used(field, record, at):
        if field.startswith("zspages.") and record not in zspages:
            return field in ("zspages.next", "zspages.prev")
        return field != "zspages.chain" or at < len(engine.frames_of(record))

    return Damages(
        state, tables, lambda: sentence(zsmalloc_check, state.mem), ZSMALLOC_UNSEEN, used
    )


def add_class(engine, tables, number):
    """Add the records of a size class, and what may be named for them: its pages, and itself."""
    state, each = engine.state, engine.classes()[number]
    heads = range(int(each["list_heads"]), int(each["list_heads"]) + layout.ZS_GROUPS)
    pages = engine.pages()
    numbers = {pfn: int(state.pages["index"][pfn]) for pfn in pages}
    own = [pfn for pfn in pages if state.zspages["size_class"][numbers[pfn]] == number]
    near = frames_named([*own, *(pfn ^ 1 for pfn in own)]) | {f"size class {number}"} | POOL
    tables["size_classes"][number] = near
    tables["pages"] |= {pfn: frames_named([pfn]) for pfn in own}
    zspages = {numbers[pfn] for pfn in own}
    tables["zspages"] |= dict.fromkeys([*zspages, *heads], near)
    for zs in zspages:
        first = int(state.zspages["first_object"][zs])
        words = range(first, first + int(each["objs_per_zspage"]))
        tables["objects"] |= dict.fromkeys(words, near)
        found = [int(state.objects[word]) for word in words]
        tables["handles"] |= {word >> 1: near for word in found if word & 1}


@pytest.mark.parametrize("field", ZSMALLOC_FIELDS)
def test_zsmalloc_names_each_damage(zsmalloc, field):
    assert zsmalloc.wrong(field) == ""


# --- z3fold --------------------------------------------------------------------------------------

Z3FOLD_FIELDS = fields(
    z3folds=layout.z3fold_header,
    handles=np.dtype(np.int64),
    pools=layout.zbud_pool,
    pages=layout.page,
    arenas=layout.zs_arena,
)
SEEN = ("unused_z3fold",)
Z3FOLD_UNSEEN = {
    **pages_unseen(),
    **of_other_pools("z3fold_heads"),
    **reasons(SETTING, "pools.created", "pools.kind"),
    **reasons(READ_BACK, *(f"arenas.{name}" for name in layout.zs_arena.names if name not in SEEN)),
    **reasons(WORDS, "z3folds.words"),
    **reasons("says that a free queues work; no list shows it", "z3folds.listed"),
    **reasons("a middle object may be anywhere between the others", "z3folds.start_middle"),
}


@pytest.fixture(scope="module")
def z3fold():
    engine = Z3foldEngine(False)
    engine.state.create_pool(1, 0, layout.ZPOOL_Z3FOLD)
    for size in (1000, 1000, 500, 1900, 4000, 1900, 700, 1900):
        engine.malloc(size)
    engine.free(8)
    state, heads = engine.state, int(engine.pool["z3fold_heads"])
    records = np.flatnonzero(state.z3folds["owner"] == 1).tolist()
    frames = {record: int(state.z3folds["pfn"][record]) for record in records}
    lists = {f"list {which}" for which in range(layout.Z3FOLD_NR_LISTS)}
    linked = frames_named(frames.values()) | lists | POOL
    tables = {
        "z3folds": dict.fromkeys([*records, *range(heads, heads + layout.Z3FOLD_NR_LISTS)], linked),
        "handles": {
            int(handle): frames_named([frames[record]])
            for record in records
            for handle in state.z3folds["handles"][record]
            if handle
        },
        "pools": {0: linked},
        "pages": {pfn: frames_named([pfn]) for pfn in frames.values()},
        "arenas": {0: linked},
    }

    def used(field, record, at):
        if not field.startswith("z3folds.") or record in records:
            return field != "z3folds.chunks" or at != layout.Z3FOLD_HEADLESS
        return field in ("z3folds.next", "z3folds.prev") and (at == BUDDY or record == heads)

    def waits_or_full(record, at):
        header = state.z3folds[record]
        waits = header["page_state"] & layout.Z3FOLD_NEEDS_COMPACTING
        return waits or np.count_nonzero(header["chunks"]) == layout.Z3FOLD_LAST

    unseen = Z3FOLD_UNSEEN | {
        "z3folds.chunks": Unseen("its lists do not show its free chunks", waits_or_full),
        "z3folds.mappings": Unseen(
            "mappings of a page without a header are counted only there",
            lambda record, at: state.z3folds["page_state"][record] & layout.Z3FOLD_PAGE_HEADLESS,
        ),
    }
    return Damages(state, tables, lambda: sentence(z3fold_check, state.mem), unseen, used)


@pytest.mark.parametrize("field", Z3FOLD_FIELDS)
def test_z3fold_names_each_damage(z3fold, field):
    assert z3fold.wrong(field) == ""
