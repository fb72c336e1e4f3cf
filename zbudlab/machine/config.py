"""The settings of a machine, checked before it is built."""

from dataclasses import asdict, dataclass, fields
from math import isqrt
from typing import Any

from zbudlab import layout
from zbudlab.content.compressors import compressor as find_compressor
from zbudlab.io import arguments
from zbudlab.io.files import host_memory
from zbudlab.io.values import check_fields, human, shown
from zbudlab.machine.errors import ConfigError, MachineError
from zbudlab.machine.settings import MACHINE, MAX_FRAMES, ZBUD_VARIANTS, ZPOOLS
from zbudlab.profiles import DEFAULT, allocators_of, zpool_refusal

__all__ = ["MAX_FRAMES", "MachineConfig"]


@dataclass(frozen=True)
class MachineConfig:
    """The settings of a machine. Sizes are in pages of 4096 bytes.

    frames: page frames, 64 to 2^24.
    pageblock_order: of a pageblock, 4 to 10; x86-64 has 9.
    page_bytes: whether pages have content. Without it a frame costs 96 bytes of host memory, and
        pages are written as compressed lengths.
    cma_pages: size of the CMA area, a multiple of 1024 (see `machine.cma.cma_parameter` for the
        form of the kernel's parameter cma=).
    cma_start: its first page frame, a multiple of 1024; None = at the end of memory.
    cma_order_per_bit: a bit of its bitmap stands for 2^N pages, 0 to 10.
    zbud: "series" (with migration) or "plain" (v3.11).
    zbud_movable: whether compaction may move pages of pools, of any allocator; None = as the
        zbud variant allows.
    zpool: zswap's allocator: "zbud", "z3fold" or "zsmalloc". None = zbud, or zsmalloc in profiles
        of kernels that have no zbud. Objects of `zbud_alloc` are in zbud with any of them.
    thought_experiment: whether `zpool` may be an allocator that the profile's kernel did not have.
    zswap: False = pages go uncompressed to the swap device.
    compressor: a name from `zbudlab.content.compressors`.
    max_pool_percent: the largest share of all frames that zswap's pool may take.
    accept_threshold_percent: a pool that was full accepts pages again below this percentage of its
        limit, in profiles with the rule `accept_threshold`.
    profile: whose rules zswap follows, a name in `zbudlab.profiles.PROFILES`.
    swap_pages: slots of the swap device; None = four times memory.
    min_free: the min watermark in pages; None = the kernel's formula.
    seed: for random decisions made on behalf of this machine; the machine itself makes none.
    checked: poison freed pages, and call `check()` after every operation.
    log: whether to keep a log of operations.
    keyframes: whether to take keyframes while the machine runs. A log saved with keyframes opens
        at any moment without running it first (see `zbudlab.history`).
    keyframe_seconds: CPU seconds of work between two keyframes, 0 to 3600.
    threads: for compression; None = one per core.

    Raises ConfigError for settings outside these bounds.
    """

    frames: int = 16384
    pageblock_order: int = 9
    page_bytes: bool = True
    cma_pages: int = 0
    cma_start: int | None = None
    cma_order_per_bit: int = 0
    zbud: str = "series"
    zbud_movable: bool | None = None
    zpool: str | None = None
    thought_experiment: bool = False
    zswap: bool = True
    compressor: str = "lz4"
    max_pool_percent: int = 20
    accept_threshold_percent: int = 90
    profile: str = DEFAULT
    swap_pages: int | None = None
    min_free: int | None = None
    seed: int = 0
    checked: bool = False
    log: bool = True
    keyframes: bool = False
    keyframe_seconds: float = 0.05
    threads: int | None = None

    def __post_init__(self) -> None:
        check_fields(self, MACHINE, ConfigError)
        for name in ("cma_pages", "min_free"):
            value = getattr(self, name)
            if value is not None and value > self.frames:
                raise ConfigError(f"{name} must be 0 to {self.frames}, not {value}")
        if self.zbud_movable and self.zbud == "plain":
            raise ConfigError("pages of plain zbud cannot move: zbud_movable needs zbud='series'")
        if (why := zpool_refusal(self.profile, self.allocator)) and not self.thought_experiment:
            raise ConfigError(why)
        self._check_cma()
        find_compressor(self.compressor)

    def _check_cma(self) -> None:
        """Raise ConfigError unless the CMA area consists of whole blocks of the largest order."""
        block = layout.MAX_ORDER_NR_PAGES
        start, end = self.cma_area
        if self.cma_pages and (start % block or end % block):
            where = "at the end of memory" if self.cma_start is None else f"from frame {start} on"
            raise ConfigError(
                f"a CMA area takes whole blocks of {block} pages: cma_pages {self.cma_pages} "
                f"{where} of {self.frames} frames does not"
            )
        if self.cma_start is not None and end > self.frames:
            raise ConfigError(
                f"a CMA area of {self.cma_pages} pages from frame {start} on does not fit into "
                f"{self.frames} frames"
            )

    @property
    def cma_area(self) -> tuple[int, int]:
        """The first page frame of the CMA area, and the first one after it."""
        start = self.frames - self.cma_pages if self.cma_start is None else self.cma_start
        return start, start + self.cma_pages

    @property
    def movable(self) -> bool:
        """Whether compaction may move pages of pools."""
        return self.zbud == "series" if self.zbud_movable is None else self.zbud_movable

    @property
    def allocator(self) -> str:
        """The allocator of zswap's pool, by name."""
        return self.zpool or allocators_of(self.profile)[0]

    @property
    def hypothetical(self) -> str:
        """Why no kernel was like this machine, or ""."""
        if self.allocator in allocators_of(self.profile):
            return ""
        return f"a thought experiment: zswap of {self.profile} has no {self.allocator}"

    @property
    def variant(self) -> int:
        """The zbud variant, layout.ZBUD_*."""
        return ZBUD_VARIANTS[self.zbud]

    @property
    def kind(self) -> int:
        """The allocator of zswap's pool, layout.ZPOOL_*."""
        return ZPOOLS[self.allocator]

    @property
    def swap_slots(self) -> int:
        """Slots of the swap device."""
        return 4 * self.frames if self.swap_pages is None else self.swap_pages

    @property
    def watermarks(self) -> tuple[int, int, int]:
        """The watermarks min, low and high, in free pages.

        Source: mm/page_alloc.c, init_per_zone_wmark_min and __setup_per_zone_wmarks (v3.12).
        """
        kilobytes = layout.PAGE_SIZE // 1024
        low = self.min_free
        if low is None:
            low = isqrt(self.frames * kilobytes * 16) // kilobytes
        return low, low + low // 4, low + low // 2

    @property
    def host_bytes(self) -> int:
        """Bytes of host memory that a fully used machine takes, excluding tables that grow."""
        content = layout.PAGE_SIZE if self.page_bytes else layout.CHUNK_SIZE
        return self.frames * (layout.page.itemsize + content)

    @arguments.checked()
    def check_host(self, more: int = 0) -> None:
        """Raise MachineError(ENOMEM) if the host has too little memory for such a machine.

        more: bytes needed in addition, for input and swap.
        """
        there = host_memory()
        needed = self.host_bytes + more
        if there is not None and needed > there:
            raise MachineError(
                layout.ENOMEM,
                f"a machine of {self.frames} frames needs {human(needed)}"
                f"{' with its input and swap' if more else ''}, this host has "
                f"{human(there)} free: ask for fewer frames"
                + (", or for a machine without page bytes" if self.page_bytes and not more else ""),
            )

    def as_dict(self) -> dict[str, Any]:
        """Return the configuration as plain values, for JSON."""
        return asdict(self)

    @classmethod
    @arguments.checked()
    def from_dict(cls, values: dict[str, Any]) -> "MachineConfig":
        """Return a configuration from the values of `as_dict`; ConfigError for unknown names."""
        known = [field.name for field in fields(cls)]
        if unknown := [name for name in values if name not in known]:
            raise ConfigError(
                f"a machine has no setting {', '.join(map(_name, unknown))}: "
                f"there are {', '.join(known)}"
            )
        return cls(**values)


def _name(name: Any) -> str:
    """Return how messages refer to a setting."""
    return name if isinstance(name, str) and name.isprintable() else shown(name)
