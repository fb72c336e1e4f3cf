"""Allocation flags (gfp masks) of requests, by the names and numbers of different kernels.

Kernels since 4.6 print the names. Before, only the number is printed. Its bits changed in 4.4,
4.11, 4.15 and 5.0, which matters for numbers that users give and for names that were cut off.

Source: include/linux/gfp.h (v3.12, v4.4, v4.11, v4.15, v5.0); include/linux/gfp_types.h (v6.6).
"""

import re
from collections.abc import Iterable
from typing import NamedTuple

RECLAIM = frozenset({"__GFP_DIRECT_RECLAIM", "__GFP_KSWAPD_RECLAIM"})
KERNEL = RECLAIM | {"__GFP_IO", "__GFP_FS"}
USER = KERNEL | {"__GFP_HARDWALL"}
HIGHUSER_MOVABLE = USER | {"__GFP_HIGHMEM", "__GFP_MOVABLE"}
HUGE = HIGHUSER_MOVABLE | {"__GFP_COMP", "__GFP_NOMEMALLOC", "__GFP_NOWARN"}

#: Names that stand for several flags.
COMPOUND = {
    "GFP_ATOMIC": {"__GFP_HIGH", "__GFP_ATOMIC", "__GFP_KSWAPD_RECLAIM"},
    "GFP_NOWAIT": {"__GFP_KSWAPD_RECLAIM"},
    "GFP_NOIO": RECLAIM,
    "GFP_NOFS": RECLAIM | {"__GFP_IO"},
    "GFP_KERNEL": KERNEL,
    "GFP_KERNEL_ACCOUNT": KERNEL | {"__GFP_ACCOUNT"},
    "GFP_TEMPORARY": KERNEL | {"__GFP_RECLAIMABLE"},
    "GFP_USER": USER,
    "GFP_HIGHUSER": USER | {"__GFP_HIGHMEM"},
    "GFP_HIGHUSER_MOVABLE": HIGHUSER_MOVABLE,
    "GFP_TRANSHUGE_LIGHT": HUGE - {"__GFP_DIRECT_RECLAIM"},
    "GFP_TRANSHUGE": HUGE,
    "GFP_DMA": {"__GFP_DMA"},
    "GFP_DMA32": {"__GFP_DMA32"},
    "__GFP_RECLAIM": RECLAIM,
    "__GFP_WAIT": RECLAIM,
}
ZONES = {1: "__GFP_DMA", 2: "__GFP_HIGHMEM", 4: "__GFP_DMA32"}
LOW = {
    **ZONES,
    0x8: "__GFP_MOVABLE",
    0x20: "__GFP_HIGH",
    0x40: "__GFP_IO",
    0x80: "__GFP_FS",
}
BEFORE_5_0 = {
    **LOW,
    0x200: "__GFP_NOWARN",
    0x400: "__GFP_REPEAT",
    0x800: "__GFP_NOFAIL",
    0x1000: "__GFP_NORETRY",
    0x2000: "__GFP_MEMALLOC",
    0x4000: "__GFP_COMP",
    0x8000: "__GFP_ZERO",
    0x10000: "__GFP_NOMEMALLOC",
    0x20000: "__GFP_HARDWALL",
    0x40000: "__GFP_THISNODE",
}
SINCE_4_4 = {**BEFORE_5_0, 0x10: "__GFP_RECLAIMABLE", 0x80000: "__GFP_ATOMIC"}
DIRECT, KSWAPD = "__GFP_DIRECT_RECLAIM", "__GFP_KSWAPD_RECLAIM"
#: Bits by the first version that has them.
BITS = {
    (0, 0): {**BEFORE_5_0, 0x10: "__GFP_WAIT", 0x80000: "__GFP_RECLAIMABLE"},
    (4, 4): {**SINCE_4_4, 0x400000: DIRECT, 0x2000000: KSWAPD},
    (4, 11): {**SINCE_4_4, 0x400000: DIRECT, 0x1000000: KSWAPD},
    (4, 15): {**SINCE_4_4, 0x200000: DIRECT, 0x400000: KSWAPD},
    (5, 0): {
        **LOW,
        0x10: "__GFP_RECLAIMABLE",
        0x100: "__GFP_ZERO",
        0x200: "__GFP_ATOMIC",
        0x400: DIRECT,
        0x800: KSWAPD,
        0x2000: "__GFP_NOWARN",
        0x4000: "__GFP_RETRY_MAYFAIL",
        0x8000: "__GFP_NOFAIL",
        0x10000: "__GFP_NORETRY",
        0x20000: "__GFP_MEMALLOC",
        0x40000: "__GFP_COMP",
        0x80000: "__GFP_NOMEMALLOC",
        0x100000: "__GFP_HARDWALL",
        0x200000: "__GFP_THISNODE",
    },
}
ONLY_SINCE_4_4 = 0x2000000  #: a bit that no flag has before
NAMED = re.compile(r"_*GFP_\w+")

