"""Small machines for traces with a wrong step (`lessons.wrong_step`), and the faults in it."""

import random
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, NamedTuple, TypeVar

from zbudlab import jit
from zbudlab.layout import (
    BUDDY,
    CHUNK_SIZE,
    COMPACT_COMPLETE,
    FRAME_KIND_MASK,
    NCHUNKS,
)
from zbudlab.machine import Machine
from zbudlab.machine.core import LAB_POOL
from zbudlab.mm.inspection import frame_cells
from zbudlab.mm.list_head import list_empty
from zbudlab.mm.zbud_header import handle_pfn, header_row, pool_list
from zbudlab.mm.zbud_migrate import expected_references

FRAMES, BLOCK_ORDER = 128, 4  #: of the machines
LETTERS = "..PZZK"  #: of frames by layout.FRAME_*
NAMES = "ABCDEFGHIJKLMNOPQRST"  #: of objects

Act = tuple[Any, ...]  #: a name and its arguments
State = dict[str, str]  #: what each column shows
Seen = TypeVar("Seen")


class Fault(NamedTuple):
    """Functions that replace those of `zbudlab.mm`, and the rule that they break."""

    functions: Mapping[str, Callable]
    why: str


def named(**faults: Fault) -> Mapping[str, Fault]:
    """Return faults by name."""
    return faults


