"""Say what each operation of the log did and why, except those of zbud (`zbud_sentences`).

A rule of the engine (which list a page belongs on, say) is asked for in `zbudlab.mm`, not repeated.
"""

from collections import Counter

import numpy as np

from zbudlab import layout
from zbudlab.history.changes import Moment
from zbudlab.history.sentences import Transition, error_name, explains, joined, plural
from zbudlab.machine.operations import FAULTS
from zbudlab.machine.oplog import Entry

# --- processes ---------------------------------------------------------------------------------


@explains("create_process")
def _create_process(step: Transition) -> str:
    return (
        f"Process {step.result} starts with {plural(step.arguments[0])}; none has a frame yet, "
        "each gets one when it is first touched."
    )


def _touched(step: Transition) -> tuple[int, np.ndarray]:
    """Return the process and the pages that an operation used."""
    process, first, *rest = step.arguments
    if step.name == "touch":
        return process, np.array(rest, np.int64)
    count = rest[0] if step.name == "read" else len(rest)
    return process, first + np.arange(count)


@explains("touch", "write", "write_lengths", "read")
def _touch(step: Transition) -> str:
    process, pages = _touched(step)
    at = pages + int(step.after.processes[process]["start"])
    if len(at) == 1:
        faults = _one_fault(step, process, int(pages[0]), int(at[0]))
    else:
        faults = _many_faults(step, process, at)
    return f"{faults}{_and_wrote(step)}{_pressure(step)}."


def _one_fault(step: Transition, process: int, page: int, at: int) -> str:
    """Say what touching one page took. `page` is its number, `at` its place in `ptes`."""
    state, value = (int(step.before.ptes[name][at]) for name in ("state", "value"))
    pfn = int(step.after.ptes["value"][at])
    page_of = f"page {page} of process {process}"
    if state == layout.PTE_PRESENT:
        return f"{page_of.capitalize()} is in memory (frame {value}), so it is only marked as used"
    if state == layout.PTE_NONE:
        return f"{page_of.capitalize()} was never touched, so it gets frame {pfn}, all zeros"
    if step.before.swap_slots["frontswap"][value] == layout.SWAP_ZEROS:
        return f"{page_of.capitalize()} was only marked as zeros in swap, so it gets frame {pfn}"
    in_zswap = any(map(_loads, step.steps))
    source = "zswap decompresses it" if in_zswap else "it is read from the swap device"
    return f"{page_of.capitalize()} was swapped out, so {source} into frame {pfn}"


def _loads(entry: Entry) -> bool:
    """Return whether a step loads a page that zswap has."""
    if entry.name == "zswap7.zswap_load_folio_end":
        return True
    return entry.name == "zswap.zswap_load_begin" and entry.result >= 0


def _many_faults(step: Transition, process: int, at: np.ndarray) -> str:
    """Say what touching many pages took. `at` are their places in `ptes`."""
    states = Counter(step.before.ptes["state"][np.unique(at)].tolist())
    words = {
        layout.PTE_PRESENT: "in memory already",
        layout.PTE_NONE: "touched for the first time (a frame of zeros each)",
        layout.PTE_SWAP: "read back from swap",
    }
    parts = [
        f"{states[state]} {'is' if states[state] == 1 else 'are'} {what}"
        for state, what in words.items()
        if states[state]
    ]
    return f"Of {plural(len(np.unique(at)))} of process {process}, {joined(parts)}"


def _and_wrote(step: Transition) -> str:
    return ", and its new content is written" if step.name.startswith("write") else ""


def _pressure(step: Transition) -> str:
    """Say what reclaim did meanwhile, and what zswap did with those pages."""
    out = sum(entry.result for entry in step.steps if entry.name == "vmscan.shrink_end")
    if not out:
        return ""
    return f"; free memory was short, so {plural(out)} went to swap first{_stored(step)}"


def _stored(step: Transition) -> str:
    """Say what became of pages that were swapped out."""
    written, refused = step.count("written_back_pages"), _rejected(step)
    parts = []
    if written:
        parts.append(f"zswap's pool was full and wrote {written} back to the device")
    if refused:
        parts.append(f"zswap refused {refused}, which went to the device")
    return f" ({joined(parts)})" if parts else ""


