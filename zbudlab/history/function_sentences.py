"""Say what each function inside an operation did and why, for stepping inside.

STAGES are the functions after which a stop is made, with the name of that part. While pages move,
the page allocator's own functions would only be in the way and are left out.
"""

import numpy as np

from zbudlab import layout
from zbudlab.history import z3fold_sentences, zsmalloc_sentences
from zbudlab.history.changes import list_name
from zbudlab.history.sentences import Transition, explains, plural
from zbudlab.mm.inspection import list_members
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
    **zsmalloc_sentences.MOVING,
    **z3fold_sentences.MOVING,
}
OTHERS = {
    "page_alloc.del_page_from_free_list": "take off its list",
    "page_alloc._mark_free": "free block",
    "page_alloc.prep_new_page": "hand over",
    "zbud_header.find_hole": "find a hole",
    "zbud.init_zbud_page": "fresh page",
    "zbud_header.new_handle": "handle",
    "zbud.place_buddy": "place",
    "zbud.clear_buddy": "clear the buddy",
    "zswap_entry.zswap_entry_cache_alloc": "zswap entry",
    **zsmalloc_sentences.OTHERS,
    **z3fold_sentences.OTHERS,
}
STAGES = {**MOVING, **OTHERS}


def stage(name: str, numbers: dict[str, int], caller: str, first_handle: int) -> str:
    """Return the name of a part, which can depend on more than the function's name."""
    if name == "zbud_migrate.move_handle":
        which = "first" if numbers["handle"] == first_handle else "last"
        return f"replace {which} handle"
    if caller == "free_one_page" and name == "page_alloc.del_page_from_free_list":
        return "merge"
    if caller == "expand":
        return "split"
    return STAGES[name]


# --- a page moves ------------------------------------------------------------------------------


@explains("isolate_migratepages_range")
def _isolate(step: Transition) -> str:
    head = int(step.after.zone["list_heads"]) + layout.MIGRATEPAGES
    pages = list_members(step.after.pages, layout.LRU, head)
    shown = ", ".join(map(str, pages[:6])) + (", ..." if len(pages) > 6 else "")
    return (
        f"The migrate scanner looks at frames {step.numbers['start']} to {step.result - 1} and "
        f"isolates {plural(len(pages))} that can move{f' ({shown})' if pages else ''}: each gets "
        "a reference, so that it is not freed meanwhile."
    )


@explains("get_new_page")
def _target(step: Transition) -> str:
    if step.result < 0:
        return "No target is left, so migration ends here."
    return (
        f"Frame {step.result} is the target: the free scanner, which moves down from the top of "
        "memory, took it from a free block."
    )


@explains("lock_both")
def _lock(step: Transition) -> str:
    old, new = step.numbers["old"], step.numbers["new"]
    if not step.result:
        return f"Frame {old} is locked already, so it cannot move now: -EAGAIN."
    return f"Frames {old} and {new} are locked: nothing else changes them while the page moves."


@explains("expected_references")
def _references(step: Transition) -> str:
    old = step.earlier.get("old", 0)
    has = int(step.before.pages[old]["refcount"])
    handles = step.result - 1
    counted = (
        f"Frame {old} has {plural(has, 'reference')}, and {step.result} are accounted for: one by "
        f"the isolation, {handles} by {'its handle' if handles == 1 else 'handles'}"
    )
    if has == step.result:
        return f"{counted}. There is no other reader of its bytes, so it may move."
    return f"{counted}. Another holder may be reading its bytes at their old place: -EAGAIN."


@explains("copy_highpage")
def _copy(step: Transition) -> str:
    old, new = step.numbers["old"], step.numbers["new"]
    if step.after.pages[old]["mapcount"] != layout.PAGE_ZBUD_MAPCOUNT_VALUE:
        return f"The content of frame {old} is copied to frame {new}."
    return (
        f"Frame {old} is copied to frame {new}. Its header is in its first chunk, so the copy "
        "has a header too; the handles still point to the old page."
    )


@explains("move_handle")
def _move_handle(step: Transition) -> str:
    old, new, handle = (step.numbers[name] for name in ("old", "new", "handle"))
    if not handle:
        return "The page has no buddy here, so there is no handle to replace."
    return (
        f"In the radix tree the slot of handle {handle} pointed to page {old} and now points to "
        f"page {new}; the handle's reference moves with it. The owner keeps the same handle and "
        "notices nothing."
    )


