"""What an operation or a step did and why, in one sentence, told from the machine before and after.

`sentence` finds the teller by the name: of an operation as the log has it, or of a function of
`zbudlab.mm` that was stepped into. A teller gets a Step and answers in the reader's words: those
of operations are in `tellers`, those of functions in `substeps`.
"""

from __future__ import annotations

import errno
from collections.abc import Callable
from dataclasses import dataclass, field

from zbudlab.history.changes import Moment
from zbudlab.machine.oplog import Entry

#: The function that does an operation's work, where the log's steps alone don't tell.
FUNCTIONS = {
    "create_process": "operations.create_process",
    "touch": "memory.handle_mm_faults",
    "write": "memory.handle_mm_faults",
    "write_lengths": "memory.handle_mm_faults",
    "read": "memory.handle_mm_faults",
    "exit": "memory.exit_mmap",
    "reclaim": "vmscan.shrink_begin",
    "alloc_pages": "page_alloc.alloc_pages",
    "free_pages": "page_alloc.put_page",
    "pin": "page.get_page",
    "unpin": "page_alloc.put_page",
    "compact": "compaction.compact_zone",
    "rescan": "compaction.rescan",
    "alloc_contig_range": "cma.alloc_contig_range",
    "free_contig_range": "cma.free_contig_range",
    "zbud_alloc": "zbud.zbud_alloc",
    "zbud_free": "zbud.zbud_free",
    "zbud_map": "zbud.zbud_map",
    "zbud_unmap": "zbud.zbud_unmap",
}


@dataclass
class Step:
    """An operation, or a step inside one, with the machine before and after it.

    numbers: a function's whole-number arguments by name. caller: who called it. steps: what the
    log has of an operation. earlier: numbers of the steps before, of the same operation.
    """

    name: str
    arguments: list[int]
    result: int
    before: Moment
    after: Moment
    steps: list[Entry] = field(default_factory=list)
    numbers: dict[str, int] = field(default_factory=dict)
    caller: str = ""
    earlier: dict[str, int] = field(default_factory=dict)

    def count(self, name: str) -> int:
        """How much a counter of zswap grew."""
        return int(self.after.zswaps[name][0]) - int(self.before.zswaps[name][0])

    @property
    def freed(self) -> int:
        """How many more pages are free."""
        return int(self.after.zone["nr_free_pages"]) - int(self.before.zone["nr_free_pages"])


TELLERS: dict[str, Callable[[Step], str]] = {}


def tells(*names: str) -> Callable[[Callable[[Step], str]], Callable[[Step], str]]:
    """Make a function the teller of operations or functions of these names."""

    def register(teller: Callable[[Step], str]) -> Callable[[Step], str]:
        TELLERS.update(dict.fromkeys(names, teller))
        return teller

    return register


def sentence(step: Step) -> str:
    """What a step did and why."""
    refused = -step.result
    if step.name not in TELLERS:
        return f"{step.name} answered {step.result}."
    if step.name in FUNCTIONS and refused > 0 and step.name not in _TELL_REFUSALS:
        why = f"{error_name(refused)}: {_refusals(refused)}"
        return f"The operation {_title(step)} was refused with {why}."
    return TELLERS[step.name](step)


def error_name(number: int) -> str:
    """-ENOMEM for 12."""
    return f"-{errno.errorcode.get(number, number)}"


def _title(step: Step) -> str:
    return f"{step.name}({', '.join(map(str, step.arguments[:4]))})"


_TELL_REFUSALS = {"zbud_alloc", "zbud_free", "zbud_unmap", "alloc_pages", "alloc_contig_range"}


def _refusals(number: int) -> str:
    return {
        errno.ENOMEM: "reclaim could free no page for it",
        errno.ENOENT: "there is no such handle",
        errno.EIO: "a compressed page no longer decompresses",
        errno.EFAULT: "that was the owner's own count, so the object is gone with its mapping",
        errno.EBUSY: "a page in the range could not be moved",
        errno.EINVAL: "its arguments make no sense to the kernel",
    }.get(number, "see the errno")


def plural(number: int, what: str = "page") -> str:
    """1 page, 2 pages."""
    return f"{number} {what}{'' if number == 1 else 's'}"


def joined(parts: list[str]) -> str:
    """Parts of a sentence joined."""
    return ", ".join(parts[:-1]) + " and " + parts[-1] if len(parts) > 1 else "".join(parts)