Version = tuple[int, int] | tuple[()]


class Gfp(NamedTuple):
    """The flags of a request. text: as the report or the user wrote them."""

    text: str
    flags: frozenset[str]

    @property
    def movable(self) -> bool:
        """Whether the pages may be moved, so that CMA's blocks are allowed."""
        return "__GFP_MOVABLE" in self.flags

    @property
    def migratetype(self) -> str:
        """The kernel's name of the migrate type (gfp_migratetype)."""
        if self.movable:
            return "Movable"
        return "Reclaimable" if "__GFP_RECLAIMABLE" in self.flags else "Unmovable"

    @property
    def can_wait(self) -> bool:
        """Whether the request may reclaim and compact memory itself."""
        return "__GFP_DIRECT_RECLAIM" in self.flags

    @property
    def high(self) -> bool:
        """Whether the request may use half of the reserve below the minimum watermark."""
        return "__GFP_HIGH" in self.flags

    @property
    def highest_zone(self) -> str:
        """The zone that the search starts from (gfp_zone)."""
        if "__GFP_DMA" in self.flags:
            return "DMA"
        if "__GFP_DMA32" in self.flags:
            return "DMA32"
        if "__GFP_HIGHMEM" in self.flags:
            return "Movable" if self.movable else "HighMem"
        return "Normal"


def _from_number(number: int, known: tuple[int, int]) -> frozenset[str]:
    bits = BITS[max(first for first in BITS if first <= known)]
    return _expanded(name for bit, name in bits.items() if number & bit)


def version_of_mask(text: str) -> Version:
    """Return the version of kernels that print such a mask, () if all since 4.6 do.

    A number without names is of a kernel before 4.6. One bit separates 4.4 and 4.5 from older ones.
    """
    if NAMED.search(text):
        return ()
    try:
        return (4, 4) if int(text, 0) & ONLY_SINCE_4_4 else (3, 12)
    except ValueError:
        return ()


def _expanded(names: Iterable[str]) -> frozenset[str]:
    return frozenset().union(*(COMPOUND.get(name, {name}) for name in names))


def parse_gfp(text: str, known: Version = ()) -> Gfp:
    """Return the flags in `0xcc0(GFP_KERNEL)`, `GFP_KERNEL|__GFP_COMP` or `0xd0`.

    known: the kernel's version, by which a number without names is read; without it, the number
    shows the version as far as it can. Raises ValueError if there is neither a name nor a number.
    """
    if names := NAMED.findall(text):
        return Gfp(text, _expanded(names))
    try:
        return Gfp(text, _from_number(int(text, 0), known or version_of_mask(text) or (0, 0)))
    except ValueError:
        wanted = "names such as GFP_KERNEL, or a number"
        raise ValueError(f"gfp must be {wanted}, not {text!r}") from None
