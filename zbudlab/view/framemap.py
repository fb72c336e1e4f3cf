"""The live frame map: a notebook widget with one cell per page frame that follows its machine.

Python supplies the state of the frames and their descriptions. The browser draws them and keeps
zoom, focus and toggles. They communicate through the traits below (small and rarely changed) and
binary messages (see `stream`). JavaScript: `framemap*.js`, concatenated into one module.
"""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any, NamedTuple

import anywidget
import numpy as np
import traitlets
from matplotlib.figure import Figure

from zbudlab import layout
from zbudlab.io.arguments import checked
from zbudlab.io.values import shown, whole_numbers
from zbudlab.machine import Machine
from zbudlab.mm.inspection import frame_cells
from zbudlab.mm.zpool_reader import page_parts
from zbudlab.view import details, palette, still, updates
from zbudlab.view.arrangement import Arrangement, arrange
from zbudlab.view.assets import script, style
from zbudlab.view.bundle import LiveView
from zbudlab.view.stream import NO_MOVES, Stream

SCRIPTS = tuple(
    f"framemap{part}.js"
    for part in ("_cells", "_frame", "_canvas", "_parts", "_input", "_view", "")
)
MOST_CHUNKS = 4096  #: pool pages whose chunks a browser can request at once
MOST_NAMED = 20  #: marked frames that the summary lists

Moves = np.ndarray | Iterable[tuple[int, int]]


class Marked(NamedTuple):
    """Frames that are painted as `kind` for as long as the map's cells equal `state`."""

    frames: np.ndarray
    kind: str
    state: np.ndarray


def _borders(machine: Machine) -> tuple[int, tuple[int, int], int]:
    """Return the settings that determine a map's borders."""
    return machine.config.frames, machine.cma_area, machine.config.pageblock_order