def _rejected(step: Transition) -> int:
    names = ["reject_compress_poor", "reject_alloc_fail"]
    today = step.after.zswaps["own_lru"][0]
    names += ["pool_limit_hit", "reject_compress_fail"] if today else ["reject_reclaim_fail"]
    return sum(step.count(name) for name in names)


@explains("exit")
def _exit(step: Transition) -> str:
    process = step.before.processes[step.arguments[0]]
    return (
        f"Process {step.arguments[0]} exits: its {plural(int(process['rss']), 'frame')} and "
        f"{plural(int(process['swapents']), 'swap slot')} are freed. Including what zswap held for "
        f"it, {plural(step.freed)} became free{_cached_slots(step)}."
    )


def _cached_slots(step: Transition) -> str:
    """Say how many freed slots wait in the swap slot cache, whose pages zswap still holds."""
    waiting = int(step.after.slots_cache[0]["n_ret"])
    if not waiting:
        return ""
    return f"; {plural(waiting, 'slot')} {'waits' if waiting == 1 else 'wait'} in the slot cache"


@explains("reclaim")
def _reclaim(step: Transition) -> str:
    taken = step.count("stored_pages")
    return (
        f"The oldest inactive pages are unmapped and swapped out: {plural(step.result)} left "
        f"memory, zswap holds {abs(taken)} {'more' if taken >= 0 else 'fewer'}{_stored(step)}."
    )


# --- blocks ------------------------------------------------------------------------------------


def free_block(moment: Moment, pfn: int) -> tuple[int, int] | None:
    """Return first frame and order of the free block with that frame; None if it is in use."""
    for order in range(layout.MAX_ORDER):
        head = pfn >> order << order
        page = moment.pages[head]
        if page["mapcount"] == layout.PAGE_BUDDY_MAPCOUNT_VALUE and page["order"] == order:
            return head, order
    return None


def _taken_from(step: Transition, pfn: int, order: int, migratetype: int) -> str:
    """Say where a block came from, and why from there."""
    found = free_block(step.before, pfn)
    if found is None:
        return f"frame {pfn} became free meanwhile and is taken"
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


@explains("alloc_pages")
def _alloc_pages(step: Transition) -> str:
    order, migratetype = step.arguments[:2] if step.arguments else (0, layout.MIGRATE_MOVABLE)
    if step.numbers:
        order, migratetype = step.numbers["order"], step.numbers["migratetype"]
    kind = layout.MIGRATE_NAMES[migratetype]
    wanted = f"a{'n' if kind[0] in 'aeiou' else ''} {kind} block of order {order}"
    if step.result < 0:
        return f"There is no free block of order {order} or above on any list, so {wanted} fails."
    moved = _moves(step)
    after = f"after compaction moved {plural(len(moved))}, " if moved else ""
    source = _taken_from(step, step.result, order, migratetype)
    return f"For {wanted}, {after}{source}."


def _moves(step: Transition) -> list[Entry]:
    """Return the log's entries of pages that moved."""
    return [e for e in step.steps if e.name == "migrate.unmap_and_move" and e.result == 0]


@explains("free_pages", "unpin", "put_single_page")
def _put(step: Transition) -> str:
    pfn = step.numbers.get("pfn", step.arguments[0] if step.arguments else 0)
    references = int(step.before.pages[pfn]["refcount"])
    if references > 1:
        return (
            f"A reference to frame {pfn} is dropped ({references} -> {references - 1}). Another "
            "holder remains, so it stays in use."
        )
    block = free_block(step.after, pfn)
    order = int(step.before.pages[pfn]["order"])
    if block is None:
        return f"The last reference to frame {pfn} is dropped, and it is freed."
    if block[1] == order:
        return (
            f"The last reference to frame {pfn} is dropped: a block of order {order} is free; its "
            f"buddy at {pfn ^ (1 << order)} is not, so it stays alone."
        )
    return (
        f"The last reference to frame {pfn} is dropped: its buddies are free too, and it merges "
        f"with them from order {order} to a block of order {block[1]} at {block[0]}."
    )


