"""Machine: the one object a user holds.

A machine has page frames, processes with pages of their own, a swap device with zswap before it,
and what the kernel has to keep them: the buddy allocator, zbud, reclaim, compaction. Everything a
user does goes through it, is logged, and can be replayed: the same configuration and the same
operations give the same bytes everywhere.

Where a method says `pages`, virtual pages of a process are meant, counted from 0; a `pfn` is a
page frame. Refused operations raise MachineError with the kernel's errno.
"""

import contextlib
import errno
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from zbudlab import jit, layout
from zbudlab.content.compressors import Compressor
from zbudlab.content.compressors import compressor as find_compressor
from zbudlab.io.values import fault_of, is_whole
from zbudlab.machine import operations, snapshots
from zbudlab.machine.config import MAX_FRAMES, MachineConfig
from zbudlab.machine.core import Core
from zbudlab.machine.errors import ConfigError, Inconsistent, MachineError
from zbudlab.machine.keyframes import Keyframes
from zbudlab.machine.oplog import OperationLog
from zbudlab.machine.snapshots import Snapshot
from zbudlab.mm import page_poison, snapshot


def _whole(name: str, value: Any, *bounds: int) -> int:
    """A whole number within its bounds as Python's, for the log; or MachineError(EINVAL)."""
    fault = fault_of(name, value, *bounds)
    if fault:
        raise MachineError(errno.EINVAL, fault)
    return int(value)


