"""What a function inside an operation did and why: the tellers for stepping inside.

STAGES are the functions after which a stop is made, and what that part is called. While pages
move, the page allocator's own parts would only be in the way, and are left out.
"""

import numpy as np

from zbudlab import layout
from zbudlab.history.changes import list_name
from zbudlab.history.steps import Step, plural, tells
from zbudlab.mm.snapshot import list_members
from zbudlab.mm.zbud_header import home_list, num_free_chunks

MOVING = {
    "compaction_scan.isolate_migratepages_range": "isolate",
    "migrate.get_new_page": "target",
    "migrate.lock_both": "lock",
    "zbud_migrate.expected_references": "count references",
    "page.copy_highpage": "copy",
    "zbud_migrate.move_handle": "replace a handle",
    "list_head.list_replace": "lists",
    "zbud_header.clear_header": "clear header",
    "migrate.unlock_both": "unlock",
    "page_alloc.put_single_page": "put",
    "migrate.putback_movable_page": "put",
}
OTHERS = {
    "page_alloc.del_page_from_free_list": "take off its list",
    "page_alloc._mark_free": "free block",
    "page_alloc.prep_new_page": "hand over",
    "zbud_header.find_hole": "find a hole",
    "zbud.init_zbud_page": "fresh page",
    "zbud_header.new_handle": "handle",
    "zbud.place_buddy": "place",
    "zbud.clear_buddy": "forget the buddy",
    "zswap_entry.zswap_entry_cache_alloc": "zswap entry",
}
STAGES = {**MOVING, **OTHERS}


def stage(name: str, numbers: dict[str, int], caller: str, first_handle: int) -> str:
    """What a part is called, where it depends on more than the function's name."""
    if name == "zbud_migrate.move_handle":
        which = "first" if numbers["handle"] == first_handle else "last"
        return f"replace {which} handle"
    if caller == "free_one_page" and name == "page_alloc.del_page_from_free_list":
        return "merge"
    if caller == "expand":
        return "split"
    return STAGES[name]


# --- a page moves ------------------------------------------------------------------------------


@tells("isolate_migratepages_range")
def _isolate(step: Step) -> str:
    head = int(step.after.zone["list_heads"]) + layout.MIGRATEPAGES
    pages = list_members(step.after.pages, layout.LRU, head)
    shown = ", ".join(map(str, pages[:6])) + (", ..." if len(pages) > 6 else "")
    return (
        f"The migrate scanner looks at frames {step.numbers['start']} to {step.result - 1} and "
        f"isolates {plural(len(pages))} that can move{f' ({shown})' if pages else ''}: each gets "
        "a reference, so that nobody frees it meanwhile."
    )


@tells("get_new_page")
def _target(step: Step) -> str:
    if step.result < 0:
        return "There is no target left, so moving ends here."
    return (
        f"Frame {step.result} is the target: the free scanner, which falls from the top of "
        "memory, took it from a free block."
    )


@tells("lock_both")
def _lock(step: Step) -> str:
    old, new = step.numbers["old"], step.numbers["new"]
    if not step.result:
        return f"Frame {old} is locked by somebody else, so it cannot move now: -EAGAIN."
    return f"Frames {old} and {new} are locked: nobody else changes them while the page moves."


@tells("expected_references")
def _references(step: Step) -> str:
    old = step.earlier.get("old", 0)
    has = int(step.before.pages[old]["refcount"])
    handles = step.result - 1
    told = f"Frame {old} has {plural(has, 'reference')}, and {step.result} are explained: one of "
    told += f"the isolation, {plural(handles, 'handle')}"
    if has == step.result:
        return f"{told}. Nobody else looks at its bytes, so it may move."
    return f"{told}. Somebody else may be reading its bytes at their old place: -EAGAIN."


@tells("copy_highpage")
def _copy(step: Step) -> str:
    old, new = step.numbers["old"], step.numbers["new"]
    if step.after.pages[old]["mapcount"] != layout.PAGE_ZBUD_MAPCOUNT_VALUE:
        return f"The content of frame {old} is copied to frame {new}."
    return (
        f"Frame {old} is copied to frame {new}. Its header lies in its first chunk, so the copy "
        "has a header too; the handles still lead to the old page."
    )


@tells("move_handle")
def _move_handle(step: Step) -> str:
    old, new, handle = (step.numbers[name] for name in ("old", "new", "handle"))
    if not handle:
        return "The page has no buddy here, so there is no handle to replace."
    return (
        f"In the radix tree the slot of handle {handle} led to page {old} and leads to page {new} "
        "now; the handle's reference goes along. Its owner keeps the same handle and sees nothing."
    )


