"""A machine and its actors as one array of words, which a search copies and compares."""

from dataclasses import dataclass

import numpy as np

from zbudlab import layout
from zbudlab.layout import LRU, NR_LIST_HEADS, ZONE_LISTS_GAP
from zbudlab.machine.core import Core
from zbudlab.machine.errors import ConfigError
from zbudlab.mm.mem import Memory
from zbudlab.mm.radix_tree import RADIX_TREE_PRELOAD_SIZE

WORD = 8
MAX_FRAMES = 256  #: a race needs a few frames, and each costs time in every step
SPARE = 6  #: records of a table beyond those in use, for what the actors allocate


@dataclass(frozen=True)
class Image:
    """The words of a small machine, and views of them: `mem` and the records of its actors."""

    words: np.ndarray
    mem: Memory
    actors: np.ndarray
    device: np.ndarray


def _check(machine: Core) -> None:
    """Raise ConfigError for a machine that cannot be explored."""
    config = machine.config
    if machine.state.race_fault:
        raise ConfigError("a played schedule broke this machine: explore the one before it")
    if config.allocator != "zbud":
        raise ConfigError(
            f"every interleaving is explored for zbud, and zswap of this machine uses "
            f"{config.allocator}: use zpool='zbud'"
        )
    if config.page_bytes or config.frames > MAX_FRAMES:
        size = "with page bytes" if config.page_bytes else f"of {config.frames} frames"
        raise ConfigError(
            f"every interleaving is explored on a machine without page bytes and of at most "
            f"{MAX_FRAMES} frames, not on one {size}: use page_bytes=False and fewer frames"
        )


def _copy(array: np.ndarray) -> np.ndarray:
    """Return a copy with zeros in the gaps between fields, where NumPy leaves what was there."""
    copied = np.zeros(array.shape, array.dtype)
    copied[:] = array
    return copied


def _pages(machine: Core) -> tuple[np.ndarray, int]:
    """Return the page records without those between frames and list heads, and the new head."""
    frames, old = machine.config.frames, int(machine.state.zone["list_heads"])
    head = frames + ZONE_LISTS_GAP
    length = max(head + NR_LIST_HEADS, 4 << (frames - 1).bit_length())
    pages = np.zeros(length, layout.page)
    source = machine.state.pages
    pages[:frames] = source[:frames]
    pages[head : head + NR_LIST_HEADS] = source[old : old + NR_LIST_HEADS]
    for link in ("next", "prev"):
        column = pages[link][:, LRU]
        column[column >= old] -= old - head
    return pages, head


def _tables(machine: Core) -> dict[str, np.ndarray]:
    """Return copies of the arrays of `mem`, as short as the actors' work allows."""
    state = machine.state
    mem = {name: _copy(array) for name, array in state.mem._asdict().items() if name != "frames"}
    mem["pages"], head = _pages(machine)
    mem["zones"]["list_heads"] = head
    nodes = int(state.nodes[0]["slots"][1]) + RADIX_TREE_PRELOAD_SIZE
    entries = int(state.zswaps[0]["never_used"]) + SPARE
    slots = int(np.flatnonzero(state.swap_slots["swap_map"]).max(initial=0)) + SPARE
    for name, length in (("nodes", nodes), ("entries", entries), ("slots", slots)):
        short = np.zeros(length, mem[name].dtype)
        kept = min(length, len(mem[name]))
        short[:kept] = mem[name][:kept]
        mem[name] = short
    mem["areas"] = mem["areas"][:1]
    mem["marks"] = np.zeros(slots, np.uint32)
    mem["ptes"], mem["processes"] = mem["ptes"][:1], mem["processes"][:1]
    return mem


def device_of(machine: Core, slots: int) -> np.ndarray:
    """Return what the device and zswap hold for each slot, layout.race_slot (slots,)."""
    table = np.zeros(slots, layout.race_slot)
    entries = machine.state.swap_slots["entry"][:slots]
    table["newest"][: len(entries)] = machine.state.zswap_entries["word"][entries]
    return table


def image_of(machine: Core, actors: np.ndarray) -> Image:
    """Return the image of a machine, which stays as it is, and of actors, layout.actor (n,).

    Raises ConfigError for a machine with page bytes, or a large one.
    """
    _check(machine)
    tables = _tables(machine)
    tables["device"] = device_of(machine, len(tables["slots"]))
    tables["actors"] = actors
    tables["schedule"] = np.array([-1, 0])
    sizes = {name: -(-array.nbytes // WORD) * WORD for name, array in tables.items()}
    words = np.zeros(sum(sizes.values()) // WORD, np.int64)
    flat, views, start = words.view(np.uint8), {}, 0
    for name, array in tables.items():
        part = flat[start : start + array.nbytes]
        part[:] = np.ascontiguousarray(array).view(np.uint8).reshape(-1)
        views[name] = part.view(array.dtype)
        start += sizes[name]
    frames = machine.config.frames
    views["frames"] = views["rows"][:frames].view(np.uint8).reshape(frames, -1)
    found, device = views.pop("actors"), views.pop("device")
    del views["schedule"]
    return Image(words, Memory(**views), found, device)
