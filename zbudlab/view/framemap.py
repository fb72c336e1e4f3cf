"""The live frame map: a cell a page frame, in the notebook, following its machine.

Python says what the frames are and in words what a frame is; the browser draws and is the one who
knows zoom, focus and toggles. Between them: the traits below (small and rarely changed) and
binary messages (see `stream`). JavaScript: `framemap*.js`, read one after another as one module.
"""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any, NamedTuple

import anywidget
import numpy as np
import traitlets
from matplotlib.figure import Figure

from zbudlab import layout
from zbudlab.machine import Machine
from zbudlab.mm.inspection import frame_cells
from zbudlab.mm.zpool_reader import page_parts
from zbudlab.view import details, following, palette, still
from zbudlab.view.arrangement import Arrangement, arrange
from zbudlab.view.assets import script, style
from zbudlab.view.bundle import LiveView
from zbudlab.view.stream import NO_MOVES, Stream

SCRIPTS = tuple(
    f"framemap{part}.js"
    for part in ("_cells", "_frame", "_canvas", "_parts", "_hands", "_view", "")
)
MOST_CHUNKS = 4096  #: pool pages whose chunks a browser can ask for at once
MOST_NAMED = 20  #: marked frames that are named in words

Moves = np.ndarray | Iterable[tuple[int, int]]


class Marked(NamedTuple):
    """Frames that are painted over as that kind, while the map's frames are in that state."""

    frames: np.ndarray
    kind: str
    state: np.ndarray


def _borders(machine: Machine) -> tuple[int, tuple[int, int], int]:
    """What decides where a map's borders lie."""
    return machine.config.frames, machine.cma_area, machine.config.pageblock_order


