"""One value of a machine's records damaged at a time: each bit of each field.

What is damaged comes from the dtypes, so a new field is damaged without a change here: its check
has to name it, or the field has to be listed as unseen, with the reason and, if that is true of
some damages only, with which. A damage that is listed as unseen, but is seen, is a failure, too.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from zbudlab import layout

#: Bits that are flipped in fields of 8 bytes, of which a bit in the middle is like its neighbours.
FEW_BITS = (0, 1, 2, 3, 4, 5, 6, 7, 12, 15, 16, 24, 31, 32, 48, 62, 63)
NAMED = re.compile(r"(page frame|size class|pool|list|node|tree|order)( \d+|)")
FRAME_NUMBERS = ("zspages.chain", "z3folds.pfn")  #: a check names what such a field leads to
LINKS = ("next", "prev")

SETTING = "a setting, which `machine/proof.py` holds against the machine's"
COUNTER = "a counter, which nothing reads"
OTHERS = "used by pools of another allocator"
OTHERS_HOLD = "others may have more references"
ON_NO_LIST = "a pool's page is on no list of pages"
READ_BACK = "only allocations use it; `machine/pool_chains.py` checks it when a log is read"
WORDS = "what the owner wrote in front of an object; `analysis/ownership.py` checks it"


class Damage(NamedTuple):
    """A flipped bit. at: place in a field of several elements, () in others. before: the value."""

    state: Any
    array: str
    record: int
    field: str
    at: tuple[int, ...]
    bit: int
    before: int

    def value(self) -> int:
        """Return the element as it is now."""
        return int(self._column()[(self.record, *self.at)])

    def flip(self) -> None:
        """Flip the bit; a second time, flip it back."""
        column = self._column()
        bits = column.view(f"u{column.dtype.itemsize}")
        bits[(self.record, *self.at)] ^= bits.dtype.type(1 << self.bit)

    def _column(self) -> np.ndarray:
        array: np.ndarray = getattr(self.state, self.array)
        return array[self.field] if self.field else array


class Unseen(NamedTuple):
    """Why damages of a field are not seen.

    where: whether that is true of a damage, once it is done; None means "seen or not".
    """

    reason: str
    where: Callable[[Damage], bool | None] = lambda damage: True


class Records(NamedTuple):
    """The records of something that a check goes through.

    faults: yields (module with FAULTS, (code, where)). tables: by array, the records, and what a
    check may name when one is damaged. heads: list heads, of which only the links are damaged.
    unseen: by "array.field".
    """

    state: Any
    faults: Callable[[], Iterator[tuple[Any, tuple[int, int]]]]
    tables: Mapping[str, Mapping[int, set[str]]]
    heads: Mapping[str, Mapping[int, set[str]]]
    unseen: Mapping[str, Unseen]

    def sentence(self) -> str:
        """Return the first fault in a sentence, or ""."""
        for module, (code, where) in self.faults():
            if code:
                return str(module.FAULTS[code].format(where=where))
        return ""

    def misjudged(self, name: str) -> list[str]:
        """Return what the check should say otherwise about damages of a field, a line for each."""
        array, _, field = name.partition(".")
        near = dict(self.tables[array])
        if field in LINKS:
            near |= self.heads.get(array, {})
        found = [self._misjudged(name, each, near) for each in self.damages(array, field, near)]
        lines = [line for line in found if line]
        return [*lines, self.sentence()] if self.sentence() else lines

    def damages(self, array: str, field: str, records: Iterable[int]) -> Iterator[Damage]:
        """Yield every damage of a field in these records, not yet done."""
        column = getattr(self.state, array)[field] if field else getattr(self.state, array)
        size = column.dtype.itemsize
        for record in records:
            for at in np.ndindex(column.shape[1:]):
                before = int(column[(record, *at)])
                for bit in FEW_BITS if size == 8 else range(8 * size):
                    yield Damage(self.state, array, record, field, at, bit, before)

    def _misjudged(self, name: str, damage: Damage, near: Mapping[int, set[str]]) -> str:
        """Do a damage and undo it. Return what is wrong with the check's answer, or ""."""
        damage.flip()
        sentence, unseen = self.sentence(), self.unseen.get(name)
        hidden = unseen.where(damage) if unseen else False
        named = {"".join(match) for match in NAMED.findall(sentence)}
        expected = near[damage.record]
        if name in FRAME_NUMBERS:
            expected = expected | {f"page frame {damage.value()}"}
        damage.flip()
        right = not sentence if hidden else bool(named & expected)
        if hidden is None and not sentence:
            right = True
        what = f"{name}[{damage.record}]{list(damage.at)} bit {damage.bit} of {damage.before}"
        return "" if right else f"{what}: {sentence or 'not seen'}"


class Kind(NamedTuple):
    """Records to damage. arrays: their dtypes by array. fill: returns them."""

    arrays: Mapping[str, np.dtype]
    fill: Callable[[], Records]

    @property
    def fields(self) -> list[str]:
        """The names of all fields, "array.field"; "array" for an array of numbers."""
        return [
            f"{array}.{field}" if field else array
            for array, dtype in self.arrays.items()
            for field in dtype.names or ("",)
        ]


def reasons(reason: str, array: str, *fields: str) -> dict[str, Unseen]:
    """Return one reason for several fields of an array."""
    return {f"{array}.{field}": Unseen(reason) for field in fields}


def frames_named(frames: Iterable[int]) -> set[str]:
    """Return how sentences name page frames."""
    return {f"page frame {int(pfn)}" for pfn in frames}


def pool_fields(used: Iterable[str], settings: Iterable[str] = ()) -> dict[str, Unseen]:
    """Return why fields of a pool's record are unseen, except those that its check uses.

    settings: of the allocator. The others belong to other allocators.
    """
    settings = {"created", "kind", *settings}
    counters = {"z3fold_overruns", "z3fold_unseen_mappings"}
    others = set(layout.zbud_pool.names or ()) - {*used, *settings, *counters}
    return (
        reasons(SETTING, "pools", *settings)
        | reasons(COUNTER, "pools", *counters)
        | reasons(OTHERS, "pools", *others)
    )


#: Fields of struct page that no pool reads.
UNREAD_OF_PAGES = {
    **reasons(ON_NO_LIST, "pages", *LINKS),
    **reasons("locks and isolation are in them, which others set", "pages", "page_flags"),
    **reasons("read by the buddy allocator, which checks it", "pages", "order"),
    **reasons("read only while a block is free", "pages", "migratetype"),
    **reasons("owner of a page of a process; memory's check finds it", "pages", "mapping"),
    "pages.refcount": Unseen(OTHERS_HOLD, lambda damage: damage.value() > damage.before),
}
