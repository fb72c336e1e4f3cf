"""One thing of a pool broken at a time: each bit of each field of its records.

What is broken comes from the dtypes, so a new field is covered without a change here.
"""

from typing import NamedTuple

import numpy as np

from zbudlab import layout

#: Bits that are flipped in fields of 8 bytes, of which a bit in the middle is like its neighbours.
FEW_BITS = (0, 1, 2, 3, 4, 5, 6, 7, 12, 15, 16, 24, 31, 32, 48, 62, 63)
PAGES_ARE_ON_NO_LIST = "a pool's page is on no list of pages"
OTHERS_HOLD = "others may have more references"
OF_PAGES = "the pool does not use it"

#: Fields of struct page that no pool reads, each with the reason.
UNREAD_OF_PAGES = {
    "pages.next": PAGES_ARE_ON_NO_LIST,
    "pages.prev": PAGES_ARE_ON_NO_LIST,
    "pages.page_flags": "locks and isolation are in them, which others set",
    "pages.order": "read by the buddy allocator, which checks it",
    "pages.migratetype": "read only while a block is free",
    "pages.mapping": "owner of a page of a process; the check of memory finds it",
}


class Damage(NamedTuple):
    """A flipped bit. at: place in a field of several elements, () in others."""

    state: object
    array: str
    record: int
    field: str
    at: tuple
    bit: int

    @property
    def words(self):
        return getattr(self.state, self.array)

    def value(self):
        """The value of the element now."""
        here = self.words if not self.field else self.words[self.field]
        return int(here[(self.record, *self.at)])

    def flip(self):
        """Flip the bit; a second time, flip it back."""
        here = self.words if not self.field else self.words[self.field]
        view = here.view(f"u{here.dtype.itemsize}") if here.dtype.kind == "i" else here
        view[(self.record, *self.at)] ^= view.dtype.type(1 << self.bit)


def names_of(arrays):
    """Names of all fields of these arrays: {array: dtype}."""
    found = []
    for array, dtype in arrays.items():
        found += [f"{array}.{field}" for field in dtype.names or [""]]
    return found


def damages(state, name, records):
    """Every flipped bit of a field, in these records."""
    array, _, field = name.partition(".")
    dtype = getattr(state, array).dtype
    base, shape = (dtype[field] if field else dtype).subdtype or (
        dtype[field] if field else dtype,
        (),
    )
    bits = FEW_BITS if base.itemsize == 8 else range(8 * base.itemsize)
    for record in records:
        for at in np.ndindex(shape):
            for bit in bits:
                yield Damage(state, array, int(record), field, at, bit)


def misjudged(engine, faults, name, records, unseen):
    """Damage that is not found although it should be, or found although it is listed as unseen.

    faults: yields (module, (code, where)). unseen: {name: reason or (reason, condition)}; the
    condition says of which damage the reason is true, once it is done: None = found or not.
    """
    state, wrong = engine.state, []
    for damage in damages(state, name, records):
        before = damage.value()
        damage.flip()
        listed = unseen.get(name, "")
        hidden = listed[1](damage, before) if isinstance(listed, tuple) else bool(listed)
        found = any(code for _, (code, _) in faults(state.mem, 0))
        damage.flip()
        if hidden is not None and found == hidden:
            wrong.append((damage.record, damage.at, damage.bit, before))
    assert not any(code for _, (code, _) in faults(state.mem, 0))
    return wrong


def of_others(*used):
    """Fields of a pool's record that other allocators use, and its settings, with the reason."""
    reason = "a setting, a counter, or another allocator's"
    return {f"pools.{field}": reason for field in layout.zbud_pool.names if field not in used}
