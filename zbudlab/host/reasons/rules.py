"""How kernels of different versions decide about a request: one record of rules for each."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Rules:
    """The rules of a kernel.

    halved_by_order: the watermark is checked again for each order, halved each time (before 4.4);
    since then a block of a usable type is enough. high_atomic: blocks are reserved for requests
    that cannot wait. nowait_is_harder: GFP_NOWAIT, too, may use a quarter of the reserve, not only
    GFP_ATOMIC. costly: orders above this are given up early.
    """

    name: str
    halved_by_order: bool
    high_atomic: bool
    nowait_is_harder: bool = False
    costly: int = 3


#: By the first version that has them.
RULES = {
    (0, 0): Rules(
        "3.12 and other kernels before 4.4",
        halved_by_order=True,
        high_atomic=False,
        nowait_is_harder=True,
    ),
    (4, 4): Rules("4.4 to 4.20", halved_by_order=False, high_atomic=True),
    (5, 0): Rules("5.x", halved_by_order=False, high_atomic=True),
    (6, 0): Rules("6.x", halved_by_order=False, high_atomic=True),
}
DEFAULT = (6, 0)


def rules_of(known: tuple[int, int] | tuple[()]) -> Rules:
    """Return the rules of a kernel version; of 6.x if it is not known."""
    wanted = known or DEFAULT
    return RULES[max(first for first in RULES if first <= wanted)]
