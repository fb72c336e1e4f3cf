"""A schedule step by step: what each step left behind, what broke, and what suffers from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from zbudlab import layout
from zbudlab.layout import CHUNK_SHIFT, NCHUNKS_ORDER, PG_LOCKED
from zbudlab.mm.zbud_zpool import zbud_object_address
from zbudlab.races.names import FAULTS, LOCKS
from zbudlab.races.result import Result

#: Faults of the machine as it is when all have finished: no step suffers from them.
AT_THE_END = (
    *(layout.FAULT_REFERENCES, layout.FAULT_LEAK, layout.FAULT_ORDER, layout.FAULT_DEADLOCK),
    layout.FAULT_ENTRIES,
)
#: Faults of an address that no longer leads to its object: its holder's next step suffers.
OF_AN_ADDRESS = (layout.FAULT_MOVED, layout.FAULT_GONE)
FRAME_SHIFT = CHUNK_SHIFT + NCHUNKS_ORDER  #: of an address in bytes


@dataclass(frozen=True)
class Told:
    """One step, and the machine after it.

    actor: who ran, by number. name: of the step. lock: the lock that it runs under, takes or
    releases: "pool", "page", "tree", "zone" or "". references: (frame, references, whether it is
    locked) for each frame of a pool or on its way into one. holds: (actor, frame) for each address
    that an actor holds.
    """

    actor: int
    name: str
    lock: str
    references: tuple[tuple[int, int, bool], ...]
    holds: tuple[tuple[int, int], ...]

    @property
    def facts(self) -> str:
        """The references in words."""
        return "; ".join(
            f"frame {pfn}: {count} {'reference' if count == 1 else 'references'}"
            + (", locked" if locked else "")
            for pfn, count, locked in self.references
        )


@dataclass(frozen=True)
class Account:
    """A schedule, step by step.

    actors: their names. broke, suffers: the steps that an arrow joins, by place in `steps`; -1 =
    no arrow. While the step that suffers has not run, `suffers` is len(steps) and `ahead` is that
    step as (actor, name). fault: layout.FAULT_*, 0 = none so far.
    """

    actors: tuple[str, ...]
    steps: tuple[Told, ...]
    fault: int = 0
    broke: int = -1
    suffers: int = -1
    ahead: tuple[int, str] | None = None

    @property
    def why(self) -> str:
        """One sentence on what went wrong, "" if nothing did."""
        if not self.fault:
            return ""
        name, reason = FAULTS[self.fault]
        return f"{name[0].upper()}{name[1:]}: {reason}."

    def lines(self) -> list[str]:
        """Return a line for each step."""
        marks = {self.broke: " <- breaks it", self.suffers: " <- suffers from it"}
        lines = [
            f"{i + 1}. {self.actors[step.actor]}: {step.name} ({step.facts}){marks.get(i, '')}"
            for i, step in enumerate(self.steps)
        ]
        if self.ahead:
            who, name = self.ahead
            lines.append(f"next: {self.actors[who]}: {name}{marks[self.suffers]}")
        return lines


def account(result: Result, path: Sequence[int], fault: int = 0) -> Account:
    """Run a schedule of an explored machine and return what happened.

    path: who runs, step by step. fault: what its last step is, layout.FAULT_*; 0 = none.
    """
    image, programs = result.image, result.programs
    image.words[:] = result.search.root
    steps = []
    for who in path:
        name = programs.step_name(who)
        programs.step(result.search, who)
        lock = LOCKS.get(name, "")
        steps.append(Told(who, name, lock, references_of(result), holds_of(result)))
    told = Account(tuple(actor.name for actor in result.actors), tuple(steps), fault)
    return _blamed(told, result) if fault else told


def references_of(result: Result) -> tuple[tuple[int, int, bool], ...]:
    """Return the frames of pools, and those that move, with their references and locks."""
    pages = result.image.mem.pages[: int(result.image.mem.zones[0]["spanned_pages"])]
    marks = pages["mapcount"]
    shown = (marks >= layout.PAGE_ZPOOL_FIRST) & (marks <= layout.PAGE_ZPOOL_LAST)
    for actor in result.image.actors:
        for pfn in (int(actor["pfn"]), int(actor["new"])) if actor["pc"] >= 0 else ():
            shown[pfn] |= actor["kind"] in (layout.ACTOR_COMPACT, layout.ACTOR_CMA)
    frames = np.flatnonzero(shown & (pages["refcount"] != 0))
    locked = pages["page_flags"] & PG_LOCKED != 0
    return tuple((int(p), int(pages["refcount"][p]), bool(locked[p])) for p in frames)


def holds_of(result: Result) -> tuple[tuple[int, int], ...]:
    """Return who holds an address, and in which frame it is."""
    addresses = result.image.actors["address"].tolist()
    return tuple((i, a >> FRAME_SHIFT) for i, a in enumerate(addresses) if a > 0)


def victim_of(result: Result) -> int:
    """Return the actor whose address no longer leads to its object; -1 = there is none."""
    for number, actor in enumerate(result.image.actors):
        address, pool, handle = int(actor["address"]), int(actor["pool"]), int(actor["handle"])
        if address > 0 and zbud_object_address(result.image.mem, pool, handle) != address:
            return number
    return -1


def _blamed(told: Account, result: Result) -> Account:
    """Return the account with the step that broke something and the one that suffers.

    If an address leads nowhere now, the last step broke it and its holder's next step suffers.
    Otherwise the last step suffers from the last one before it that another actor ran.
    """
    last = len(told.steps) - 1
    if told.fault in AT_THE_END:
        return told
    victim = victim_of(result) if told.fault in OF_AN_ADDRESS else -1
    if victim >= 0:
        ahead = (victim, result.programs.step_name(victim))
        return replace(told, broke=last, suffers=last + 1, ahead=ahead)
    others = [i for i, step in enumerate(told.steps) if step.actor != told.steps[-1].actor]
    if not others:
        return told
    return replace(told, broke=others[-1], suffers=last)
