"""What each operation did and why: a teller for every operation of the log.

Where zbudlab.mm has a rule (chunks of a size, which list a page belongs on), it is asked.
"""

from collections import Counter

import numpy as np

from zbudlab import layout
from zbudlab.history.changes import Moment, list_name
from zbudlab.history.steps import Step, error_name, joined, plural, tells
from zbudlab.machine.core import LAB_POOL
from zbudlab.machine.operations import FAULTS
from zbudlab.machine.oplog import Entry
from zbudlab.mm.zbud_header import home_list, num_free_chunks, size_to_chunks

# --- processes ---------------------------------------------------------------------------------


@tells("create_process")
def _create_process(step: Step) -> str:
    return (
        f"Process {step.result} starts with {plural(step.arguments[0])}; none has a frame yet, "
        "each gets one when it is touched for the first time."
    )


def _touched(step: Step) -> tuple[int, np.ndarray]:
    """The process, and its pages, that an operation used."""
    process, first, *rest = step.arguments
    if step.name == "touch":
        return process, np.array(rest, np.int64)
    count = rest[0] if step.name == "read" else len(rest)
    return process, first + np.arange(count)


@tells("touch", "write", "write_lengths", "read")
def _touch(step: Step) -> str:
    process, pages = _touched(step)
    at = pages + int(step.after.processes[process]["start"])
    if len(at) == 1:
        told = _one_fault(step, process, int(pages[0]), int(at[0]))
    else:
        told = _many_faults(step, process, at)
    return f"{told}{_and_wrote(step)}{_pressure(step)}."


def _one_fault(step: Step, process: int, page: int, at: int) -> str:
    """What touching one page took."""
    state, value = (int(step.before.ptes[name][at]) for name in ("state", "value"))
    pfn = int(step.after.ptes["value"][at])
    page_of = f"page {page} of process {process}"
    if state == layout.PTE_PRESENT:
        return f"{page_of.capitalize()} is in memory (frame {value}), so it is only marked as used"
    if state == layout.PTE_NONE:
        return f"{page_of.capitalize()} was never touched, so it gets frame {pfn}, all zeros"
    loads = [entry.result for entry in step.steps if entry.name == "zswap.zswap_load_begin"]
    in_zswap = any(found >= 0 for found in loads)
    source = "zswap decompresses it" if in_zswap else "it is read from the swap device"
    return f"{page_of.capitalize()} was swapped out, so {source} into frame {pfn}"


def _many_faults(step: Step, process: int, at: np.ndarray) -> str:
    """What touching many pages took."""
    states = Counter(step.before.ptes["state"][np.unique(at)].tolist())
    words = {
        layout.PTE_PRESENT: "in memory already",
        layout.PTE_NONE: "touched for the first time (a frame of zeros each)",
        layout.PTE_SWAP: "read back from swap",
    }
    parts = [
        f"{states[state]} {'is' if states[state] == 1 else 'are'} {told}"
        for state, told in words.items()
        if states[state]
    ]
    return f"Of {plural(len(np.unique(at)))} of process {process}, {joined(parts)}"


def _and_wrote(step: Step) -> str:
    return ", and its new content is written" if step.name.startswith("write") else ""


def _pressure(step: Step) -> str:
    """What reclaim did meanwhile, and what zswap made of it."""
    out = sum(entry.result for entry in step.steps if entry.name == "vmscan.shrink_end")
    if not out:
        return ""
    return f"; free memory was short, so {plural(out)} went to swap first{_stored(step)}"


def _stored(step: Step) -> str:
    """What became of pages that were swapped out."""
    written, refused = step.count("written_back_pages"), _rejected(step)
    told = []
    if written:
        told.append(f"zswap's pool was full and wrote {written} back to the device")
    if refused:
        told.append(f"zswap refused {refused}, which went to the device")
    return f" ({joined(told)})" if told else ""


def _rejected(step: Step) -> int:
    names = ("reject_reclaim_fail", "reject_compress_poor", "reject_alloc_fail")
    return sum(step.count(name) for name in names)


@tells("exit")
def _exit(step: Step) -> str:
    process = step.before.processes[step.arguments[0]]
    return (
        f"Process {step.arguments[0]} ends: its {plural(int(process['rss']), 'frame')} and "
        f"{plural(int(process['swapents']), 'swap slot')} are free; with what zswap held for it, "
        f"{plural(step.freed)} became free."
    )


@tells("reclaim")
def _reclaim(step: Step) -> str:
    taken = step.count("stored_pages")
    return (
        f"The oldest inactive pages are unmapped and swapped out: {plural(step.result)} left "
        f"memory, zswap holds {abs(taken)} {'more' if taken >= 0 else 'fewer'}{_stored(step)}."
    )


# --- blocks ------------------------------------------------------------------------------------