class FrameMap(LiveView, anywidget.AnyWidget):
    """A live map of a machine's page frames.

    layout: "hilbert" (buddies lie together) or "linear"; size: of the map on the page, pixels.
    `machine` may be set to another machine. It follows its machine after each cell, and whenever
    `update` or `following.refresh` is called. A machine of more than arrangement.MAX_CELLS frames
    is shown several frames a cell.

    zswap's bookkeeping has a line in the legend and no frames: the machine keeps entries and tree
    nodes beside its page frames, and the legend says how many bytes they take.
    """

    _esm = script(*SCRIPTS)
    _css = style("framemap.css")

    look = traitlets.Dict().tag(sync=True)
    colours = traitlets.Dict().tag(sync=True)  # theme -> 256 * rgb, as bytes
    legend = traitlets.Bytes().tag(sync=True)  # place in the legend of each byte of a cell
    size = traitlets.Int(512).tag(sync=True)

    def __init__(self, machine: Machine, *, layout: str = "hilbert", size: int = 512) -> None:
        if not 64 <= size <= 4096:
            raise ValueError(f"size must be 64 to 4096 pixels, not {size}")
        self._arrangement: Arrangement = arrange(machine.config.frames, layout)
        super().__init__(size=size, look=_look(), colours=_colours(), legend=_legend())
        self._stream = Stream(self.send, self._described)
        self._selected: int | None = None
        self._machine = machine
        self._moved = -1
        self._marked: Marked | None = None
        self.on_msg(self._answer)
        self.machine = machine

    # --- the machine ---------------------------------------------------------------------------

    @property
    def machine(self) -> Machine:
        """The machine that is shown; set another one to show that."""
        return self._machine

    @machine.setter
    def machine(self, machine: Machine) -> None:
        following.unfollow(self._machine, self)
        before, self._machine = self._machine, machine
        self._moved = _moves_so_far(machine)
        following.follow(machine, self)
        if (
            _borders(machine) != _borders(before)
            or machine.config.frames != self._arrangement.frames
        ):
            self._rearrange(self._arrangement.name)
        if self._selected is not None and self._selected >= machine.config.frames:
            self.select(None)
        self.update()

    def update(self, moves: Moves | None = None) -> None:
        """Read the machine and show what changed.

        moves: pages that moved, as pairs of frames (from, to) or records of layout.migration; by
        default those of the machine's last compaction, if there was one since the last update.
        """
        self._frames = frame_cells(self._machine.state)
        cells = palette.joined(self._frames, self._arrangement.frames_per_cell)
        self._stream.offer(cells, self._moved_cells(moves))
        if self._marked is not None and not np.array_equal(self._marked.state, self._frames):
            self._marked = None
        self._tell_marks()
        if self._selected is not None:
            self._tell_details(self._selected)

    def _moved_cells(self, moves: Moves | None) -> np.ndarray:
        """Moves as pairs of cells, uint32 (n, 2)."""
        so_far = _moves_so_far(self._machine)
        if moves is None:
            control = self._machine.control[0]
            new = so_far > self._moved
            moves = self._machine.moves[: int(control["nr_moves"]) if new else 0]
        self._moved = so_far
        if isinstance(moves, np.ndarray) and moves.dtype == layout.migration:
            moves = np.stack([moves["old"], moves["new"]], axis=1)[moves["new"] >= 0]
        pairs = np.array(list(moves) if not isinstance(moves, np.ndarray) else moves, np.int64)
        if not pairs.size:
            return NO_MOVES
        return (pairs.reshape(-1, 2) // self._arrangement.frames_per_cell).astype(np.uint32)

    # --- what is shown -------------------------------------------------------------------------

    @property
    def summary(self) -> str:
        """The map in words: how many frames are what, and which are marked."""
        return self._words(palette.counts(self._frames))

    def _words(self, counts: np.ndarray) -> str:
        words = details.summary(self._machine, counts)
        if self._marked is None:
            return words
        frames = ", ".join(map(str, self._marked.frames[:MOST_NAMED].tolist()))
        more = ", ..." if len(self._marked.frames) > MOST_NAMED else ""
        return f"{words} {len(self._marked.frames)} marked {self._marked.kind}: {frames}{more}."

    def select(self, pfn: int | None) -> None:
        """Show the details of a frame beside the map, and keep them in step; None = of no frame.

        ValueError for a frame that is not there.
        """
        if pfn is not None:
            self._check_frames(np.array([pfn]))
        self._selected = pfn
        self._tell_details(pfn)

    def mark(self, pfns: Iterable[int] | np.ndarray, kind: str) -> None:
        """Paint frames over, in the colour of a palette.KINDS by name, until something changes."""
        if kind not in palette.NUMBER:
            raise ValueError(f"kind must be one of {', '.join(palette.NUMBER)}, not {kind!r}")
        frames = np.unique(np.array(list(pfns), np.int64))
        self._check_frames(frames)
        self._marked = Marked(frames, kind, self._frames)
        self._tell_marks()

    def _tell_marks(self) -> None:
        """Tell the browser what is painted over: it forgets with each new state."""
        if self._marked is not None:
            cells = (self._marked.frames // self._arrangement.frames_per_cell).astype("<u4")
            kind = palette.NUMBER[self._marked.kind]
            self._tell({"kind": "mark", "with": kind, "summary": self.summary}, cells)

    def _check_frames(self, frames: np.ndarray) -> None:
        last = self._machine.config.frames - 1
        wrong = frames[(frames < 0) | (frames > last)]
        if len(wrong):
            raise ValueError(f"there is no page frame {wrong[0]}, only 0 to {last}")

    def _described(self) -> dict[str, Any]:
        """What a message says of the newest state beside its cells."""
        counts = palette.counts(self._frames)
        return {
            "counts": counts.tolist(),
            "summary": self._words(counts),
            "bookkeeping": details.bookkeeping(self._machine),
        }

    def _tell_details(self, pfn: int | None) -> None:
        told = None if pfn is None else details.details(self._machine, pfn)
        self._tell({"kind": "details", "frame": pfn, "told": told})

    def _rearrange(self, name: str) -> None:
        self._arrangement = arrange(self._machine.config.frames, name)
        self._stream.forget()
        self._tell_grid()

    def _tell_grid(self) -> None:
        """Send where cells lie, and after it everything they show."""
        grid = self._arrangement
        block = 1 << self._machine.config.pageblock_order
        together = grid.frames_per_cell
        first, last = self._machine.cma_area
        message = {
            "kind": "grid",
            "layout": grid.name,
            "columns": grid.columns,
            "rows": grid.rows,
            "frames": grid.frames,
            "together": together,
            "block": max(block // together, 1),
            "cma": [first // together, last // together],
            "notice": details.reduced(grid.frames, together),
        }
        self._tell(message, grid.places)

    def _tell(self, message: dict[str, Any], array: np.ndarray | None = None) -> None:
        """Tell the browser, if one has asked for anything."""
        if self._stream.open:
            self.send(message, [] if array is None else [array.tobytes()])

    # --- the browser ---------------------------------------------------------------------------

    def _answer(self, _: Any, message: dict[str, Any], __: Any) -> None:
        """Do what the browser asks for."""
        kind = message["kind"]
        if kind == "painted":
            self._stream.painted(message["number"])
            self._tell_marks()
        elif kind == "hover":
            together = self._arrangement.frames_per_cell
            words = details.cell_words(self._machine, self._frames, message["frame"], together)
            self._tell({"kind": "words", "frame": message["frame"], "words": words})
        elif kind == "select":
            self.select(message["frame"])
        elif kind == "chunks":
            frames = np.array(message["frames"][:MOST_CHUNKS], np.int64)
            parts = page_parts(self._machine.state, frames)
            self._tell({"kind": "chunks", "frames": frames.tolist()}, parts)
        elif kind in ("hello", "layout"):
            self._begin(message.get("layout"))
        elif kind == "bye":
            self._stream.stop()

    def _begin(self, name: str | None) -> None:
        """Send everything: the grid, the cells, the details."""
        self._stream.start()
        self._rearrange(name or self._arrangement.name)
        self.update()

    def figure(self) -> Figure:
        """The map as a picture, with its legend."""
        over = self._marked
        marked = {} if over is None else {"marked": over.frames.tolist(), "kind": over.kind}
        bookkeeping = details.bookkeeping(self._machine)
        return still.figure(self._frames, self._arrangement.name, bookkeeping, **marked)


def _moves_so_far(machine: Machine) -> int:
    """Pages that the machine has ever moved."""
    return machine.paging.events["pgmigrate_success"]


def _look() -> dict[str, Any]:
    """The legend and what the bytes of cells mean, for the browser."""
    return {
        "kinds": [asdict(kind) for kind in palette.KINDS],
        "lasting": palette.LASTING,
        "bookkeeping": palette.BOOKKEEPING,
        "chunks": palette.CHUNKS,
        "chunk_words": palette.CHUNK_WORDS,
        "mask": layout.FRAME_KIND_MASK,
        "pool": layout.POOL_KINDS,
        "parts": layout.PART_NAMES,
    }


def _colours() -> dict[str, bytes]:
    return {theme: palette.cell_colours(theme).tobytes() for theme in palette.THEMES}


def _legend() -> bytes:
    return palette.kind_numbers(palette.ALL_CELLS).tobytes()
