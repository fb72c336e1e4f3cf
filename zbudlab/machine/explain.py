"""Where a page of a process is, how it came there, and why zswap refused it if it did."""

from typing import NamedTuple

from zbudlab import layout
from zbudlab.machine import checks
from zbudlab.machine.core import Core
from zbudlab.machine.notes import MOVED
from zbudlab.mm import inspection, zpool_reader
from zbudlab.swap.refusals import REFUSALS

FIRST_TOUCH = "Its first touch gave it a zeroed frame"
READ_BACK = (
    FIRST_TOUCH,
    "It was read back from zswap",
    "It was read back from the swap device",
    "It was read back from the swap cache",
    "Swap had only marked it as a page of zeros, so it got a zeroed frame",
)


class PageExplanation(NamedTuple):
    """What is known about a page of a process. `str` gives it in sentences.

    where: "nowhere", "memory", "zswap", "swap cache", "swap device", or "zeros" (swap marked it as
    such, and stored it nowhere). number: of its page frame (in memory) or swap slot; -1 = nowhere.
    detail: more on the place. arrival: how the page came there. refusal: why zswap last refused it;
    "" = it never did. frames: in zswap, the page frames of the pool that hold its object, in order;
    stored: what the object is in them. A page of one repeated word has no object.
    """

    process: int
    page: int
    where: str
    number: int
    detail: str
    arrival: str
    refusal: str
    frames: tuple[int, ...] = ()
    stored: str = ""

    def __str__(self) -> str:
        place = f"Page {self.page} of process {self.process} is {self.detail}"
        held = self.stored and f"Its object is {self.stored}"
        return " ".join(f"{part}." for part in (place, held, self.arrival, self.refusal) if part)


def explain(machine: Core, process: int, page: int) -> PageExplanation:
    """Explain a page; see `Machine.explain`."""
    place = checks.place(machine, process, page)
    entry = machine.state.ptes[place]
    arrival, refusal = machine.paging.notes.of(place)
    if entry["state"] == layout.PTE_NONE:
        found = "nowhere", -1, "nowhere: it was never touched", ""
    elif entry["state"] == layout.PTE_PRESENT:
        found = _in_memory(int(entry["value"]), arrival)
    else:
        found = _swapped(machine, int(entry["value"]))
    current = entry["state"] == layout.PTE_SWAP and bool(
        machine.state.swap_slots["refusal"][int(entry["value"])]
    )
    why = _refusal(machine, refusal, current)
    held = _object(machine, found[1]) if found[0] == "zswap" else ((), "")
    return PageExplanation(int(process), int(page), *found, why, *held)


Found = tuple[str, int, str, str]  # where, number, detail, arrival


def _in_memory(pfn: int, arrival: int) -> Found:
    """Explain a page that is in memory."""
    came = READ_BACK[arrival & ~MOVED]
    if arrival & MOVED:
        came += ", and compaction or CMA has moved it since"
    return "memory", pfn, f"in memory, in page frame {pfn}", came


def _swapped(machine: Core, slot: int) -> Found:
    """Explain a page that is out of memory."""
    record = machine.state.swap_slots[slot]
    if slot in machine.swap.cache:
        return "swap cache", slot, f"in the swap cache of slot {slot}", _cached(machine, slot)
    if record["frontswap"] == layout.SWAP_ZEROS:
        came = "Reclaim found only zeros in it, so swap marked the slot and stored nothing"
        return "zeros", slot, f"swapped out as a page of zeros, in slot {slot}", came
    if inspection.stored_in_zswap(machine.state)[slot]:
        came = _stored(machine, int(record["entry"]))
        return "zswap", slot, f"in zswap, under swap slot {slot}", came
    came = "zswap had stored it, and wrote it back to make room"
    if record["refusal"]:
        came = "It went there because zswap did not take it"
    return "swap device", slot, f"on the swap device, in slot {slot}", came


def _stored(machine: Core, number: int) -> str:
    """Explain how a page came into zswap."""
    length = int(machine.state.zswap_entries["length"][number])
    if machine.swap.rules.keep_incompressible and length == layout.PAGE_SIZE:
        return "Reclaim stored it there as it is, because it did not get shorter"
    if not length and machine.state.zswaps["same_filled_pages_enabled"][0]:
        return "Reclaim stored it there as the one word that it repeats"
    return f"Reclaim stored it there, compressed to {length} bytes"


def _object(machine: Core, slot: int) -> tuple[tuple[int, ...], str]:
    """Return the page frames of a stored page's object, and what it is in them."""
    state = machine.state
    number = int(state.swap_slots["entry"][slot])
    handle = int(state.zswap_entries["handle"][number])
    if not state.zswap_entries["length"][number]:
        return (), ""
    pool = state.swap_info["pool"][state.swap_slots["type"][slot]]
    if state.zswaps["own_lru"][0]:
        pool = state.lrus["pool"][layout.MAX_CGROUPS + number]
    frames, words = zpool_reader.object_place(state, int(pool), handle)
    if not frames:
        return (), ""
    several = f"page frame{'s' * (len(frames) > 1)} {' and '.join(map(str, frames))}"
    return tuple(frames), f"{words}, in {several}"


def _cached(machine: Core, slot: int) -> str:
    """Explain how a page came into the swap cache."""
    if machine.swap.cache[slot] is None:
        return "zswap wrote it back to the swap device, and a copy stayed in the cache"
    return "zswap could not write it back to the swap device, so the cache keeps it"


def _refusal(machine: Core, reason: int, current: bool) -> str:
    """Explain a refusal. current: it is the reason why the page is where it is."""
    if not reason:
        return ""
    why = REFUSALS[reason] if machine.config.zswap else "it is switched off"
    return f"zswap refused it{'' if current else ' earlier'} because {why}"
