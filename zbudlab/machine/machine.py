"""Machine: the object a user holds.

A machine has page frames, processes with pages, a swap device with zswap in front of it, and the
kernel's mechanisms that manage them: the buddy allocator, zbud, reclaim, compaction. A user acts
on it only through these methods. They are logged and can be replayed: the same configuration and
the same operations give the same bytes on every system.

`pages` are virtual pages of a process, counted from 0; a `pfn` is a page frame. Refused operations
raise MachineError with the kernel's errno, and leave the machine as it was.
"""

import contextlib
import errno
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from zbudlab import jit, layout
from zbudlab.content.compressors import Compressor
from zbudlab.content.compressors import compressor as find_compressor
from zbudlab.io.values import Truth, shown, taken, whole_numbers
from zbudlab.machine import checks, operations, peek, snapshots
from zbudlab.machine.cgroups import Cgroups
from zbudlab.machine.cma import ContiguousMemory, cma_parameter
from zbudlab.machine.config import MachineConfig
from zbudlab.machine.errors import ConfigError, Inconsistent, MachineError, invalid
from zbudlab.machine.explain import PageExplanation, explain
from zbudlab.machine.keyframes import Keyframes
from zbudlab.machine.oplog import OperationLog
from zbudlab.machine.snapshots import Snapshot
from zbudlab.mm import inspection, page_poison

PageNumbers = Sequence[int] | range | np.ndarray


TRUTH = Truth()


def _switch(name: str, value: Any) -> int:
    """Return a boolean as 0 or 1; MachineError(EINVAL) for anything else."""
    return int(value if type(value) is bool else taken(TRUTH, name, value, invalid))


