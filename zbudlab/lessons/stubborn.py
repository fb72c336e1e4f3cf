"""One page that cannot move keeps a block of 512 frames from becoming free.

Two blocks of a machine of four: programs filled both, most of these programs ended, and one zbud
page is left among the scattered pages of the first block. The other two blocks belong to the
kernel. The free scanner of compaction needs them: on a machine of two blocks it finds no target.
"""

from typing import Any, NamedTuple

import numpy as np

from zbudlab.machine import Machine
from zbudlab.mm.inspection import frame_kinds

BLOCK = 512  #: frames of a pageblock
FRAMES = 4 * BLOCK
SHOWN = (0, 3)  #: blocks of the story; the kernel holds the others
PROGRAMS, PAGES = 18, 43  #: programs, and the pages of each
STAYING = 9  #: programs that do not end
PASSING = 110  #: pages of a program that ends early and leaves single free frames
GAP, GAP_AT = 16, 208  #: frames that are free together when zbud asks for its page, and the first
SIZES = (1800, 1500)  #: bytes of the two objects that share the zbud page
SEED = 2
MOVED = 0  #: result of a migration that moved its page


class Pressed(NamedTuple):
    """The result of one compaction: frames after it (uint8), and moves as pairs of frames."""

    kinds: np.ndarray
    moves: list[tuple[int, int]]


def machine(*, series: bool) -> Machine:
    """Return the machine of the story before compaction.

    series: whether this kernel has the patches that let zbud pages move. They are switched off.
    """
    made = Machine(frames=FRAMES, zbud_movable=series, page_bytes=False, log=False)
    if series:
        made.set_zbud_movable(False)
    for _ in range(FRAMES // BLOCK):
        made.alloc_pages(9)
    for block in reversed(SHOWN):  # the block freed last is filled first
        made.free_pages(block * BLOCK)
    random = np.random.Generator(np.random.PCG64(SEED))
    programs = _fill(made, random)
    for program in random.permutation(programs)[STAYING:].tolist():
        made.exit(program)
    return made


def _fill(made: Machine, random: np.random.Generator) -> list[int]:
    """Fill both blocks, with a zbud page in the gap at GAP_AT; return the programs."""
    programs = [made.create_process(PAGES) for _ in range(PROGRAMS)]
    passing, gap = made.create_process(PASSING), made.create_process(GAP)
    turns = np.repeat([*programs, passing], [PAGES] * PROGRAMS + [PASSING])
    random.shuffle(turns)
    touched = dict.fromkeys([*programs, passing], 0)
    for turn, program in enumerate(turns.tolist()):
        if turn == GAP_AT:
            made.touch(gap, range(GAP), write=True)
        made.touch(program, [touched[program]], write=True)
        touched[program] += 1
    made.exit(passing)
    _store_in_gap(made, gap)
    return programs


def _store_in_gap(made: Machine, gap: int) -> None:
    """Give zbud its page while the gap is the largest free block, so that both kernels take it."""
    held = []
    for order in (6, 5, 4):
        while made.state.zone["nr_free"][order:].any():
            held.append(made.alloc_pages(order, "movable", direct=False))
    made.exit(gap)
    for size in SIZES:
        made.zbud_alloc(size)
    for block in held:
        made.free_pages(block)


def compacted(made: Machine) -> Pressed:
    """Compact all memory and return what that did."""
    made.rescan()
    made.compact()
    done = made.moves[: int(made.control[0]["nr_moves"])]
    moves = [(int(a), int(b)) for a, b, result in done.tolist() if result == MOVED]
    return Pressed(shown(frame_kinds(made.state)), [(place(a), place(b)) for a, b in moves])


def shown(kinds: np.ndarray) -> np.ndarray:
    """Return the kinds of frames of the story's two blocks, uint8 (1024,)."""
    return np.concatenate([kinds[block * BLOCK : (block + 1) * BLOCK] for block in SHOWN])


def place(pfn: int) -> int:
    """Return where a page frame is among the story's frames. ValueError if it is not."""
    return SHOWN.index(pfn // BLOCK) * BLOCK + pfn % BLOCK


def record() -> dict[str, Any]:
    """Run the story and return what its picture needs, ready for JSON.

    start: a digit per frame (layout.FRAME_*). stuck: moves of plain zbud. freed: moves once zbud
    pages can move, after that. movable: moves where they could from the beginning. Each move is a
    pair of frames.
    """
    plain, series, free = machine(series=False), machine(series=True), machine(series=True)
    start = shown(frame_kinds(plain.state))
    stuck = compacted(plain)
    same = compacted(series)
    assert (same.kinds == stuck.kinds).all(), "both kernels compact alike"
    series.set_zbud_movable(True)
    free.set_zbud_movable(True)
    return {
        "start": "".join(map(str, start.tolist())),
        "stuck": [list(pair) for pair in stuck.moves],
        "freed": [list(pair) for pair in compacted(series).moves],
        "movable": [list(pair) for pair in compacted(free).moves],
    }
