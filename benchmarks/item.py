"""The items of the benchmarks: what an item is, and the list of all.

A module in `benchmarks/items/` declares its items:

    @item("page-copy")
    def page_copy(setup: Setup) -> Case: ...
"""

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass, field

Call = Callable[[], int | None]

KERNEL = "C"  #: C as the kernel has it: 64-bit pointers, headers in their pages, plain loops
ALIKE = "C alike"  #: C with our layout and algorithm


@dataclass
class Setup:
    """How to make an item. with_c: compare with C; short: make it small and quick."""

    with_c: bool
    short: bool


@dataclass
class Step:
    """A row of the table.

    operations: in one call. ours, theirs: calls, the latter by side (KERNEL, ALIKE or any other
    name); their answers must be the same number, None = nothing to compare. must, aim: by side,
    the ratio (its time over ours) to reach. most: nanoseconds that an operation of ours may take,
    must and aim. wall: use the wall clock, for calls that work in several threads.
    """

    name: str
    operations: int
    ours: Call
    theirs: dict[str, Call] = field(default_factory=dict)
    must: dict[str, float] = field(default_factory=dict)
    aim: dict[str, float] = field(default_factory=dict)
    most: tuple[float, float] | None = None
    wall: bool = False


@dataclass
class Case:
    """Steps on one state, done in order; `prepare` draws the next inputs and is not timed.

    passes: how often a round goes through the steps; sides that take turns at short intervals
    meet the same load on a busy machine. rounds: the most rounds; 0 = as many as other items.
    """

    prepare: Callable[[], None]
    steps: list[Step]
    passes: int = 1
    rounds: int = 0


#: Items by the name that `--only` takes.
ITEMS: dict[str, Callable[[Setup], Case]] = {}


def item(name: str) -> Callable[[Callable[[Setup], Case]], Callable[[Setup], Case]]:
    """Declare an item: a function that makes its case."""

    def declared(make: Callable[[Setup], Case]) -> Callable[[Setup], Case]:
        ITEMS[name] = make
        return make

    return declared


def load_items() -> None:
    """Import every module of `benchmarks/items`, which fills ITEMS."""
    from benchmarks import items

    for module in pkgutil.iter_modules(items.__path__):
        importlib.import_module(f"{items.__name__}.{module.name}")