@explains("list_replace")
def _lists(step: Transition) -> str:
    shift = int(step.after.pools[0]["row_shift"])
    old, new = step.numbers["old"] >> shift, step.numbers["new"] >> shift
    which = "LRU" if step.numbers["link"] == layout.LRU else "buddy list"
    return f"Page {new} takes page {old}'s place on its {which}, between the same neighbours."


@explains("clear_header")
def _clear(step: Transition) -> str:
    old = step.earlier.get("old", 0)
    return f"The header of the old page, frame {old}, is cleared: it no longer holds an object."


@explains("unlock_both")
def _unlock(step: Transition) -> str:
    return f"Frames {step.numbers['old']} and {step.numbers['new']} are unlocked."


@explains("putback_movable_page")
def _putback(step: Transition) -> str:
    pfn = step.numbers["pfn"]
    references = [int(moment.pages[pfn]["refcount"]) for moment in (step.before, step.after)]
    return (
        f"Frame {pfn} is put back in use: the migration's reference is dropped "
        f"({references[0]} -> {references[1]}), those of its owners remain."
    )


# --- blocks ------------------------------------------------------------------------------------


@explains("del_page_from_free_list")
def _off_list(step: Transition) -> str:
    pfn, order = step.numbers["pfn"], step.numbers["order"]
    if step.caller != "free_one_page":
        return f"The free block of order {order} at {pfn} is taken off its list, to be allocated."
    return (
        f"The buddy of the block that is being freed, at {pfn} (order {order}), is free too: it "
        f"leaves its list, and the two become a block of order {order + 1} at "
        f"{pfn & ~(1 << order)}."
    )


@explains("_mark_free")
def _free(step: Transition) -> str:
    pfn, order = step.numbers["pfn"], step.numbers["order"]
    listed = f"the list of order {order}, {layout.MIGRATE_NAMES[step.numbers['migratetype']]}"
    if step.caller == "expand":
        return (
            f"The block is larger than needed, so it is cut in two: the upper half, at {pfn}, is "
            f"a free block of order {order} and goes to {listed}."
        )
    return f"Frame {pfn} is the head of a free block of order {order} now, for {listed}."


@explains("prep_new_page")
def _hand_over(step: Transition) -> str:
    return f"Frame {step.numbers['pfn']} is handed over with one reference and no owner yet."


# --- zbud and zswap ----------------------------------------------------------------------------


@explains("find_hole")
def _find_hole(step: Transition) -> str:
    chunks = step.numbers["chunks"]
    if step.result < 0:
        return f"No list from {chunks} chunks up holds a page: a fresh frame is needed."
    pfn = step.result >> int(step.after.pools[0]["row_shift"])
    free = int(num_free_chunks(step.after.header(pfn)))
    return (
        f"The list of {free} free chunks is the first from {chunks} up that holds a page; the "
        f"newest on it is page {pfn}."
    )


@explains("init_zbud_page")
def _fresh(step: Transition) -> str:
    return f"Frame {step.numbers['pfn']} becomes a zbud page: an empty header in its first chunk."


@explains("new_handle")
def _new_handle(step: Transition) -> str:
    if step.result < 0:
        return "There is no memory for a node of the radix tree, so there is no handle."
    return (
        f"Handle {step.result}, the next number, points to page {step.numbers['pfn']} in the radix "
        "tree and is recorded in the page's header."
    )


@explains("place_buddy")
def _place(step: Transition) -> str:
    pfn = step.numbers["row"] >> int(step.after.pools[0]["row_shift"])
    which = "first" if step.numbers["buddy"] == layout.FIRST else "last"
    home = list_name(int(home_list(step.after.header(pfn))))
    return (
        f"The {which} buddy of page {pfn} gets its {plural(step.numbers['chunks'], 'chunk')}; the "
        f"page goes to the {home} and becomes the newest on the LRU."
    )


@explains("clear_buddy")
def _clear_buddy(step: Transition) -> str:
    which = "first" if step.numbers["buddy"] == layout.FIRST else "last"
    shift = int(step.after.pools[0]["row_shift"])
    rows = (m.rows[: len(m.frames) << shift : 1 << shift] for m in (step.before, step.after))
    field = f"{which}_chunks"
    found = np.flatnonzero((next(rows)[field] > 0) & (next(rows)[field] == 0))
    page = f" of page {found[0]}" if len(found) else ""
    return (
        f"The {which} buddy{page} is cleared: its chunks are free, and its handle points nowhere."
    )


@explains("zswap_entry_cache_alloc")
def _entry(step: Transition) -> str:
    if not step.result:
        return "There is no memory for a zswap entry, so the page is refused."
    return f"zswap takes entry {step.result} for the page, with one user."