def free_block(moment: Moment, pfn: int) -> tuple[int, int] | None:
    """First frame and order of the free block that holds a frame; None = it is in use."""
    for order in range(layout.MAX_ORDER):
        head = pfn >> order << order
        page = moment.pages[head]
        if page["mapcount"] == layout.PAGE_BUDDY_MAPCOUNT_VALUE and page["order"] == order:
            return head, order
    return None


def _taken_from(step: Step, pfn: int, order: int, migratetype: int) -> str:
    """Where a block came from, and why it was that one."""
    found = free_block(step.before, pfn)
    if found is None:
        return f"frame {pfn} became free meanwhile, and is taken"
    head, large = found
    names = layout.MIGRATE_NAMES
    listed = int(step.before.pages[head]["migratetype"])
    why = f"the list of {names[listed]} blocks of order {large} is the first that has one"
    if listed != migratetype:
        why = (
            f"no {names[migratetype]} block was left, so the largest other one is stolen, "
            f"{names[listed]}, of order {large}"
        )
    split = "" if large == order else f"; it is split, and {large - order} parts of it stay free"
    return f"{why}: frame {pfn} comes from the block at {head}{split}"


@tells("alloc_pages")
def _alloc_pages(step: Step) -> str:
    order, migratetype = step.arguments[:2] if step.arguments else (0, layout.MIGRATE_MOVABLE)
    if step.numbers:
        order, migratetype = step.numbers["order"], step.numbers["migratetype"]
    kind = layout.MIGRATE_NAMES[migratetype]
    wanted = f"a{'n' if kind[0] in 'aeiou' else ''} {kind} block of order {order}"
    if step.result < 0:
        return f"There is no free block of order {order} or above on any list, so {wanted} fails."
    moved = _moves(step)
    after = f"after compaction moved {plural(len(moved))}, " if moved else ""
    told = _taken_from(step, step.result, order, migratetype)
    return f"For {wanted}, {after}{told}."


def _moves(step: Step) -> list[Entry]:
    """Pages that moved."""
    return [e for e in step.steps if e.name == "migrate.unmap_and_move" and e.result == 0]


@tells("free_pages", "unpin", "put_single_page")
def _put(step: Step) -> str:
    pfn = step.numbers.get("pfn", step.arguments[0] if step.arguments else 0)
    references = int(step.before.pages[pfn]["refcount"])
    if references > 1:
        return (
            f"A reference of frame {pfn} is dropped ({references} -> {references - 1}): somebody "
            "still holds it, so it stays in use."
        )
    block = free_block(step.after, pfn)
    order = int(step.before.pages[pfn]["order"])
    if block is None:
        return f"The last reference of frame {pfn} is dropped, and it is given back."
    if block[1] == order:
        return (
            f"The last reference of frame {pfn} is dropped: a block of order {order} is free; its "
            f"buddy at {pfn ^ (1 << order)} is not, so it stays alone."
        )
    return (
        f"The last reference of frame {pfn} is dropped: its buddies are free too, and it merges "
        f"with them from order {order} to a block of order {block[1]} at {block[0]}."
    )


@tells("pin")
def _pin(step: Step) -> str:
    pfn = step.arguments[0]
    references = int(step.after.pages[pfn]["refcount"])
    return (
        f"Somebody takes a reference of frame {pfn} ({references - 1} -> {references}): while he "
        "holds it, its page cannot move."
    )


# --- compaction and CMA ------------------------------------------------------------------------


@tells("compact")
def _compact(step: Step) -> str:
    answer = ("skipped", "", "ended early", "complete: the scanners met")[step.result]
    moved = len(_moves(step))
    failed = Counter(
        e.result for e in step.steps if e.name == "migrate.unmap_and_move" and e.result < 0
    )
    before, after = (int(m.zone["nr_free"][-2:] @ (1, 2)) for m in (step.before, step.after))
    told = f"Compaction {answer}; {plural(moved)} moved to the top of memory"
    if failed:
        why = [f"{n} answered {error_name(-rc)}" for rc, n in failed.items()]
        told += f", {joined(why)} and stayed"
    return f"{told}; free blocks of order 9 went from {before} to {after}."


@tells("rescan")
def _rescan(step: Step) -> str:
    return "All hints are forgotten: the next compaction looks at every pageblock again."


@tells("alloc_contig_range")
def _alloc_contig(step: Step) -> str:
    start, end = step.arguments
    if step.result == 0:
        return (
            f"Frames {start} to {end - 1} are taken for CMA: their pageblocks were isolated, "
            f"{plural(len(_moves(step)))} moved out, the free blocks taken."
        )
    why = "a page in it could not be moved away" if step.result == -layout.EBUSY else "refused"
    return (
        f"Frames {start} to {end - 1} cannot be taken ({error_name(-step.result)}): {why}, and "
        "everything is put back."
    )


@tells("free_contig_range")
def _free_contig(step: Step) -> str:
    start, end = step.arguments
    return f"Frames {start} to {end - 1} go back to the CMA area's free lists."


# --- settings ----------------------------------------------------------------------------------


