"""Views of one machine stay in step: whoever shows a machine is told when it may have changed.

A view has a method `update()` that reads its machine and shows what is new; it is forgotten when
nobody holds it any more. In a notebook all views are brought up to date after each cell.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol
from weakref import WeakKeyDictionary, WeakSet

if TYPE_CHECKING:
    from zbudlab.machine import Machine


class View(Protocol):
    """What can follow a machine."""

    def update(self) -> None:
        """Show the machine as it is now."""


_views: WeakKeyDictionary[Machine, WeakSet[Any]] = WeakKeyDictionary()
_hooked: WeakSet[Any] = WeakSet()
_paused = False


def follow(machine: Machine, view: View) -> None:
    """From now on `refresh(machine)`, and each cell that ends, updates the view."""
    _views.setdefault(machine, WeakSet()).add(view)
    _hook()


def unfollow(machine: Machine, view: View) -> None:
    """The view no longer shows that machine."""
    _views.get(machine, WeakSet()).discard(view)


def views(machine: Machine) -> list[View]:
    """Who follows the machine."""
    return list(_views.get(machine, ()))


def refresh(machine: Machine, *, by: View | None = None) -> None:
    """Update every view of the machine, but for the one that says so: it knows."""
    for view in views(machine):
        if view is not by:
            view.update()


def refresh_all(*_: object) -> None:
    """Update every view of every machine."""
    if not _paused:
        for machine in list(_views):
            refresh(machine)


@contextmanager
def paused() -> Iterator[None]:
    """Within the block, the end of a cell updates nothing."""
    global _paused
    before, _paused = _paused, True
    try:
        yield
    finally:
        _paused = before


def _hook() -> None:
    """Have IPython, where there is one, refresh all views after each cell."""
    from IPython.core.getipython import get_ipython

    shell = get_ipython()
    if shell is not None and shell not in _hooked:
        shell.events.register("post_run_cell", refresh_all)
        _hooked.add(shell)