class Lab:
    """A small machine, its objects by name, and what to do with them."""

    question = ""
    faults: ClassVar[Mapping[str, Fault]] = {}

    def __init__(self) -> None:
        self.machine = Machine(
            frames=FRAMES,
            pageblock_order=BLOCK_ORDER,
            zbud_movable=True,
            page_bytes=False,
            log=False,
        )
        self.objects: dict[str, int] = {}  # handles
        self.mapped: set[str] = set()
        self.left = list(NAMES)
        self.last = ""  #: what was done last

    def choose(self, draw: random.Random) -> Act:
        """Return what to do next."""
        raise NotImplementedError

    def do(self, act: Act) -> str:
        """Do it on the machine, and say what happened. May be done again from the same state."""
        said: str = getattr(self, f"_{act[0]}")(*act[1:])
        return said

    def note(self, act: Act) -> None:
        """Take note of what was done: it is part of the trace."""
        name, *given = act
        self.last = name
        if name == "store":
            self.left.remove(given[0])
        elif name == "free":
            del self.objects[given[0]]
        elif name == "map":
            self.mapped.add(given[0])
        elif name == "unmap":
            self.mapped.remove(given[0])

    def state(self) -> State:
        """Return what the columns show now."""
        raise NotImplementedError

    def frame_of(self, name: str) -> int:
        """Return the frame of an object."""
        state = self.machine.state
        return int(handle_pfn(state.pools[LAB_POOL], state.nodes, self.objects[name]))

    def _store(self, name: str, size: int) -> str:
        self.objects[name] = self.machine.zbud_alloc(size)
        chunks = -(-size // CHUNK_SIZE)
        return f"store {name}, {chunks} chunks: it goes to frame {self.frame_of(name)}"

    def _free(self, name: str) -> str:
        pfn = self.frame_of(name)
        self.machine.zbud_free(self.objects[name])
        return f"free {name} in frame {pfn}"

    def _compacted(self, look: Callable[[], Seen]) -> tuple[Seen, Seen]:
        """Compact all memory, and return what `look` finds before and after."""
        before = look()
        self.machine.rescan()
        self.machine.compact()
        return before, look()

    def _map(self, name: str) -> str:
        self.machine.zbud_map(self.objects[name])
        return f"map {name}: a program reads it in frame {self.frame_of(name)}"

    def _unmap(self, name: str) -> str:
        self.machine.zbud_unmap(self.objects[name])
        return f"unmap {name}"


# --- zbud: the page that an object goes to -------------------------------------------------------


def _largest_hole(pool: Any, rows: Any, chunks: int) -> int:
    for free_chunks in range(NCHUNKS - 1, chunks - 1, -1):
        head = pool_list(pool, free_chunks)
        if not list_empty(rows, BUDDY, head):
            return int(rows[head].next[BUDDY])
    return -1


def _no_hole(_pool: Any, _rows: Any, _chunks: int) -> int:
    return -1


class Storing(Lab):
    """Objects are stored and freed."""

    question = "zbud stores and frees objects. In one step its search for room has a fault. Which?"
    faults = named(
        largest=Fault(
            {"find_hole": _largest_hole},
            "An object goes to the page with the smallest hole that is large enough.",
        ),
        none=Fault(
            {"find_hole": _no_hole}, "A new page is taken only if no page has a hole large enough."
        ),
    )

    def choose(self, draw: random.Random) -> Act:
        """Return what to do next."""
        if len(self.objects) > 3 and draw.random() < 0.3:
            return "free", draw.choice(sorted(self.objects))
        return "store", self.left[0], CHUNK_SIZE * draw.randint(8, 46)

    def state(self) -> State:
        """Return the free chunks of each page."""
        state = self.machine.state
        pool, found = state.pools[LAB_POOL], {}
        for pfn in sorted(self._frames()):
            header = state.rows[header_row(pool, pfn)]
            both = [int(header[field]) for field in ("first_chunks", "last_chunks")]
            found[f"frame {pfn}"] = f"{both[0] or '-'} + {both[1] or '-'}"
        return found

    def _frames(self) -> set[int]:
        cells = frame_cells(self.machine.state) & FRAME_KIND_MASK
        return {pfn for pfn, kind in enumerate(cells.tolist()) if LETTERS[kind] == "Z"}


# --- migration: the pages that may move ----------------------------------------------------------


def _unchecked(mem: Any, new: int, old: int) -> int:
    """Move a page although it has more references than a page that may move."""
    header = mem.rows[header_row(mem.pools[mem.pages[old].private], old)]
    more = int(mem.pages[old].refcount) - int(expected_references(header))
    mem.pages[old].refcount -= more
    mem.pages[new].refcount += more
    moved: int = jit.KERNELS["zbud_migrate.zbud_migrate_page"].py_func(mem, new, old)
    return moved


class Moving(Lab):
    """Objects are stored, mapped and unmapped; compaction moves their pages to the end."""

    question = (
        "Programs map objects of zbud while compaction moves its pages. In one step migration has "
        "a fault. Which?"
    )
    faults = named(
        unchecked=Fault(
            {"zbud_migrate_page": _unchecked},
            "A page with a mapped object has one more reference than its objects and its isolation "
            "explain. A program may be reading it at its old place, so it stays.",
        )
    )

    def choose(self, draw: random.Random) -> Act:
        """Return what to do next."""
        still = sorted(set(self.objects) - self.mapped)
        if len(self.objects) < 3:
            return "store", self.left[0], CHUNK_SIZE * draw.randint(34, 60)
        at = draw.random()
        if at < 0.35 and self.last != "compact":
            return ("compact",)
        if at < 0.6 and still and len(self.mapped) < 2:
            return "map", draw.choice(still)
        if at < 0.75 and self.mapped:
            return "unmap", draw.choice(sorted(self.mapped))
        return "store", self.left[0], CHUNK_SIZE * draw.randint(34, 60)

    def _compact(self) -> str:
        before, after = self._compacted(
            lambda: {name: self.frame_of(name) for name in self.objects}
        )
        moved = [name for name in self.objects if after[name] != before[name]]
        return f"compact: it moves {', '.join(moved) or 'nothing'}"

    def state(self) -> State:
        """Return the frame of each object."""
        return {
            name: f"frame {self.frame_of(name)}{', mapped' if name in self.mapped else ''}"
            for name in self.objects
        }


# --- compaction: two scanners ---------------------------------------------------------------------


def _any_target(_mem: Any, _pfn: int) -> bool:
    return True


def _met_at_once(_mem: Any, _control: Any) -> int:
    return COMPACT_COMPLETE


class Compacting(Lab):
    """Programs and the kernel take frames; compaction moves pages of programs to the end."""

    question = (
        "A memory of eight pageblocks: P is a page of a program, K one of the kernel, a dot is "
        "free. In one step compaction has a fault. Which?"
    )
    faults = named(
        target=Fault(
            {"suitable_migration_target": _any_target},
            "The free scanner takes its targets from movable pageblocks only. It took one from a "
            "pageblock of the kernel, where the next kernel page would have had room.",
        ),
        met=Fault(
            {"compact_finished": _met_at_once},
            "Compaction goes on until its scanners meet. It stopped before, with pages of programs "
            "below free frames of movable pageblocks.",
        ),
    )

    def __init__(self) -> None:
        super().__init__()
        self.program = self.machine.create_process(FRAMES)
        self.touched = self.kernel = 0
        self._lead_the_kernel_to_the_end()

    def _lead_the_kernel_to_the_end(self) -> None:
        """Give the kernel its first page in the last pageblock, from which targets are tempting."""
        blocks = [self.machine.alloc_pages(BLOCK_ORDER) for _ in range(FRAMES >> BLOCK_ORDER)]
        self.machine.free_pages(blocks.pop())
        self.machine.alloc_pages(0, "unmovable")
        for pfn in blocks:
            self.machine.free_pages(pfn)

    def choose(self, draw: random.Random) -> Act:
        """Return what to do next."""
        at = draw.random()
        if self.touched and at < 0.4 and self.last != "compact":
            return ("compact",)
        if at < 0.6 and self.kernel < 5:
            return "kernel", draw.randint(1, 2)
        return "touch", draw.randint(2, 6)

    def note(self, act: Act) -> None:
        """Take note of what was done."""
        self.last = act[0]
        if act[0] == "touch":
            self.touched += act[1]
        elif act[0] == "kernel":
            self.kernel += act[1]

    def _touch(self, count: int) -> str:
        self.machine.touch(self.program, list(range(self.touched, self.touched + count)))
        return f"a program touches {count} new pages"

    def _kernel(self, count: int) -> str:
        for _ in range(count):
            self.machine.alloc_pages(0, "unmovable")
        return f"the kernel takes {count} {'page' if count == 1 else 'pages'}"

    def _compact(self) -> str:
        before, after = self._compacted(self._letters)
        gone = sum(a == "P" != b for a, b in zip(before, after, strict=True))
        return f"compact: it moves {gone} {'page' if gone == 1 else 'pages'}"

    def _letters(self) -> str:
        cells = frame_cells(self.machine.state) & FRAME_KIND_MASK
        return "".join(LETTERS[kind] for kind in cells.tolist())

    def state(self) -> State:
        """Return the letters of all frames, a word for each pageblock."""
        letters, size = self._letters(), 1 << BLOCK_ORDER
        return {"frames": " ".join(letters[at : at + size] for at in range(0, FRAMES, size))}


SUBJECTS: dict[str, type[Lab]] = {
    "zbud": Storing,
    "migration": Moving,
    "compaction": Compacting,
}
