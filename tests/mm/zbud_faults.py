"""Pools of zbud whose records are damaged, and what a check cannot see in them."""

from tests.mm.single_faults import (
    OTHERS_HOLD,
    SETTING,
    UNREAD_OF_PAGES,
    WORDS,
    Damage,
    Kind,
    Records,
    Unseen,
    frames_named,
    pool_fields,
    reasons,
)
from tests.mm.zbud_engine import Engine
from zbudlab import layout
from zbudlab.layout import LRU, NCHUNKS, ZBUD_PLAIN, ZBUD_SERIES
from zbudlab.mm import zbud_check

USED = ("list_heads", "row_shift", "variant", "pages_nr")
TREE = ("height", "rnode", "items", "last_handle")
FEW_MAPPINGS = "fewer mappings than references: " + OTHERS_HOLD


def still_fits(damage: Damage) -> bool:
    """Return whether a page has two buddies, as before, and they fit."""
    header = damage.state.rows[damage.record]
    sizes = [int(header[f"{side}_chunks"]) for side in ("first", "last")]
    return damage.before > 0 and all(sizes) and sum(sizes) < NCHUNKS


def of_a_buddy(damage: Damage) -> bool:
    """Return whether the bit is that of a buddy that is there."""
    header = damage.state.rows[damage.record]
    sides = {layout.FIRST: "first", layout.LAST: "last"}
    return 1 << damage.bit in sides and header[f"{sides[1 << damage.bit]}_chunks"] > 0


def fewer(damage: Damage) -> bool:
    return 0 < damage.value() < damage.before


def on_other_links(damage: Damage) -> bool:
    """Return whether the link is one that a list head does not use."""
    which = damage.record - int(damage.state.pools["list_heads"][0])
    return which >= 0 and (damage.at == (LRU,)) != (which == layout.LRU_LIST)


UNSEEN = {
    **UNREAD_OF_PAGES,
    **reasons("the pool does not use it", "pages", "index"),
    **reasons(WORDS, "rows", "first_swpentry", "last_swpentry"),
    **dict.fromkeys(
        ("rows.next", "rows.prev"), Unseen("a list head is on one list", on_other_links)
    ),
    **dict.fromkeys(
        ("rows.first_chunks", "rows.last_chunks"),
        Unseen("in a page with two buddies, sizes are nowhere else", still_fits),
    ),
}
SERIES = {
    **UNSEEN,
    **pool_fields((*USED, *TREE)),
    **dict.fromkeys(("rows.first_map_count", "rows.last_map_count"), Unseen(FEW_MAPPINGS, fewer)),
    "rows.freed": Unseen("a buddy may be freed while it is mapped", of_a_buddy),
    "pools.last_handle": Unseen(
        "the next handle may be any number above all others",
        lambda damage: damage.value() > damage.before,
    ),
    "pools.variant": Unseen(
        "only its bits 1 and above: the variant says which check is run", lambda damage: None
    ),
}
PLAIN = {
    **UNSEEN,
    **pool_fields(USED),
    **reasons(
        "a handle is an address, and nothing counts mappings",
        "rows",
        *(f"{side}_{what}" for side in ("first", "last") for what in ("handle", "map_count")),
    ),
    **reasons("rule keep_page_until_unmap: only the series has it", "rows", "freed"),
    "pools.variant": Unseen(
        SETTING + "; as a pool of the series it has no handles", lambda damage: damage.bit > 0
    ),
}


def records(engine: Engine, unseen: dict[str, Unseen]) -> Records:
    """Return the records of a pool: pages, headers, the tree's nodes, list heads."""
    state, first = engine.state, int(engine.pool["list_heads"])
    rows, frames = engine.pages(layout.LRU_LIST, LRU), engine.frames_on(layout.LRU_LIST, LRU)
    lists = {f"list {which}" for which in range(layout.NR_POOL_LISTS)}
    linked = frames_named(frames) | lists | {"pool 0"}
    nodes = [int(engine.pool["rnode"])] if engine.pool["height"] else []
    nodes += [int(slot) for node in nodes for slot in state.nodes["slots"][node] if slot]
    in_tree = linked | {"tree", *(f"node {node}" for node in nodes)}
    tables = {
        "pages": {pfn: frames_named([pfn]) for pfn in frames},
        "rows": dict.fromkeys(rows, linked),
        "nodes": dict.fromkeys(nodes, in_tree),
        "pools": {0: in_tree},
    }
    heads = {"rows": dict.fromkeys(range(first, first + layout.NR_POOL_LISTS), linked)}
    return Records(state, lambda: zbud_check.faults(state.mem, 0), tables, heads, unseen)


def series() -> Records:
    """Pages with one buddy and with two, one mapped, and a tree of two levels."""
    engine = Engine(ZBUD_SERIES, True)
    handles = [engine.alloc(size) for size in (3100, 1000, 2500, 700, 700, 3900)]
    for _ in range(70):
        engine.free(engine.alloc(100))
    handles.append(engine.alloc(1500))
    engine.map(handles[1])
    engine.map(handles[1])
    assert engine.pool["height"] == 2
    return records(engine, SERIES)


def plain() -> Records:
    """Pages with one buddy and with two, without page bytes."""
    engine = Engine(ZBUD_PLAIN, False)
    for size in (3100, 1000, 2500, 700, 700, 3900, 1500):
        engine.alloc(size)
    return records(engine, PLAIN)


ARRAYS = {"pages": layout.page, "rows": layout.zbud_header, "pools": layout.zbud_pool}
KINDS = {
    "zbud": Kind(ARRAYS | {"nodes": layout.radix_tree_node}, series),
    "plain zbud": Kind(ARRAYS, plain),
}
