"""Damage one value of a pool's records at a time, and ask its check what is wrong.

The values come from the record types, so a new field is damaged by itself: its check has to name
it, or the field has to be listed as unseen, with the reason and, if only some are, with which.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

NAMED = re.compile(r"(page frame|size class|pool|list|node|tree)( \d+|)")

SETTING = "a setting, which `machine/proof.py` holds against the machine's"
READ_BACK = "only allocations use it; `machine/pool_chains.py` checks it when a log is read"
UNUSED = "pages of a pool do not use it"
OTHER_POOLS = "used by pools of another allocator"


class Unseen(NamedTuple):
    """Why damages of a field are not seen. where: of which elements, where(record, element)."""

    reason: str
    where: Callable[[int, int], bool] = lambda record, at: True


class Damages:
    """The values of a pool by table and field.

    tables: the records of each table that are damaged, and what may be named for each of them.
    fault: returns what is wrong in a sentence, or "". unseen: by "table.field". used: says whether
    an element of a field of a record is in use: used(field, record, element).
    """

    def __init__(
        self,
        state: Any,
        tables: Mapping[str, Mapping[int, set[str]]],
        fault: Callable[[], str],
        unseen: Mapping[str, Unseen],
        used: Callable[[str, int, int], bool],
    ) -> None:
        self.state, self.tables, self.fault = state, tables, fault
        self.unseen, self.used = unseen, used

    def column(self, field: str) -> np.ndarray:
        """Return the values of a field as a view: (records, elements of a record)."""
        table, _, name = field.partition(".")
        array = getattr(self.state, table)
        column = array[name] if name else array
        return column[:, None] if column.ndim == 1 else column

    def damages(self, field: str) -> Iterator[tuple[int, int, str, bool]]:
        """Damage each element. Yield record, element, what the check says, and if that is right."""
        values = self.column(field)
        for record, near in self.tables[field.partition(".")[0]].items():
            for at in range(values.shape[1]):
                if self.used(field, record, at):
                    before = values[record, at]
                    values[record, at] = before ^ 1
                    told = self.fault()
                    values[record, at] = before
                    named = {"".join(match) for match in NAMED.findall(told)}
                    yield record, at, told, bool(named & near)

    def wrong(self, field: str) -> str:
        """Return what the check should say otherwise of damages to a field, a line for each."""
        unseen = self.unseen.get(field)
        lines, found_unseen = [], False
        for record, at, told, right in self.damages(field):
            if unseen and unseen.where(record, at):
                found_unseen |= not told
            elif not right:
                lines.append(f"{field}[{record}][{at}]: {told or 'nothing'}")
        if unseen and not found_unseen and unseen.reason != SETTING:
            lines.append(f"{field} is listed as unseen, but it is seen")
        return "\n".join([*lines, self.fault()]).strip()


def fields(**tables: np.dtype) -> list[str]:
    """Return "table.field" for each field of record types; "table" for an array of numbers."""
    return [
        f"{table}.{name}" if name else table
        for table, dtype in tables.items()
        for name in (dtype.names or ("",))
    ]