class FrameMap(LiveView, anywidget.AnyWidget):
    """A live map of a machine's page frames.

    layout: "blocks" (each 512 frames in 16 rows of 32, as in static maps), "hilbert" (buddies are
    adjacent) or "linear". size: of the map on the page, 64 to 4096 pixels; ValueError otherwise.
    `machine` can be set to another machine. The map is updated after
    each notebook cell, and by `update` and `updates.refresh`. On a machine with more than
    arrangement.MAX_CELLS frames, each cell covers several frames.

    The machine keeps zswap's entries and tree nodes outside its page frames, so they have no cells.
    The legend shows their size in bytes.
    """

    _esm = script(*SCRIPTS)
    _css = style("framemap.css")

    look = traitlets.Dict().tag(sync=True)
    colours = traitlets.Dict().tag(sync=True)  # theme -> 256 * rgb, as bytes
    legend = traitlets.Bytes().tag(sync=True)  # index in the legend by byte of a cell
    size = traitlets.Int(512).tag(sync=True)

    @checked()
    def __init__(self, machine: Machine, *, layout: str = "blocks", size: int = 512) -> None:
        if not 64 <= size <= 4096:
            raise ValueError(f"size must be 64 to 4096 pixels, not {size}")
        self._arrangement: Arrangement = arrange(machine.config.frames, layout)
        super().__init__(
            size=size, look=_look(details.pool_kind(machine)), colours=_colours(), legend=_legend()
        )
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
        """The machine shown. Assign another machine to show that one."""
        return self._machine

    @machine.setter
    def machine(self, machine: Machine) -> None:
        updates.unfollow(self._machine, self)
        before, self._machine = self._machine, machine
        self._moved = _moves_so_far(machine)
        updates.follow(machine, self)
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

        moves: pages that moved, as pairs of frames (from, to) or records of layout.migration.
        Default: those of the last compaction, if it happened since the last update.
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
        """Return moves as pairs of cells (from, to), uint32 (n, 2)."""
        so_far = _moves_so_far(self._machine)
        if moves is None:
            control = self._machine.control[0]
            new = so_far > self._moved
            moves = self._machine.moves[: int(control["nr_moves"]) if new else 0]
        self._moved = so_far
        if isinstance(moves, np.ndarray) and moves.dtype == layout.migration:
            moves = np.stack([moves["old"], moves["new"]], axis=1)[moves["new"] >= 0]
        pairs = _pairs(moves)
        if not pairs.size:
            return NO_MOVES
        self._check_frames(pairs)
        return (pairs // self._arrangement.frames_per_cell).astype(np.uint32)

    # --- what is shown -------------------------------------------------------------------------

    @property
    def summary(self) -> str:
        """The map in words: the number of frames of each kind, and the marked frames."""
        return self._words(palette.counts(self._frames))

    def _words(self, counts: np.ndarray) -> str:
        words = details.summary(self._machine, counts)
        if self._marked is None:
            return words
        frames = ", ".join(map(str, self._marked.frames[:MOST_NAMED].tolist()))
        more = ", ..." if len(self._marked.frames) > MOST_NAMED else ""
        return f"{words} {len(self._marked.frames)} marked {self._marked.kind}: {frames}{more}."

    @checked()
    def select(self, pfn: int | None) -> None:
        """Show the details of a frame next to the map and keep them up to date.

        pfn: the frame; None hides the details. ValueError if the machine has no such frame.
        """
        if pfn is not None:
            self._check_frames(np.array([pfn]))
        self._selected = pfn
        self._tell_details(pfn)

    @checked()
    def mark(self, pfns: Iterable[int] | np.ndarray, kind: str) -> None:
        """Paint frames in the colour of `kind` until a frame's state changes.

        kind: a name in palette.NUMBER. ValueError for an unknown kind or frame.
        """
        if kind not in palette.NUMBER:
            raise ValueError(f"kind must be one of {', '.join(palette.NUMBER)}, not {kind!r}")
        if isinstance(pfns, range) and pfns:  # checked before it is expanded
            self._check_frames(np.array([pfns[0], pfns[-1]], object))
        listed = pfns if isinstance(pfns, (np.ndarray, range)) else list(pfns)
        frames = np.unique(whole_numbers("pfns", listed, ValueError))
        self._check_frames(frames)
        self._marked = Marked(frames, kind, self._frames)
        self._tell_marks()

    def _tell_marks(self) -> None:
        """Send the marked frames to the browser, which drops them at each new state."""
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
        """Return the data about the newest state that a message carries in addition to cells."""
        counts = palette.counts(self._frames)
        return {
            "counts": counts.tolist(),
            "summary": self._words(counts),
            "bookkeeping": details.bookkeeping(self._machine),
            "named": _named(self._machine),
        }

    def _tell_details(self, pfn: int | None) -> None:
        told = None if pfn is None else details.details(self._machine, pfn)
        self._tell({"kind": "details", "frame": pfn, "told": told})

    def _rearrange(self, name: str) -> None:
        self._arrangement = arrange(self._machine.config.frames, name)
        self._stream.forget()
        self._tell(*self.grid())  # the positions of the cells

    def grid(self, name: str = "") -> tuple[dict[str, Any], np.ndarray]:
        """Return the message about an arrangement of cells, and their positions, uint32 (cells,).

        name: of the arrangement, as `layout`; default: the one shown.
        """
        grid = arrange(self._machine.config.frames, name) if name else self._arrangement
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
        return message, grid.places

    def state(self) -> tuple[np.ndarray, dict[str, Any]]:
        """Return the cells last read, uint8 (cells,), and what is said about them."""
        together = self._arrangement.frames_per_cell
        return palette.joined(self._frames, together), self._described()

    def _tell(self, message: dict[str, Any], array: np.ndarray | None = None) -> None:
        """Send a message if a browser is connected."""
        if self._stream.open:
            self.send(message, [] if array is None else [array.tobytes()])

    # --- the browser ---------------------------------------------------------------------------

    def _answer(self, _: Any, message: dict[str, Any], __: Any) -> None:
        """Answer a request from the browser."""
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
        """Draw the map with its legend as a static picture."""
        over = self._marked
        marked = {} if over is None else {"marked": over.frames.tolist(), "kind": over.kind}
        bookkeeping = details.bookkeeping(self._machine)
        kinds = palette.kinds_of(details.pool_kind(self._machine))
        name = self._arrangement.name
        return still.figure(self._frames, name, bookkeeping, kinds=kinds, **marked)


def _moves_so_far(machine: Machine) -> int:
    """Return how many pages the machine has moved since it booted."""
    return machine.paging.events["pgmigrate_success"]


def _look(allocator: int = layout.ZPOOL_ZBUD) -> dict[str, Any]:
    """Return the legend and the meaning of cells' bytes, for the browser.

    allocator: zswap's, layout.ZPOOL_*, which the legend names.
    """
    return {
        "kinds": [asdict(kind) for kind in palette.kinds_of(allocator)],
        "lasting": palette.LASTING,
        "bookkeeping": palette.BOOKKEEPING,
        "chunks": palette.CHUNKS,
        "chunk_words": palette.POOL_CHUNK_WORDS.get(allocator, palette.CHUNK_WORDS),
        "mask": layout.FRAME_KIND_MASK,
        "pool": layout.POOL_KINDS,
        "parts": layout.PART_NAMES,
    }


def _named(machine: Machine) -> dict[str, Any]:
    """Return the words of the legends that name a machine's allocator."""
    allocator = details.pool_kind(machine)
    look = _look(allocator)
    kinds = [kind["words"] for kind in look["kinds"]]
    return {"allocator": allocator, "kinds": kinds, "chunks": look["chunk_words"]}


def _colours() -> dict[str, bytes]:
    return {theme: palette.cell_colours(theme).tobytes() for theme in palette.THEMES}


def _legend() -> bytes:
    return palette.kind_numbers(palette.ALL_CELLS).tobytes()


def _pairs(moves: Moves) -> np.ndarray:
    """Return moves as pairs of frames, int64 (n, 2); ValueError for anything else."""
    try:
        pairs = np.array(moves if isinstance(moves, np.ndarray) else list(moves))
    except Exception:  # ragged lists, and objects that fail in any way
        pairs = np.zeros(1, object)
    if pairs.size and (pairs.ndim != 2 or pairs.shape[1] != 2 or pairs.dtype.kind not in "iu"):
        raise ValueError(f"moves must be pairs of page frames, not {shown(moves)}")
    return pairs.astype(np.int64) if pairs.size else np.zeros((0, 2), np.int64)
