"""The result of an exploration: counts, and the schedules that break something."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from zbudlab.history import History
from zbudlab.io.values import fault_of, shown
from zbudlab.machine.core import Core
from zbudlab.races import paths, search
from zbudlab.races.cast import Actor
from zbudlab.races.drawing import Drawn
from zbudlab.races.image import Image
from zbudlab.races.names import FAULTS
from zbudlab.races.play import played
from zbudlab.races.programs import Programs
from zbudlab.races.search import Search

CLEAN, FAULTY, INCOMPLETE = "clean", "faulty", "incomplete"


@dataclass(frozen=True)
class Schedule:
    """One schedule that ends in a fault.

    actors: who runs, step by step, by number. steps: (name of the actor, name of the step). fault:
    its code, layout.FAULT_*. preemptions: how often the processor was taken from an actor that
    could go on.
    """

    actors: tuple[int, ...]
    steps: tuple[tuple[str, str], ...]
    fault: int
    preemptions: int

    @property
    def why(self) -> str:
        """One sentence: why this is a fault."""
        name, reason = FAULTS[self.fault]
        return f"{name}: {reason}"

    def as_dict(self) -> dict[str, Any]:
        """Return the schedule as plain values, for JSON."""
        return {
            "fault": FAULTS[self.fault][0],
            "why": FAULTS[self.fault][1],
            "preemptions": self.preemptions,
            "length": len(self.actors),
            "schedule": list(self.actors),
            "steps": [{"actor": actor, "step": step} for actor, step in self.steps],
        }

    def __str__(self) -> str:
        parts: list[str] = []
        last = None
        for actor, step in self.steps:
            parts.append(f", {step}" if actor == last else f"; {actor}: {step}" if parts else "")
            if not parts[-1]:
                parts[-1] = f"{actor}: {step}"
            last = actor
        return "".join(parts)


class Result:
    """The result of `explore`.

    machine, actors: what was explored. complete: whether every schedule was. seconds: how long it
    took. drawn: schedules with random priorities, if it was not complete. edges: int64 (states,
    actors), the state that each actor's next step leads to, or one of search.NO_EDGE, CUT,
    FIRST_FAULT - FAULT_*. programs: runs steps.
    """

    def __init__(
        self,
        machine: Core,
        actors: tuple[Actor, ...],
        image: Image,
        found: Search,
        complete: bool,
        seconds: float,
        drawn: Drawn,
        programs: Programs,
    ) -> None:
        self.machine, self.actors, self.image, self.search = machine, actors, image, found
        self.complete = complete and not found.counters[search.CUTS]
        self.seconds, self.drawn, self.programs = seconds, drawn, programs
        self.states = int(found.counters[search.STATES])
        self.edges = np.ascontiguousarray(found.succ[: self.states])
        self._end = found.states["end"][: self.states].astype(np.int64)

    # --- counts --------------------------------------------------------------------------------

    @cached_property
    def order(self) -> np.ndarray:
        """The states in topological order. ValueError if schedules can loop forever."""
        order = np.zeros(self.states, np.int64)
        count = paths.topological(self.edges, np.zeros(self.states, np.int64), order)
        if count != self.states:
            raise ValueError("these actors can loop forever, so schedules cannot be counted")
        return order

    @cached_property
    def _counts(self) -> np.ndarray:
        counts = np.zeros((self.states + 2, 2), np.int64)
        paths.count_paths(self.edges, self.order, self._end, counts, search.FIRST_FAULT)
        return counts

    def _through(self, row: int) -> int:
        high, low = self._counts[row].tolist()
        return high * paths.UNIT + low

    @cached_property
    def ahead(self) -> list[tuple[int, int]]:
        """The schedules that go on from each state, and how many of them end in a fault."""
        found = [(0, 0)] * self.states
        for state in self.order[::-1].tolist():
            total = bad = 0
            if self._end[state]:
                total, bad = 1, int(self._end[state] < 0)
            for to in self.edges[state].tolist():
                more, faulty = found[to] if to >= 0 else (to < search.FIRST_FAULT,) * 2
                total, bad = total + more, bad + faulty
            found[state] = (int(total), int(bad))
        return found

    @property
    def schedules(self) -> int:
        """The number of schedules; of an incomplete search, the number that ended."""
        return self._through(self.states)

    @property
    def faults(self) -> int:
        """The number of schedules that end in a fault."""
        return self._through(self.states + 1)

    @property
    def verdict(self) -> str:
        """ "faulty", "clean" (every schedule was run) or "incomplete"."""
        if self.bad or self.drawn.faulty:
            return FAULTY
        return CLEAN if self.complete else INCOMPLETE

    # --- faults --------------------------------------------------------------------------------

    @cached_property
    def bad(self) -> list[tuple[int, int, int]]:
        """The ends of faulty schedules: (state, actor of the faulty step or -1, fault)."""
        where = np.argwhere(self.edges < search.FIRST_FAULT).tolist()
        steps = [(s, a, search.FIRST_FAULT - int(self.edges[s, a])) for s, a in where]
        return steps + [(int(s), -1, int(-self._end[s])) for s in np.flatnonzero(self._end < 0)]

    @property
    def kinds(self) -> dict[str, int]:
        """The schedules that end in each kind of fault, by its name."""
        kinds: dict[str, int] = {}
        for state, _, fault in self.bad:
            name = FAULTS[fault][0]
            kinds[name] = kinds.get(name, 0) + self._through(state)
        return kinds

    def path_to(self, state: int) -> list[int]:
        """Return the actors that run on the shortest way to a state."""
        path: list[int] = []
        states = self.search.states
        while state:
            path.append(int(states["by"][state]))
            state = int(states["parent"][state])
        return path[::-1]

    @cached_property
    def shortest(self) -> Schedule | None:
        """The faulty schedule with the fewest steps, or None."""
        found = [[*self.path_to(s), *([a] if a >= 0 else [])] for s, a, _ in self.bad]
        if not found:
            return self._shortest_drawn()
        best = min(range(len(found)), key=lambda i: len(found[i]))
        return self.schedule(found[best], self.bad[best][2])

    def _shortest_drawn(self) -> Schedule | None:
        """Return the shortest of the faulty schedules that were drawn at random, or None."""
        if not self.drawn.paths:
            return None
        path, fault = min(self.drawn.paths, key=lambda each: len(each[0]))
        return self.schedule(list(path), fault)

    @cached_property
    def _switches(self) -> tuple[np.ndarray, np.ndarray]:
        best = np.full(self.edges.shape, paths.UNREACHED, np.int64)
        before = np.full(self.edges.shape, -1, np.int64)
        paths.fewest_switches(self.edges, self.order, best, before)
        return best, before

    @cached_property
    def fewest_switches(self) -> Schedule | None:
        """The faulty schedule with the fewest preemptions, or None."""
        best, _ = self._switches
        found = []
        for state, actor, fault in self.bad:
            for last in range(len(self.actors)):
                lost = actor >= 0 and last != actor and self.edges[state, last] != search.NO_EDGE
                cost = int(best[state, last]) + lost if state else 0
                found.append((cost, state, last, actor, fault))
        if not found:
            return self._shortest_drawn()
        _, state, last, actor, fault = min(found)
        path = self._path_by_switches(state, last)
        return self.schedule([*path, *([actor] if actor >= 0 else [])], fault)

    def _path_by_switches(self, state: int, last: int) -> list[int]:
        """Return the actors that run on the way with the fewest preemptions."""
        _, before = self._switches
        path: list[int] = []
        while state:
            path.append(last)
            state, last = divmod(int(before[state, last]), len(self.actors))
        return path[::-1]

    def schedule(self, path: list[int], fault: int) -> Schedule:
        """Return a path with the names of its steps, by running it.

        fault: in which it ends; 0 = none. Raises ValueError for an impossible path or fault.
        """
        self._check_path(path)
        if fault not in (0, *FAULTS):
            raise ValueError(f"fault must be 0 to {max(FAULTS)}, not {shown(fault)}")
        found, switches, last = self.search, 0, -1
        self.image.words[:] = found.root
        steps = []
        for who in path:
            if last not in (-1, who):
                switches += self._could_go_on(last)
            steps.append((self.actors[who].name, self.programs.step_name(who)))
            self.programs.step(self.search, who)
            last = who
        return Schedule(tuple(path), tuple(steps), fault, switches)

    def _check_path(self, path: Sequence[int]) -> None:
        """Raise ValueError unless a path names actors of this result."""
        for who in path:
            if fault := fault_of("an actor of the schedule", who, 0, len(self.actors) - 1):
                raise ValueError(fault)

    def _could_go_on(self, who: int) -> bool:
        """Return whether an actor has a step now that does not wait."""
        if self.image.actors[who]["pc"] < 0:
            return False
        kept = self.image.words.copy()
        answer = self.programs.step(self.search, who)
        self.image.words[:] = kept
        return answer != search.BLOCKED

    # --- replay --------------------------------------------------------------------------------

    def _start(self) -> np.ndarray:
        """Return the actors at the start, layout.actor (n,)."""
        self.image.words[:] = self.search.root
        return self.image.actors.copy()

    def play(self, schedule: Schedule | None = None) -> History:
        """Return the history of a machine that ran a schedule, for the player.

        schedule: default: the shortest that ends in a fault. Raises ValueError if there is none,
        LogError if the machine explored keeps no log.
        """
        chosen = schedule or self.shortest
        if chosen is None:
            raise ValueError("no schedule ends in a fault: name the schedule to play")
        if self.programs.programs:
            raise ValueError("a schedule of generators cannot be played: use ready actors")
        self._check_path(chosen.actors)
        return History(played(self.machine, self._start(), chosen.actors))

    def save(self, path: str | Path, schedule: Schedule | None = None) -> None:
        """Write a schedule to a file that `zbudlab.races.replay` runs again, step by step."""
        self.play(schedule).save(path)

    # --- as text -------------------------------------------------------------------------------

    def as_dict(self) -> dict[str, Any]:
        """Return the result as plain values, for JSON."""
        return {
            "verdict": self.verdict,
            "states": self.states,
            "schedules": self.schedules,
            "faults": self.faults,
            "kinds": self.kinds,
            "shortest": self.shortest.as_dict() if self.shortest else None,
            "fewest_switches": self.fewest_switches.as_dict() if self.fewest_switches else None,
            "complete": self.complete,
            "random_schedules": self.drawn.schedules,
            "random_faults": self.drawn.faulty,
            "seconds": round(self.seconds, 3),
        }

    def __str__(self) -> str:
        reach = f"all {self.schedules:,}" if self.complete else f"{self.schedules:,} of the"
        lines = [f"{self.verdict}: {reach} schedules, {self.states:,} states"]
        if self.drawn.schedules:
            lines.append(
                f"  of {self.drawn.schedules:,} random schedules, {self.drawn.faulty:,} were faulty"
            )
        lines += [f"  {count:,} schedules: {name}" for name, count in self.kinds.items()]
        if self.shortest and self.fewest_switches:
            lines.append(f"  shortest: {self.shortest}")
            lines.append(
                f"  fewest preemptions ({self.fewest_switches.preemptions}): {self.fewest_switches}"
            )
            lines.append(f"  why: {self.shortest.why}")
        return "\n".join(lines)
