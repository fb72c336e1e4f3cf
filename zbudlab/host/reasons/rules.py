"""How kernels of different versions decide about a request: one record of rules for each."""

from dataclasses import dataclass, replace

from zbudlab.host.reasons.gfp import Gfp

#: Requests that may use a further quarter of the reserve: all that cannot wait, those with
#: __GFP_ATOMIC, those that cannot wait and have __GFP_HIGH.
NO_WAIT, ATOMIC, HIGH_NO_WAIT = "no wait", "atomic", "high, no wait"


@dataclass(frozen=True)
class Rules:
    """The rules of a kernel.

    halved_by_order: the watermark is checked again for each order, halved each time (before 4.4);
    since then a block of a usable type is enough. high_atomic: blocks are reserved for requests
    that cannot wait. harder: which requests may use a further quarter of the reserve: NO_WAIT,
    ATOMIC or HIGH_NO_WAIT. spared_by_any: reserved pages count as free for every request that
    cannot wait or has __GFP_HIGH, not only for those that may use them. costly: orders above this
    are given up early.

    Source: mm/page_alloc.c, gfp_to_alloc_flags, __zone_watermark_ok (v3.12, v4.9, v6.1, v6.6).
    """

    name: str
    halved_by_order: bool
    high_atomic: bool
    harder: str = ATOMIC
    spared_by_any: bool = False
    costly: int = 3

    def is_harder(self, gfp: Gfp) -> bool:
        """Return whether a request may use a further quarter of the reserve."""
        if gfp.can_wait or "__GFP_NOMEMALLOC" in gfp.flags:
            return False
        flag = {NO_WAIT: True, ATOMIC: "__GFP_ATOMIC" in gfp.flags, HIGH_NO_WAIT: gfp.high}
        return flag[self.harder]

    def leaves_high_atomic(self, gfp: Gfp) -> bool:
        """Return whether the pages reserved as HighAtomic count as taken for a request."""
        if self.spared_by_any and (gfp.high or replace(self, harder=NO_WAIT).is_harder(gfp)):
            return False
        return self.high_atomic and not self.is_harder(gfp)


#: By the first version that has them.
RULES = {
    (0, 0): Rules(
        "3.12 and other kernels before 4.4",
        halved_by_order=True,
        high_atomic=False,
        harder=NO_WAIT,
    ),
    (4, 4): Rules("4.4 to 4.20", halved_by_order=False, high_atomic=True),
    (5, 0): Rules("5.x", halved_by_order=False, high_atomic=True),
    (6, 0): Rules("6.0 to 6.3", halved_by_order=False, high_atomic=True),
    (6, 4): Rules(
        "6.x since 6.4",
        halved_by_order=False,
        high_atomic=True,
        harder=HIGH_NO_WAIT,
        spared_by_any=True,
    ),
}
DEFAULT = (6, 4)


def rules_of(known: tuple[int, int] | tuple[()]) -> Rules:
    """Return the rules of a kernel version; of 6.x if it is not known."""
    wanted = known or DEFAULT
    return RULES[max(first for first in RULES if first <= wanted)]
