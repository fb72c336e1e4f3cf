"""The blocks of a machine under pressure: which are huge pages, and what spoils the others.

A block of 512 frames is spoiled if nearly all of it is free, yet a page that cannot move is in it:
compaction never gets it back.
"""

from typing import Any, NamedTuple

import numpy as np

from zbudlab import layout
from zbudlab.machine import Machine
from zbudlab.mm.inspection import frame_kinds

BLOCK = 512  #: frames
AS_GOOD_AS_EMPTY = BLOCK * 4 // 5  #: a block with more free frames is nearly empty
MOST_FRAMES = 1 << 14  #: of a machine whose frames are all sent to the browser
HUGE, SPOILED, PARTLY, USED = range(4)  #: states of a block
_FREE = (layout.FRAME_FREE, layout.FRAME_FREE_CMA)


class Blocks(NamedTuple):
    """The contents of each block: counts of frames, int64 (blocks,) each.

    movable: whether zbud pages can move.
    """

    free: np.ndarray
    zbud: np.ndarray
    kernel: np.ndarray
    movable: bool

    @property
    def used(self) -> np.ndarray:
        """Frames in use, int64 (blocks,)."""
        found: np.ndarray = BLOCK - self.free
        return found

    @property
    def stuck(self) -> np.ndarray:
        """Pages that cannot move, int64 (blocks,)."""
        return self.kernel if self.movable else self.kernel + self.zbud

    @property
    def states(self) -> np.ndarray:
        """The state of each block, HUGE to USED, int64 (blocks,)."""
        spoiled = (self.free > AS_GOOD_AS_EMPTY) & (self.stuck > 0)
        cases = [self.used == 0, spoiled, self.free > 0]
        return np.select(cases, [HUGE, SPOILED, PARTLY], USED)


def blocks(machine: Machine) -> Blocks:
    """Count what is in the whole blocks of a machine."""
    kinds = frame_kinds(machine.state)
    whole = kinds[: len(kinds) // BLOCK * BLOCK].reshape(-1, BLOCK)
    free, zbud, kernel = (
        np.isin(whole, of).sum(axis=1) for of in (_FREE, layout.POOL_KINDS, (layout.FRAME_KERNEL,))
    )
    return Blocks(free, zbud, kernel, bool(machine.state.zone["zpool_movable"]))


def labels(found: Blocks) -> list[str]:
    """Return what each block is, in a few words."""
    return [_label(found, at, state) for at, state in enumerate(found.states.tolist())]


def _label(found: Blocks, at: int, state: int) -> str:
    if state == HUGE:
        return "huge page"
    if state == PARTLY:
        return f"{found.free[at]} free"
    if state == USED:
        return "in use"
    zbud, kernel = (0 if found.movable else int(found.zbud[at])), int(found.kernel[at])
    others = int(found.used[at]) - zbud - kernel
    if zbud and kernel:
        return f"{zbud} zbud, {kernel} kernel" + f" + {others}" * bool(others)
    name, count = ("zbud", zbud) if zbud else ("kernel", kernel)
    if others:
        return f"{count} {name} + {others}"
    return f"{count} {name} page" + "s" * (count != 1)


def sentence(found: Blocks, huge: int) -> str:
    """Return the sentence that follows the number of huge pages available."""
    spoiled = found.states == SPOILED
    count, single = int(spoiled.sum()), int((spoiled & (found.used == 1)).sum())
    words = "huge page available. " if huge == 1 else "huge pages available. "
    if not count:
        return words + ("No other block is nearly empty." if huge else "No block is nearly empty.")
    zbud = not found.movable and bool(found.zbud[spoiled].any())
    kernel = bool(found.kernel[spoiled].any())
    who = "zbud pages" if zbud and not kernel else "pages of the kernel" if not zbud else "pages"
    blocks, each = ("1 block is", "it") if count == 1 else (f"{count} blocks are", "each of them")
    words += f"{blocks} as good as empty, and {who} that cannot move spoil {each}"
    if not single:
        return words + "."
    return words + ("; one is" if single == 1 else f"; {single} are") + " spoiled by a single page."


def told(machine: Machine, huge: int) -> dict[str, Any]:
    """Return the blocks of a machine for the browser: states, labels, and the sentence."""
    found = blocks(machine)
    return {
        "states": found.states.tolist(),
        "labels": labels(found),
        "says": sentence(found, huge),
        "movable": found.movable,
    }


def kinds(machine: Machine, opened: int | None) -> bytes:
    """Return the kinds of frames that the browser draws, one byte each (layout.FRAME_*).

    These are all frames; on a machine with more than MOST_FRAMES, those of the block `opened`.
    """
    found = frame_kinds(machine.state)
    if len(found) <= MOST_FRAMES:
        return found.tobytes()
    return b"" if opened is None else found[opened * BLOCK : (opened + 1) * BLOCK].tobytes()
