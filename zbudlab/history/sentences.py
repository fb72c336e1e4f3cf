"""Say in one sentence what an operation, or a function inside one, did and why.

`sentence` looks up a function by the name of the operation in the log, or of the function of
`zbudlab.mm` that was stepped into. That function compares the machine before and after, and
returns the reader's words. Those for operations are in `operation_sentences` and
`zbud_sentences`, those for functions inside an operation in `function_sentences`.
"""

from __future__ import annotations

import errno
from collections.abc import Callable
from dataclasses import dataclass, field

from zbudlab.history.changes import Moment
from zbudlab.machine.oplog import Entry

#: The function that does an operation's work. The steps in the log do not always show it.
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
    "pin_as": "page.get_page",
    "unpin": "page_alloc.put_page",
    "compact": "compaction.compact_zone",
    "rescan": "compaction.rescan",
    "alloc_contig_range": "cma.alloc_contig_range",
    "free_contig_range": "cma.free_contig_range",
    "cma_alloc": "cma.alloc_contig_range",
    "cma_release": "cma.free_contig_range",
    "create_cgroup": "zswap_cgroup.mem_cgroup_create",
    "compact_pool": "zsmalloc_compact.zs_compact",
    "zbud_alloc": "zbud.zbud_alloc",
    "zbud_free": "zbud.zbud_free",
    "zbud_map": "zbud.zbud_map",
    "zbud_unmap": "zbud.zbud_unmap",
}


@dataclass
class Transition:
    """An operation, or a function inside one, with the machine before and after it.

    steps: the operation's steps in the log. numbers: a function's integer arguments by name.
    caller: the function that called it. earlier: numbers of earlier functions of the same
    operation.
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
        """Return by how much a counter of zswap grew."""
        return int(self.after.zswaps[name][0]) - int(self.before.zswaps[name][0])

    @property
    def freed(self) -> int:
        """Return how many more pages are free."""
        return int(self.after.zone["nr_free_pages"]) - int(self.before.zone["nr_free_pages"])


SENTENCES: dict[str, Callable[[Transition], str]] = {}


def explains(*names: str) -> Callable[[Callable[[Transition], str]], Callable[[Transition], str]]:
    """Register a function as the explanation of operations or functions of these names."""

    def register(function: Callable[[Transition], str]) -> Callable[[Transition], str]:
        SENTENCES.update(dict.fromkeys(names, function))
        return function

    return register


def sentence(step: Transition) -> str:
    """Explain a transition in one sentence."""
    refused = -step.result
    if step.name not in SENTENCES:
        return f"{step.name} answered {step.result}."
    if step.name in FUNCTIONS and refused > 0 and step.name not in _EXPLAIN_REFUSALS:
        why = f"{error_name(refused)}: {_refusals(refused)}"
        return f"The operation {_title(step)} was refused with {why}."
    return SENTENCES[step.name](step)


def error_name(number: int) -> str:
    """Return the name of an errno: -ENOMEM for 12."""
    return f"-{errno.errorcode.get(number, number)}"


def _title(step: Transition) -> str:
    return f"{step.name}({', '.join(map(str, step.arguments[:4]))})"


#: Operations whose own sentence covers a refusal.
_EXPLAIN_REFUSALS = {
    "zbud_alloc",
    "zbud_free",
    "zbud_unmap",
    "alloc_pages",
    "alloc_contig_range",
    "cma_alloc",
}


def _refusals(number: int) -> str:
    return {
        errno.ENOMEM: "reclaim could not free a page for it",
        errno.ENOENT: "no such handle exists",
        errno.EIO: "a compressed page no longer decompresses",
        errno.EFAULT: "this was the owner's own count, so object and mapping are gone",
        errno.EBUSY: "a page in the range could not be moved",
        errno.EINVAL: "the kernel rejects its arguments",
    }.get(number, "see the errno")


def plural(number: int, what: str = "page") -> str:
    """Format a count with its noun: "1 page", "2 pages"."""
    return f"{number} {what}{'' if number == 1 else 's'}"


def joined(parts: list[str]) -> str:
    """Join parts of a sentence: "a, b and c"."""
    return ", ".join(parts[:-1]) + " and " + parts[-1] if len(parts) > 1 else "".join(parts)