class Machine(Cgroups, ContiguousMemory):
    """A simulated machine.

    config: a MachineConfig; alternatively pass its settings by name. cma="16M" or cma="16M@8M" sets
    the CMA area as the kernel's boot parameter does. compressor: a name, or an object with the
    methods of `zbudlab.content.compressors.Compressor`. Raises ConfigError for invalid settings,
    and MachineError(ENOMEM) if the host has too little memory.

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
        if isinstance(compressor, str):
            settings["compressor"] = compressor
            compressor = None
        cma = settings.pop("cma", None)
        if not isinstance(compressor, Compressor | None):
            raise ConfigError(
                f"compressor must be a name, or have a name, compress and decompress, not "
                f"{shown(compressor)}"
            )
        config = _configuration(config, settings)
        if cma is not None:
            area: dict[str, Any] = cma_parameter(cma, config.frames)
            config = replace(config, **area)
        config.check_host()
        log = OperationLog() if config.log else None
        compressor = compressor or find_compressor(config.compressor)
        super().__init__(config, compressor if log is None else log.recording(compressor), log)
        self.keyframes: Keyframes | None = None
        if config.keyframes and config.log:
            self.keyframes = Keyframes(config.keyframe_seconds)
            self.keyframes.take(self)

    # --- operations and the log ----------------------------------------------------------------

    def operate(self, name: str, *arguments: int) -> int:
        """Run one operation by its name in the log, with whole numbers, and log it.

        Returns its result. Raises MachineError for an unknown operation or invalid arguments.
        """
        numbers = checks.numbers(name, arguments)
        checks.not_broken(self, name)
        checks.CHECKS[name](self, *numbers)
        return self._perform(name, numbers, lambda: operations.OPERATIONS[name](self, *numbers))

    def _perform(self, name: str, arguments: Sequence[int], run: Callable[[], int]) -> int:
        """Run and log an operation that was checked. run: does it, and returns its result."""
        if self.state.race_fault:
            checks.not_broken(self, name)
        if self.log is None and not self.config.checked:
            return run()
        self.journal.flush()
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
            self.journal.flush()
            if self.keyframes is not None:
                self.keyframes.after(self, time.process_time() - started)
        return result

    # --- processes -----------------------------------------------------------------------------

    def create_process(self, pages: int, *, cgroup: int = layout.ROOT_CGROUP) -> int:
        """Start a process with that many untouched pages, and return its number.

        cgroup: charged for its pages in zswap (see `create_cgroup`).
        """
        if cgroup != layout.ROOT_CGROUP:
            checks.a_cgroup(self, cgroup)
        process = self.operate("create_process", pages)
        if cgroup != layout.ROOT_CGROUP:
            self.attach(process, cgroup)
        return process

    def exit(self, process: int) -> None:
        """End a process, and free its pages and swap slots."""
        checks.process_pages(self, process)
        self.operate("exit", process)

    def touch(self, process: int, pages: PageNumbers, *, write: bool = False) -> None:
        """Access pages of a process in order; each is in memory when it is accessed.

        pages: int (n,). write: whether the accesses write. Raises MachineError: ENOMEM if memory
        and swap are full, EIO if a page cannot be read back.
        """
        asked, access = self._asked(process, pages), _switch("write", write)
        self._perform(
            "touch",
            [int(process), access, *asked.tolist()] if self.log else [],
            lambda: operations.touch_pages(self, process, access, asked),
        )

    def _asked(self, process: int, pages: PageNumbers) -> np.ndarray:
        """Return pages of a process as int64 (n,), or refuse them."""
        if isinstance(pages, range) and pages:  # checked before it is expanded
            checks.process_pages(self, process, min(pages[0], pages[-1]), max(pages[0], pages[-1]))
            step = pages.step if len(pages) > 1 else 0
            return pages[0] + step * np.arange(len(pages), dtype=np.int64)
        asked = whole_numbers("pages", pages, invalid)
        if checks.has_pages(self, process, asked):
            return asked
        bounds = (int(asked.min()), int(asked.max())) if asked.size else (0, -1)
        checks.process_pages(self, process, *bounds)
        return asked

    def write(self, process: int, first: int, pages: Any) -> None:
        """Write whole pages of a process, from page `first` on.

        pages: uint8 (n, 4096), or bytes. On a machine without page bytes: n compressed lengths,
        -1 (the compressor refused the page) to 4097 (longer than a page). Raises MachineError as
        `touch` does.
        """
        first = checks.whole("first", first)
        if self.config.page_bytes:
            self._write_bytes(process, first, checks.page_content(pages))
        else:
            lengths = whole_numbers("lengths", pages, invalid, *checks.LENGTHS)
            self._write_lengths(process, first, lengths.astype(np.int32))

    def _write_bytes(self, process: int, first: int, pages: np.ndarray) -> None:
        checks.process_pages(self, process, first, first + len(pages) - 1)
        numbers = [self.log.content(page.tobytes()) for page in pages] if self.log else []
        self._perform(
            "write",
            [process, first, *numbers],
            lambda: operations.write_pages(self, process, first, pages),
        )

    def _write_lengths(self, process: int, first: int, lengths: np.ndarray) -> None:
        checks.process_pages(self, process, first, first + len(lengths) - 1)
        self._perform(
            "write_lengths",
            [process, first, *lengths.tolist()] if self.log else [],
            lambda: operations.write_page_marks(self, process, first, lengths),
        )

    def read(self, process: int, first: int, count: int) -> np.ndarray:
        """Access `count` pages of a process and return their bytes, uint8 (count, 4096)."""
        numbers = checks.numbers("read", (process, first, count))
        checks.read(self, *numbers)
        out = np.empty((count, layout.PAGE_SIZE), np.uint8)
        self._perform(
            "read", numbers, lambda: operations.read_pages(self, process, int(first), out)
        )
        return out

    def peek(self, process: int, page: int) -> bytes:
        """Return a page's bytes without moving or counting anything.

        Raises compressors.DamagedData if a compressed page no longer decompresses.
        """
        return peek.peek(self, process, page)

    def peek_pages(self, process: int, pages: PageNumbers) -> tuple[np.ndarray, np.ndarray]:
        """Return the bytes of n pages, uint8 (n, 4096), as `peek` does, and which are intact.

        The second array is bool (n,): False where a compressed page no longer decompresses.
        """
        checks.page_bytes(self)
        return peek.peek_pages(self, process, self._asked(process, pages))

    def explain(self, process: int, page: int) -> PageExplanation:
        """Return where a page is, how it came there, and why zswap refused it if it did.

        `str` of the result gives it in sentences. Nothing is moved, counted or logged.
        """
        return explain(self, process, page)

    def reclaim(self, pages: int) -> int:
        """Reclaim that many pages of processes, oldest first, and return how many were freed."""
        return self.operate("reclaim", pages)

    # --- page frames ---------------------------------------------------------------------------

    def alloc_pages(
        self, order: int = 0, migratetype: str = "unmovable", *, direct: bool = True
    ) -> int:
        """Allocate a block of 2^order pages for the kernel, and return its first frame.

        migratetype: unmovable, reclaimable or movable. direct: compact or reclaim if there is no
        such block. Raises MachineError(ENOMEM) if no block was found.
        """
        kind = checks.migratetype(migratetype)
        pfn = self.operate("alloc_pages", order, kind, _switch("direct", direct))
        if pfn < 0:
            raise self.paging.out_of_memory(f"a block of order {order}", order, kind)
        return pfn

    def free_pages(self, pfn: int) -> None:
        """Drop a reference to a block from `alloc_pages`; the last one frees the block."""
        checks.frame_in_use(self, pfn)
        self.operate("free_pages", pfn)

    def lay_out(self, free: Any, pageblocks: Any, *, seed: int = 0) -> None:
        """Give an unused machine free lists with these counts; all other frames are the kernel's.

        free: free blocks by migrate type (layout.MIGRATE_*) and order, int (6, 11). pageblocks: by
        migrate type, int (6,); together they cover all frames. seed: draws the positions. Raises
        MachineError if no machine of this size has such free lists.
        """
        shape = (layout.MIGRATE_TYPES, layout.MAX_ORDER)
        rows = [whole_numbers("free", row, invalid) for row in _rows(free, shape)]
        kinds = whole_numbers("pageblocks", pageblocks, invalid)
        counts = np.concatenate([*rows, kinds]).tolist()
        if self.operate("lay_out", seed, *counts):
            raise invalid(f"no {self.config.frames} frames can hold such free blocks")

    # --- compaction ----------------------------------------------------------------------------

    def compact(self, order: int = -1, migratetype: str = "movable", *, sync: bool = True) -> str:
        """Move pages together; return "complete" (the scanners met), "partial" or "skipped".

        order: -1 compacts the whole zone, as /proc/sys/vm/compact_memory does; otherwise
        compaction ends when a block of that order is free. sync: whether to wait for pages that
        are busy. `control` has what was scanned and moved, `moves` each page.
        """
        kind = checks.migratetype(migratetype)
        result = self.operate("compact", order, kind, _switch("sync", sync))
        return ("skipped", "continue", "partial", "complete")[result]

    def rescan(self) -> None:
        """Forget where compaction found nothing, so that the next run scans everything."""
        self.operate("rescan")

    # --- settings ------------------------------------------------------------------------------

    def set_max_pool_percent(self, percent: int) -> None:
        """Set the share of memory that zswap's pool may take from now on, 0 to 100."""
        self.operate("set_max_pool_percent", percent)

    def set_zbud_movable(self, movable: bool) -> None:
        """Set whether compaction and CMA may move zbud pages from now on."""
        self.operate("set_zbud_movable", _switch("movable", movable))

    def inject(self, fault: str, count: int) -> None:
        """Make allocations, or writes to swap, fail.

        fault: "page" or "zswap_entry": the next `count` allocations fail. "slot_tree": the next
        `count` pages find no memory in zswap's tree of swap slots (7.2 and 7.3). "tree_node":
        there is no memory for more of what allocators keep outside page frames until `count` is 0:
        nodes of zbud's tree of handles, handles and records of pages of zsmalloc and z3fold.
        "swap_write": writes to the swap device fail with errno `count` until it is 0.
        """
        if not isinstance(fault, str) or fault not in checks.FAULTS:
            kinds = ", ".join(checks.FAULTS)
            raise invalid(f"fault must be one of {kinds}, not {shown(fault)}")
        self.operate("inject", checks.FAULTS.index(fault), count)

    # --- zbud, without zswap -------------------------------------------------------------------

    def zbud_alloc(self, size: int) -> int:
        """Allocate an object of `size` bytes in the user's zbud pool, and return its handle."""
        handle = self.operate("zbud_alloc", size)
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
        """Free an object."""
        self._on_handle("zbud_free", handle)

    def zbud_map(self, handle: int) -> int:
        """Return the byte address of an object, which stays valid until `zbud_unmap`."""
        return self._on_handle("zbud_map", handle) << layout.CHUNK_SHIFT

    def zbud_unmap(self, handle: int) -> None:
        """End a mapping. Without a mapping this frees the object, as in the series."""
        self._on_handle("zbud_unmap", handle)

    def _on_handle(self, name: str, handle: int) -> int:
        result = self.operate(name, handle)
        if result == -errno.ENOENT:
            raise MachineError(errno.ENOENT, f"{name}: there is no handle {handle}")
        return result

    # --- proof ---------------------------------------------------------------------------------

    def check(self) -> None:
        """Check every list, count, tree and header; raise Inconsistent if one is wrong."""
        fault = inspection.first_fault(self.state)
        if fault:
            raise Inconsistent(fault)

    def _check_free_pages(self) -> None:
        """Poison frames that became free; raise Inconsistent if a free one was written to."""
        pfn = page_poison.poison_free_pages(self.state.mem)
        if pfn >= 0:
            raise Inconsistent(f"page frame {pfn} was written to after it had been freed")

    def digest(self) -> str:
        """Return the SHA-256 of memory, all tables and the swap device, in hexadecimal."""
        return inspection.digest(self.state, self.swap.device.pages)

    def snapshot(self) -> Snapshot:
        """Return the present state of the machine, for `restore`."""
        return snapshots.take(self)

    def restore(self, snapshot: Snapshot) -> None:
        """Return to the state of a snapshot of this machine; the log ends there, too.

        Raises ConfigError if the snapshot belongs to another machine, and TypeError if it is not a
        snapshot.
        """
        snapshots.restore(self, snapshot)
        if self.keyframes is not None and self.log is not None:
            self.keyframes.truncate(self, len(self.log.places()))

    def save_log(self, path: str | Path, *, content: bool | None = None) -> None:
        """Write the log to a file that can be replayed (see `zbudlab.history`), with keyframes.

        content: False leaves out the bytes of pages; compressed lengths and hashes stay. None
        leaves them out if some were read from a live process. Raises MachineError(ENODATA) if the
        machine keeps no log, OutputError if the file cannot be written.
        """
        if self.log is None:
            raise MachineError(errno.ENODATA, "this machine keeps no log: build it with log=True")
        whole = taken(Truth(optional=True), "content", content, invalid)
        self.journal.flush()
        keyframes = self.keyframes.as_arrays() if self.keyframes is not None else None
        self.log.save(
            path,
            self.config.as_dict(),
            content=not self.log.private if whole is None else whole,
            keyframes=keyframes,
        )

    @contextlib.contextmanager
    def replaced(self, **functions: Callable) -> Iterator[None]:
        """Run your functions in place of kernels in a block: `replaced(zbud_alloc=mine)`.

        functions: by the names of functions of `zbudlab.mm`. They and their callers run
        uncompiled, on records with fields; everything else stays compiled. Blocks do not nest.
        """
        with jit.replaced(functions):
            yield


def _configuration(config: Any, settings: dict[str, Any]) -> MachineConfig:
    """Return the configuration that a machine is built with."""
    if config is None:
        return MachineConfig.from_dict(settings)
    if not isinstance(config, MachineConfig):
        raise ConfigError(
            f"config must be a MachineConfig, not {shown(config)}: settings are given by name"
        )
    if settings:
        raise ConfigError("give a MachineConfig or settings by name, not both")
    return config


def _rows(table: Any, shape: tuple[int, int]) -> Any:
    """Return a table if it has that shape; MachineError(EINVAL) otherwise."""
    try:
        found = np.shape(table)
    except Exception:  # ragged lists, and objects that fail in any way
        found = ()
    if found != shape:
        raise invalid(f"free must be {shape[0]} types by {shape[1]} orders, not {shown(table)}")
    return table