@explains("pin", "pin_as")
def _pin(step: Transition) -> str:
    pfn = step.arguments[0]
    references = int(step.after.pages[pfn]["refcount"])
    return (
        f"A reference to frame {pfn} is taken ({references - 1} -> {references}): while it is "
        "held, the page cannot move."
    )


# --- compaction and CMA ------------------------------------------------------------------------


@explains("compact")
def _compact(step: Transition) -> str:
    answer = ("skipped", "", "ended early", "complete: the scanners met")[step.result]
    moved = len(_moves(step))
    failed = Counter(
        e.result for e in step.steps if e.name == "migrate.unmap_and_move" and e.result < 0
    )
    before, after = (int(m.zone["nr_free"][-2:] @ (1, 2)) for m in (step.before, step.after))
    done = f"Compaction {answer}; {plural(moved)} moved to the top of memory"
    if failed:
        why = [f"{n} answered {error_name(-rc)}" for rc, n in failed.items()]
        done += f", {joined(why)} and stayed"
    return f"{done}; free blocks of order 9 went from {before} to {after}."


@explains("rescan")
def _rescan(step: Transition) -> str:
    return "All hints are cleared: the next compaction looks at every pageblock again."


@explains("alloc_contig_range")
def _alloc_contig(step: Transition) -> str:
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


@explains("free_contig_range")
def _free_contig(step: Transition) -> str:
    start, end = step.arguments
    return f"Frames {start} to {end - 1} return to the CMA area's free lists."


@explains("cma_alloc")
def _cma_alloc(step: Transition) -> str:
    count = step.arguments[0]
    ranges = {tuple(e.arguments) for e in step.steps if e.name == "cma.alloc_contig_range"}
    tried = len(ranges)
    busy = f" {plural(tried - 1, 'run')} before it had a page that stays." if tried > 1 else ""
    if step.result >= 0:
        last = step.result + count - 1
        return (
            f"CMA gives {plural(count)}, frames {step.result} to {last}: the first run that is "
            f"free in its bitmap and could be emptied; {plural(len(_moves(step)))} moved.{busy}"
        )
    if step.result == -layout.EBUSY:
        return (
            f"CMA has no {plural(count)}: in each of {plural(tried, 'run')} a page stays (-EBUSY)."
        )
    none = "no run is free in its bitmap, or there was no frame to move a page to"
    return f"CMA has no {plural(count)} (-ENOMEM): {none}."


@explains("cma_release")
def _cma_release(step: Transition) -> str:
    pfn, count = step.arguments
    return f"Frames {pfn} to {pfn + count - 1} return to the CMA area, and their bits are cleared."


# --- settings ----------------------------------------------------------------------------------


@explains("set_max_pool_percent")
def _set_pool(step: Transition) -> str:
    percent = step.arguments[0]
    most = int(step.after.zswaps["totalram_pages"][0]) * percent // 100
    has = int(step.after.zswaps["pool_pages"][0])
    return f"zswap may now use {percent} % of memory, {plural(most)}; it uses {has}."


@explains("set_zbud_movable")
def _set_movable(step: Transition) -> str:
    may = "may" if step.arguments[0] else "may not"
    return f"From now on compaction and CMA {may} move zbud pages."


@explains("lay_out")
def _lay_out(step: Transition) -> str:
    if step.result < 0:
        return f"No zone of {len(step.after.frames)} frames can hold these free lists."
    free = int(step.after.zone["nr_free_pages"])
    return (
        f"The zone is laid out with the given free lists: {plural(free)} free of "
        f"{len(step.after.frames)}, at positions drawn with seed {step.arguments[0]}; the rest is "
        "in use and cannot move."
    )


@explains("inject")
def _inject(step: Transition) -> str:
    fault, count = step.arguments
    return f"A fault is injected: {FAULTS[fault]}, {count}."