@tells("list_replace")
def _lists(step: Step) -> str:
    shift = int(step.after.pools[0]["row_shift"])
    old, new = step.numbers["old"] >> shift, step.numbers["new"] >> shift
    which = "LRU" if step.numbers["link"] == layout.LRU else "buddy list"
    return f"Page {new} takes page {old}'s place on its {which}, between the same neighbours."


@tells("clear_header")
def _clear(step: Step) -> str:
    old = step.earlier.get("old", 0)
    return f"The header of the old page, frame {old}, is cleared: no object is in it any more."


@tells("unlock_both")
def _unlock(step: Step) -> str:
    return f"Frames {step.numbers['old']} and {step.numbers['new']} are unlocked."


@tells("putback_movable_page")
def _putback(step: Step) -> str:
    pfn = step.numbers["pfn"]
    references = [int(moment.pages[pfn]["refcount"]) for moment in (step.before, step.after)]
    return (
        f"Frame {pfn} is put back in use: the reference of those who moved it is dropped "
        f"({references[0]} -> {references[1]}), its owners' stay."
    )


# --- blocks ------------------------------------------------------------------------------------


@tells("del_page_from_free_list")
def _off_list(step: Step) -> str:
    pfn, order = step.numbers["pfn"], step.numbers["order"]
    if step.caller != "free_one_page":
        return f"The free block of order {order} at {pfn} is taken off its list, to be given out."
    return (
        f"The buddy of the block that is being freed, at {pfn} (order {order}), is free too: it "
        f"leaves its list, and the two become a block of order {order + 1} at "
        f"{pfn & ~(1 << order)}."
    )


@tells("_mark_free")
def _free(step: Step) -> str:
    pfn, order = step.numbers["pfn"], step.numbers["order"]
    listed = f"the list of order {order}, {layout.MIGRATE_NAMES[step.numbers['migratetype']]}"
    if step.caller == "expand":
        return (
            f"The block is larger than needed, so it is cut in two: the upper half, at {pfn}, is "
            f"a free block of order {order} and goes to {listed}."
        )
    return f"Frame {pfn} is the head of a free block of order {order} now, for {listed}."


@tells("prep_new_page")
def _hand_over(step: Step) -> str:
    return f"Frame {step.numbers['pfn']} is handed over with one reference, owned by nobody yet."


# --- zbud and zswap ----------------------------------------------------------------------------


@tells("find_hole")
def _find_hole(step: Step) -> str:
    chunks = step.numbers["chunks"]
    if step.result < 0:
        return f"No list from {chunks} chunks up holds a page: a fresh frame is needed."
    pfn = step.result >> int(step.after.pools[0]["row_shift"])
    free = int(num_free_chunks(step.after.header(pfn)))
    return (
        f"The list of {free} free chunks is the first from {chunks} up that holds a page; the "
        f"newest on it is page {pfn}."
    )


@tells("init_zbud_page")
def _fresh(step: Step) -> str:
    return f"Frame {step.numbers['pfn']} becomes a zbud page: an empty header in its first chunk."


@tells("new_handle")
def _new_handle(step: Step) -> str:
    if step.result < 0:
        return "There is no memory for a node of the radix tree, so there is no handle."
    return (
        f"Handle {step.result}, the next number, leads to page {step.numbers['pfn']} in the radix "
        "tree, and stands in the page's header."
    )


@tells("place_buddy")
def _place(step: Step) -> str:
    pfn = step.numbers["row"] >> int(step.after.pools[0]["row_shift"])
    which = "first" if step.numbers["buddy"] == layout.FIRST else "last"
    home = list_name(int(home_list(step.after.header(pfn))))
    return (
        f"The {which} buddy of page {pfn} gets its {plural(step.numbers['chunks'], 'chunk')}; the "
        f"page goes to the {home}, and is the newest of the LRU."
    )


@tells("clear_buddy")
def _forget(step: Step) -> str:
    which = "first" if step.numbers["buddy"] == layout.FIRST else "last"
    shift = int(step.after.pools[0]["row_shift"])
    rows = (m.rows[: len(m.frames) << shift : 1 << shift] for m in (step.before, step.after))
    field = f"{which}_chunks"
    found = np.flatnonzero((next(rows)[field] > 0) & (next(rows)[field] == 0))
    page = f" of page {found[0]}" if len(found) else ""
    return f"The {which} buddy{page} is forgotten: its chunks are free, its handle leads nowhere."


@tells("zswap_entry_cache_alloc")
def _entry(step: Step) -> str:
    if not step.result:
        return "There is no memory for an entry of zswap, so the page is refused."
    return f"zswap takes entry {step.result} for the page, with one user."
