"""The settings of a machine, checked before it is built."""

from dataclasses import asdict, dataclass, fields
from math import isqrt
from typing import Any

from zbudlab import layout
from zbudlab.content.compressors import compressor as find_compressor
from zbudlab.io.files import host_memory
from zbudlab.io.values import fault_of, human
from zbudlab.machine.errors import ConfigError, MachineError
from zbudlab.profiles import DEFAULT, rules_of

ZBUD_VARIANTS = {"plain": layout.ZBUD_PLAIN, "series": layout.ZBUD_SERIES}
MAX_FRAMES = 1 << 24  #: 64 GiB: the largest machine that was run


@dataclass(frozen=True)
class MachineConfig:
    """A machine before it is switched on. Sizes are in pages of 4096 bytes.

    frames: page frames, 64 to 2^24.
    pageblock_order: 9 as on x86, down to 4.
    page_bytes: whether pages have content; without it a frame costs 96 bytes, and compressed
        lengths are given.
    cma_pages: size of the CMA area at the end of memory, a multiple of 1024.
    zbud: "series" (with migration) or "plain" (v3.11).
    zbud_movable: whether compaction may move zbud pages; None = as the variant has it.
    zswap: False = pages go to the swap device as they are.
    compressor: a name that `zbudlab.content.compressors` knows.
    max_pool_percent: zswap's share of all frames at most.
    accept_threshold_percent: a full pool takes pages again below this share of that maximum; for
        profiles with the rule `accept_threshold`.
    profile: whose rules zswap follows, a name in `zbudlab.profiles.PROFILES`.
    swap_pages: slots of the swap device; None = four times memory.
    min_free: the min watermark; None = the kernel's formula.
    seed: for whoever draws random decisions for this machine; it makes none itself.
    checked: freed pages are poisoned, and every operation is followed by `check()`.
    log: whether to keep a log of operations.
    keyframes: whether to take keyframes as the machine runs; a log saved with them opens anywhere
        at once (see `zbudlab.history`).
    threads: for compression; None = one a core.
    """

    frames: int = 16384
    pageblock_order: int = 9
    page_bytes: bool = True
    cma_pages: int = 0
    zbud: str = "series"
    zbud_movable: bool | None = None
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
    threads: int | None = None

    def __post_init__(self) -> None:
        self._check_numbers()
        for name in ("page_bytes", "zswap", "checked", "log", "keyframes"):
            if not isinstance(getattr(self, name), bool):
                raise ConfigError(f"{name} must be True or False, not {getattr(self, name)!r}")
        if self.zbud not in ZBUD_VARIANTS:
            raise ConfigError(f"zbud must be one of {', '.join(ZBUD_VARIANTS)}, not {self.zbud!r}")
        if self.zbud_movable and self.zbud == "plain":
            raise ConfigError("pages of plain zbud cannot move: zbud_movable needs zbud='series'")
        try:
            rules_of(self.profile)
        except ValueError as error:
            raise ConfigError(str(error)) from None
        if self.cma_pages % layout.MAX_ORDER_NR_PAGES or (
            self.cma_pages and self.frames % layout.MAX_ORDER_NR_PAGES
        ):
            raise ConfigError(
                f"a CMA area takes whole blocks of {layout.MAX_ORDER_NR_PAGES} pages at the end of "
                f"memory: cma_pages {self.cma_pages} of {self.frames} frames does not"
            )
        find_compressor(self.compressor)

    def _check_numbers(self) -> None:
        for name, low, high in (
            ("frames", 64, MAX_FRAMES),
            ("pageblock_order", 4, layout.MAX_ORDER - 1),
            ("cma_pages", 0, self.frames),
            ("max_pool_percent", 0, 100),
            ("accept_threshold_percent", 0, 100),
            ("swap_pages", 0, 1 << 30),
            ("min_free", 0, self.frames),
            ("seed", 0, (1 << 63) - 1),
            ("threads", 1, 1024),
        ):
            value = getattr(self, name)
            if value is None and name in ("swap_pages", "min_free", "threads"):
                continue
            fault = fault_of(name, value, low, high)
            if fault:
                raise ConfigError(fault)
            object.__setattr__(self, name, int(value))  # NumPy's numbers are no JSON

    @property
    def movable(self) -> bool:
        """Whether compaction may move zbud pages."""
        return self.zbud == "series" if self.zbud_movable is None else self.zbud_movable

    @property
    def variant(self) -> int:
        """The zbud variant as layout has it."""
        return ZBUD_VARIANTS[self.zbud]

    @property
    def swap_slots(self) -> int:
        """Slots of the swap device: as asked, or four times memory."""
        return 4 * self.frames if self.swap_pages is None else self.swap_pages

    @property
    def watermarks(self) -> tuple[int, int, int]:
        """Free pages at which reclaim begins in earnest, wakes, and rests: min, low, high.

        Source: mm/page_alloc.c, init_per_zone_wmark_min and __setup_per_zone_wmarks (v3.12).
        """
        kilobytes = layout.PAGE_SIZE // 1024
        low = self.min_free
        if low is None:
            low = isqrt(self.frames * kilobytes * 16) // kilobytes
        return low, low + low // 4, low + low // 2

    @property
    def host_bytes(self) -> int:
        """Host memory that the machine takes when it is in full use, beside its growing tables."""
        content = layout.PAGE_SIZE if self.page_bytes else layout.CHUNK_SIZE
        return self.frames * (layout.page.itemsize + content)

    def check_host(self, more: int = 0) -> None:
        """Raise MachineError(ENOMEM) if the host has no memory for such a machine.

        more: bytes that will be needed beside it, for what goes through it.
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
        """The configuration as plain values, for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "MachineConfig":
        """A configuration from `as_dict`'s values; unknown names are refused."""
        known = [field.name for field in fields(cls)]
        if unknown := set(values) - set(known):
            raise ConfigError(
                f"a machine has no setting {', '.join(sorted(unknown))}: "
                f"there are {', '.join(known)}"
            )
        return cls(**values)