class Machine(Core):
    """A simulated machine; `config` or its settings by name.

    compressor: a name, or an object of your own (see `zbudlab.content.compressors`).

    >>> machine = Machine(frames=4096, compressor="lz4")
    >>> shell = machine.create_process(100)
    >>> machine.touch(shell, range(100))
    """

    def __init__(
        self,
        config: MachineConfig | None = None,
        *,
        compressor: Compressor | str | None = None,
        **settings: Any,
    ) -> None:
        if config is not None and settings:
            raise ConfigError("give a MachineConfig or settings by name, not both")
        if isinstance(compressor, str):
            settings["compressor"] = compressor
            compressor = None
        if not isinstance(compressor, Compressor | None):
            raise ConfigError(f"{compressor!r} is no compressor, nor the name of one")
        config = config or MachineConfig.from_dict(settings)
        config.check_host()
        log = OperationLog() if config.log else None
        compressor = compressor or find_compressor(config.compressor)
        super().__init__(config, compressor if log is None else log.recording(compressor), log)
        self.keyframes = Keyframes() if config.keyframes and config.log else None
        if self.keyframes is not None:
            self.keyframes.take(self)

    # --- operations and the log ----------------------------------------------------------------

    def perform(self, name: str, arguments: Sequence[int], run: Callable[[], int]) -> int:
        """Do an operation as `operate` does, where what is to be run is more than its arguments."""
        place = self.log.add(0, name, arguments) if self.log is not None else -1
        started = time.process_time() if self.keyframes is not None else 0.0
        try:
            result = run()
            if self.log is not None:
                self.log.set_result(place, result)
            if self.config.checked:
                self._check_free_pages()
                self.check()
        except MachineError as error:
            if self.log is not None:
                self.log.set_result(place, -(error.errno or 0))
            raise
        finally:
            if self.keyframes is not None:
                self.keyframes.after(self, time.process_time() - started)
        return result

    def operate(self, name: str, *arguments: int) -> int:
        """Run one operation as the log knows it, a name and whole numbers, and log it."""
        return self.perform(name, arguments, lambda: operations.OPERATIONS[name](self, *arguments))

    # --- processes -----------------------------------------------------------------------------

    def create_process(self, pages: int) -> int:
        """Start a process with that many pages, none of them touched yet; its number."""
        return self.operate("create_process", _whole("pages of a process", pages, 1, MAX_FRAMES))

    def exit(self, process: int) -> None:
        """End a process: its pages and swap slots are free again."""
        self._check_run(process, 0, -1)
        self.operate("exit", process)

    def _check_run(self, process: int, first: int, last: int) -> None:
        """Refuse a process that is not there, and pages `first` to `last` that it does not have."""
        processes = self.state.processes
        known = is_whole(process) and 0 <= process < len(processes)
        if not known or processes[process]["nr_pages"] == 0:
            raise MachineError(errno.ESRCH, f"there is no process {process!r}")
        end = int(processes[process]["nr_pages"])
        if first <= last and not 0 <= first <= last < end:
            raise MachineError(
                errno.EFAULT,
                f"process {process} has pages 0 to {end - 1}; {first} to {last} were asked for",
            )

    def _check_pages(self, process: int, pages: Sequence[int] | range | np.ndarray) -> list[int]:
        asked = np.asarray(pages)
        if asked.ndim != 1 or (asked.size and asked.dtype.kind not in "iu"):
            raise MachineError(
                errno.EINVAL, f"pages are given as a range or list of numbers, not {pages!r:.40}"
            )
        bounds = (int(asked.min()), int(asked.max())) if asked.size else (0, -1)
        self._check_run(process, *bounds)
        return asked.tolist()

    def touch(
        self, process: int, pages: Sequence[int] | range | np.ndarray, *, write: bool = False
    ) -> None:
        """Use pages of a process in that order, so that each is in memory when its turn comes."""
        self.operate("touch", process, int(write), *self._check_pages(process, pages))

    def write(self, process: int, first: int, pages: Any) -> None:
        """Write whole pages, from page `first` of a process on.

        pages: uint8 (n, 4096), or bytes. On a machine without page bytes: n compressed lengths.
        """
        first = _whole("first", first)
        if not self.config.page_bytes:
            lengths = np.ascontiguousarray(pages, np.int32)
            self._check_run(process, first, first + len(lengths) - 1)
            self.perform(
                "write_lengths",
                [process, first, *lengths.tolist()] if self.log else [],
                lambda: operations.write_marks(self, process, first, lengths),
            )
            return
        if isinstance(pages, (bytes, bytearray, memoryview)):
            pages = np.frombuffer(pages, np.uint8)
        content = np.ascontiguousarray(pages)
        if content.dtype != np.uint8:
            raise MachineError(errno.EINVAL, f"pages are bytes, uint8, not {content.dtype}")
        if content.size % layout.PAGE_SIZE:
            raise MachineError(
                errno.EINVAL, f"{content.size} bytes are no whole number of pages of 4096 bytes"
            )
        content = content.reshape(-1, layout.PAGE_SIZE)
        self._check_run(process, first, first + len(content) - 1)
        numbers = [self.log.content(page.tobytes()) for page in content] if self.log else []
        self.perform(
            "write",
            [process, first, *numbers],
            lambda: operations.write_pages(self, process, first, content),
        )

    def read(self, process: int, first: int, count: int) -> np.ndarray:
        """The bytes of pages of a process, uint8 (count, 4096), brought into memory on the way."""
        self._need_bytes()
        first, count = _whole("first", first), _whole("count", count, 0, MAX_FRAMES)
        self._check_run(process, first, first + count - 1)
        out = np.empty((count, layout.PAGE_SIZE), np.uint8)
        self.perform(
            "read",
            [process, first, count],
            lambda: operations.read_pages(self, process, first, out),
        )
        return out

    def peek(self, process: int, page: int) -> bytes:
        """A page's bytes wherever they are, with nothing moved and nothing counted.

        Raises compressors.DamagedData if a compressed page no longer decompresses.
        """
        self._need_bytes()
        table = self.state.processes
        if not 0 <= process < len(table) or not 0 <= page < table["nr_pages"].item(process):
            self._check_pages(process, [page])
        place = table["start"].item(process) + page
        kind, value = (self.state.ptes[name].item(place) for name in ("state", "value"))
        if kind == layout.PTE_NONE:
            return bytes(layout.PAGE_SIZE)
        if kind == layout.PTE_PRESENT:
            return self.state.frames[value].tobytes()
        return self.swap.peek(value)

    def peek_pages(self, process: int, pages: Any) -> tuple[np.ndarray, np.ndarray]:
        """The bytes of many pages, uint8 (n, 4096), as `peek`; and which came whole, bool (n,)."""
        self._need_bytes()
        at = operations.places(self, process, np.array(self._check_pages(process, pages)))
        kinds, values = self.state.ptes["state"][at], self.state.ptes["value"][at]
        out = np.zeros((len(at), layout.PAGE_SIZE), np.uint8)
        present, swapped = kinds == layout.PTE_PRESENT, kinds == layout.PTE_SWAP
        out[present] = self.state.frames[values[present]]
        found = np.empty((np.count_nonzero(swapped), layout.PAGE_SIZE), np.uint8)
        whole = np.ones(len(at), bool)
        whole[swapped] = self.swap.peek_batch(values[swapped], found) == 0
        out[swapped] = found
        return out, whole

    def _need_bytes(self) -> None:
        if not self.config.page_bytes:
            raise MachineError(errno.ENODATA, "this machine has no page bytes")

    def reclaim(self, pages: int) -> int:
        """Reclaim that many pages of processes, oldest first; how many were freed."""
        return self.operate("reclaim", _whole("pages to reclaim", pages, 1, MAX_FRAMES))

    # --- page frames ---------------------------------------------------------------------------

    def _check_frame(self, pfn: int) -> np.void:
        if not is_whole(pfn) or not 0 <= pfn < self.config.frames:
            last = self.config.frames - 1
            raise MachineError(errno.EINVAL, f"there is no page frame {pfn!r}, only 0 to {last}")
        if self.state.pages[pfn]["refcount"] < 1:
            raise MachineError(errno.EINVAL, f"page frame {pfn} is not in use")
        return self.state.pages[pfn]

    def _migratetype(self, name: str) -> int:
        kinds = layout.MIGRATE_NAMES[: layout.MIGRATE_RESERVE]
        if name not in kinds:
            raise MachineError(
                errno.EINVAL, f"migratetype must be {', '.join(kinds)}, not {name!r}"
            )
        return kinds.index(name)

    def alloc_pages(
        self, order: int = 0, migratetype: str = "unmovable", *, direct: bool = True
    ) -> int:
        """The first frame of a block of 2^order pages for the kernel's own use.

        migratetype: unmovable, reclaimable or movable. direct: compact or reclaim where there
        is no such block; without, only take what is there. MachineError(ENOMEM) if there is none.
        """
        order = _whole("order", order, 0, layout.MAX_ORDER - 1)
        pfn = self.operate("alloc_pages", order, self._migratetype(migratetype), int(direct))
        if pfn < 0:
            raise self.paging.out_of_memory(f"a block of order {order}")
        return pfn

    def free_pages(self, pfn: int) -> None:
        """Drop a reference of a block from `alloc_pages`; the last one gives it back."""
        page = self._check_frame(pfn)
        if page["mapping"] or page["mapcount"] != -1:
            raise MachineError(errno.EPERM, f"page frame {pfn} belongs to a process or to zbud")
        self.operate("free_pages", pfn)

    def pin(self, pfn: int) -> None:
        """Hold a reference of a page in use, as somebody who looks at it would."""
        self._check_frame(pfn)
        self.operate("pin", pfn)

    def unpin(self, pfn: int) -> None:
        """Let go of a page that `pin` holds."""
        self._check_frame(pfn)
        if not self.pins[pfn]:
            raise MachineError(errno.EINVAL, f"page frame {pfn} is not pinned")
        self.operate("unpin", pfn)

    def lay_out(self, free: Any, pageblocks: Any, *, seed: int = 0) -> None:
        """Give a machine just started free lists with these counts; all else is the kernel's.

        free: free blocks, (6, 11), by migrate type (layout.MIGRATE_*) and order. pageblocks: by
        migrate type, (6,), for all frames. seed: where the free blocks lie.
        """
        free, pageblocks = np.asarray(free, np.int64), np.asarray(pageblocks, np.int64)
        frames = self.config.frames
        if free.shape != (layout.MIGRATE_TYPES, layout.MAX_ORDER) or len(pageblocks) != len(free):
            raise MachineError(
                errno.EINVAL, "free lists are 6 types by 11 orders, and 6 pageblocks"
            )
        if self.config.cma_pages or int(pageblocks.sum()) << self.config.pageblock_order != frames:
            raise MachineError(
                errno.EINVAL,
                f"{pageblocks.sum()} pageblocks and no CMA area would make these free lists, this "
                f"machine has {frames} frames and {self.config.cma_pages} pages of CMA",
            )
        if int(self.state.zone["nr_free_pages"]) != frames:
            raise MachineError(errno.EBUSY, "free lists are laid out before memory is used")
        if self.operate("lay_out", seed, *free.ravel().tolist(), *pageblocks.tolist()):
            raise MachineError(errno.EINVAL, f"no {frames} frames can hold such free blocks")

    # --- compaction and CMA --------------------------------------------------------------------

    def compact(self, order: int = -1, migratetype: str = "movable", *, sync: bool = True) -> str:
        """Move pages together: "complete" (scanners met), "partial" or "skipped".

        order: -1 = the whole zone, as /proc/sys/vm/compact_memory; else until a block of that
        order can be had. What was scanned and moved is in `control`, page by page in `moves`.
        """
        order = _whole("order", order, -1, layout.MAX_ORDER - 1)
        result = self.operate("compact", order, self._migratetype(migratetype), int(sync))
        return ("skipped", "continue", "partial", "complete")[result]

    def rescan(self) -> None:
        """Forget where compaction found nothing, so that its next run looks everywhere."""
        self.operate("rescan")

    def alloc_contig_range(self, start: int, end: int) -> None:
        """Take the frames [start, end) of the CMA area, moving away who is there.

        MachineError with EBUSY if somebody could not be moved, ENOMEM if there was no frame to
        move to, EINVAL for what is no range of the CMA area; then everything is put back.
        """
        result = self.operate("alloc_contig_range", start, end)
        if result < 0:
            first, last = self.cma_area
            raise MachineError(
                -result,
                f"cannot take page frames {start} to {end - 1} (the CMA area is "
                f"{f'{first} to {last - 1}' if last > first else 'empty'})",
            )

    def free_contig_range(self, start: int, end: int) -> None:
        """Give frames back that `alloc_contig_range` took."""
        first, last = self.cma_area
        taken = self.state.pages[max(start, first) : min(end, last)]
        pins = np.array([self.pins[pfn] for pfn in range(max(start, first), min(end, last))], int)
        owned = taken["refcount"] - pins == 1
        held = owned & (taken["mapcount"] == -1) & (taken["mapping"] == 0)
        if not (start < end and len(taken) == end - start and held.all()):
            raise MachineError(
                errno.EINVAL, f"page frames {start} to {end - 1} were not taken from the CMA area"
            )
        self.operate("free_contig_range", start, end)

    # --- settings ------------------------------------------------------------------------------

    def set_max_pool_percent(self, percent: int) -> None:
        """How much of memory zswap's pool may take from now on, 0 to 100."""
        self.operate("set_max_pool_percent", _whole("max_pool_percent", percent, 0, 100))

    def set_zbud_movable(self, movable: bool) -> None:
        """Whether compaction and CMA may move zbud pages from now on."""
        if movable and self.config.variant != layout.ZBUD_SERIES:
            raise MachineError(errno.EINVAL, "pages of plain zbud cannot move: use zbud='series'")
        self.operate("set_zbud_movable", int(movable))

    def inject(self, fault: str, count: int) -> None:
        """Make something fail, to see what the machine does then.

        fault: "page" or "zswap_entry": that many allocations to come find no memory; "tree_node":
        there is no memory for more nodes of radix trees; "swap_write": writes to the swap device
        fail with errno `count`. These two last until `count` is 0.
        """
        if fault not in operations.FAULTS:
            kinds = ", ".join(operations.FAULTS)
            raise MachineError(errno.EINVAL, f"fault must be one of {kinds}, not {fault!r}")
        count = _whole("times of a fault", count, 0, MAX_FRAMES)
        self.operate("inject", operations.FAULTS.index(fault), count)

    # --- zbud, without zswap -------------------------------------------------------------------

    def zbud_alloc(self, size: int) -> int:
        """A handle for an object of `size` bytes in a zbud pool of the user's own."""
        handle = self.operate("zbud_alloc", _whole("size", size))
        if handle == -errno.ENOMEM:
            raise self.paging.out_of_memory(f"an object of {size} bytes")
        if handle < 0:
            raise MachineError(
                -handle,
                f"cannot store {size} bytes: a zbud page takes objects of 1 to "
                f"{layout.ZBUD_MAX_SIZE}",
            )
        return handle

    def zbud_free(self, handle: int) -> None:
        """Give a handle back."""
        self._on_handle("zbud_free", handle)

    def zbud_map(self, handle: int) -> int:
        """The byte address of the object; it stays there until `zbud_unmap`."""
        return self._on_handle("zbud_map", handle) << layout.CHUNK_SHIFT

    def zbud_unmap(self, handle: int) -> None:
        """End a mapping; without one the object itself is freed, as in the series."""
        self._on_handle("zbud_unmap", handle)

    def _on_handle(self, name: str, handle: int) -> int:
        result = self.operate(name, handle) if is_whole(handle) else -errno.ENOENT
        if result == -errno.ENOENT:
            raise MachineError(errno.ENOENT, f"{name}: there is no handle {handle!r}")
        return result

    # --- proof ---------------------------------------------------------------------------------

    def check(self) -> None:
        """Prove every list, count, tree and header consistent, or raise Inconsistent."""
        fault = snapshot.first_fault(self.state)
        if fault:
            raise Inconsistent(fault)

    def _check_free_pages(self) -> None:
        """Poison frames that became free; Inconsistent if a free one was written to."""
        pfn = page_poison.poison_free_pages(self.state.mem)
        if pfn >= 0:
            raise Inconsistent(f"page frame {pfn} was written to after it had been freed")

    def digest(self) -> str:
        """SHA-256 of memory, all tables and the swap device: equal machines, equal digests."""
        return snapshot.digest(self.state, self.swap.device.pages)

    def snapshot(self) -> Snapshot:
        """The machine as it is now, to come back to with `restore`."""
        return snapshots.take(self)

    def restore(self, snapshot: Snapshot) -> None:
        """Be again what this machine was when that snapshot was taken; the log ends there too."""
        snapshots.restore(self, snapshot)
        if self.keyframes is not None and self.log is not None:
            self.keyframes.truncate(self, len(self.log.places()))

    def save_log(self, path: str | Path, *, content: bool | None = None) -> None:
        """Write the log to one file that anybody can replay (see `zbudlab.history`).

        content=False leaves out what stood in the pages: compressed lengths and hashes stay. None =
        leave it out if some of it was read from a live process. Keyframes go along if the machine
        takes any.
        """
        if self.log is None:
            raise MachineError(errno.ENODATA, "this machine keeps no log: build it with log=True")
        keyframes = self.keyframes.as_arrays() if self.keyframes is not None else None
        whole = not self.log.private if content is None else content
        self.log.save(path, self.config.as_dict(), content=whole, keyframes=keyframes)

    @contextlib.contextmanager
    def replaced(self, **functions: Callable) -> Iterator[None]:
        """Within the block, functions of `zbudlab.mm` are yours: `replaced(zbud_alloc=mine)`.

        Yours and all that lead to it run uncompiled, on records with fields; the rest stays
        compiled. One block at a time; everything is as before when it is left.
        """
        with jit.replaced(functions):
            yield