@tells("set_max_pool_percent")
def _set_pool(step: Step) -> str:
    percent = step.arguments[0]
    most = int(step.after.zswaps["totalram_pages"][0]) * percent // 100
    has = int(step.after.zswaps["pool_pages"][0])
    return f"zswap may take {percent} % of memory from now on, {plural(most)}; it has {has}."


@tells("set_zbud_movable")
def _set_movable(step: Step) -> str:
    told = "may" if step.arguments[0] else "may not"
    return f"Compaction and CMA {told} move zbud pages from now on."


@tells("lay_out")
def _lay_out(step: Step) -> str:
    if step.result < 0:
        return f"No zone of {len(step.after.frames)} frames can hold these free lists."
    free = int(step.after.zone["nr_free_pages"])
    return (
        f"The zone is laid out anew as free lists say: {plural(free)} free of "
        f"{len(step.after.frames)}, at places drawn with seed {step.arguments[0]}; the rest is in "
        "use and cannot move."
    )


@tells("inject")
def _inject(step: Step) -> str:
    fault, count = step.arguments
    return f"A fault is injected: {FAULTS[fault]}, {count}."


# --- zbud --------------------------------------------------------------------------------------


def handle_page(moment: Moment, handle: int, pool: int = LAB_POOL) -> int:
    """The page frame that holds a handle's object; -1 = none does."""
    if moment.pools[pool]["variant"] != layout.ZBUD_SERIES:
        return handle >> layout.NCHUNKS_ORDER
    zbud = moment.pages["mapcount"][: len(moment.frames)] == layout.PAGE_ZBUD_MAPCOUNT_VALUE
    pfns = np.flatnonzero(zbud & (moment.pages["private"][: len(moment.frames)] == pool))
    headers = moment.rows[pfns << int(moment.pools[0]["row_shift"])]
    found = pfns[(headers["first_handle"] == handle) | (headers["last_handle"] == handle)]
    return int(found[0]) if len(found) else -1


@tells("zbud_alloc")
def _zbud_alloc(step: Step) -> str:
    chunks = int(size_to_chunks(step.arguments[0]))
    size = f"{step.arguments[0]} bytes are {plural(chunks, 'chunk')}"
    if step.result < 0:
        reason = {
            layout.ENOSPC: f"more than the {layout.NCHUNKS - 2} that a zbud page can give",
            layout.ENOMEM: "and there is no frame for a new zbud page",
        }.get(-step.result, "which makes no sense")
        return f"{size}, {reason}: zbud answers {error_name(-step.result)}."
    pfn = handle_page(step.after, step.result)
    return f"{size}; {_hole(step, pfn, chunks)}. Its handle is {step.result}."


def _hole(step: Step, pfn: int, chunks: int) -> str:
    """Where an object went, and why there."""
    if step.before.pages[pfn]["mapcount"] != layout.PAGE_ZBUD_MAPCOUNT_VALUE:
        return (
            f"no list from {chunks} chunks up holds a page, so zbud takes a fresh frame, {pfn}, "
            "and puts the object right behind its header"
        )
    header, new = step.before.header(pfn), step.after.header(pfn)
    free = int(num_free_chunks(header))
    end = "last" if not header["last_chunks"] and new["last_chunks"] else "first"
    return (
        f"the list of {free} free chunks is the first from {chunks} up that holds a page: the "
        f"object becomes the {end} buddy of page {pfn}, which goes to the buddied list"
    )


@tells("zbud_free", "zbud_unmap")
def _zbud_free(step: Step) -> str:
    handle = step.arguments[0]
    pfn = handle_page(step.before, handle)
    if pfn < 0:
        return f"There is no handle {handle}: {error_name(-step.result)}."
    if handle_page(step.after, handle) == pfn:
        done = (
            "is freed, but still mapped, so it"
            if step.name == "zbud_free"
            else "is unmapped, and as its owner keeps it,"
        )
        return f"The object of handle {handle} {done} stays in page {pfn}."
    return f"The object of handle {handle} leaves page {pfn}; {_left(step, pfn)}."


def _left(step: Step, pfn: int) -> str:
    """What is left of a zbud page that lost an object."""
    if step.after.pages[pfn]["mapcount"] != layout.PAGE_ZBUD_MAPCOUNT_VALUE:
        return "it was the only one, so the frame goes back to the page allocator"
    header = step.after.header(pfn)
    if not header["first_chunks"] and not header["last_chunks"]:
        return "the page is empty, but somebody still holds a reference, so the frame stays"
    home = list_name(int(home_list(header)))
    return f"the other one stays, and the page moves to the {home}"


@tells("zbud_map")
def _zbud_map(step: Step) -> str:
    pfn = step.result >> layout.NCHUNKS_ORDER
    return (
        f"Handle {step.arguments[0]} is mapped: its object is in page {pfn} from chunk "
        f"{step.result & (layout.NCHUNKS - 1)} on, and one more reference keeps that page in place."
    )
