"""Actors written as generators: each request is a kernel and its arguments, run as one step::

    def reader():
        address = yield zbud_map, POOL, 1
        if address:
            yield zbud_unmap, POOL, 1

A generator cannot be copied. Its state is the list of answers that it has received; to go on from
there, a new generator gets the same answers again.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

from zbudlab import layout
from zbudlab.layout import CHUNK_SHIFT
from zbudlab.mm import zbud
from zbudlab.races import actors, oracles, search
from zbudlab.races.image import Image
from zbudlab.races.names import STEPS
from zbudlab.races.search import Search

Request = tuple[Any, ...]
Answers = tuple[int, ...]


class Program:
    """A generator function as an actor."""

    def __init__(self, function: Callable[[], Generator[Request, int, None]]) -> None:
        self.function = function
        self.name = function.__name__
        self._numbers: dict[Answers, int] = {(): 0}
        self._answers: list[Answers] = [()]
        self._requests: dict[int, Request | None] = {}

    def request(self, number: int) -> Request | None:
        """Return the request after a list of answers, given its number; None = it has finished."""
        if number not in self._requests:
            self._requests[number] = self._asked(self._answers[number])
        return self._requests[number]

    def _asked(self, answers: Answers) -> Request | None:
        running = self.function()
        try:
            request = next(running)
            for answer in answers:
                request = running.send(answer)
        except StopIteration:
            return None
        return request

    def answered(self, number: int, answer: int) -> int:
        """Return the number of a list of answers extended by one answer."""
        answers = (*self._answers[number], answer)
        if answers not in self._numbers:
            self._numbers[answers] = len(self._answers)
            self._answers.append(answers)
        return self._numbers[answers]


class Programs:
    """The generators among the actors of an image, by actor, and how their steps are run."""

    def __init__(self, image: Image, programs: dict[int, Program]) -> None:
        self.image, self.programs = image, programs
        for who, program in programs.items():
            if program.request(0) is None:
                image.actors[who]["pc"] = -1

    def step(self, found: Search, who: int) -> int:
        """Run the next step of any actor, outside the search. Return 0, BLOCKED or a fault."""
        answer = self.perform(found, who)
        oracles.scrub(self.image.mem, self.image.actors)
        return answer

    def perform(self, found: Search, who: int) -> int:
        """Run the next step of any actor, and leave the rest of the image as it is."""
        if who not in self.programs:
            return int(actors.perform(self.image.mem, self.image.actors, self.image.device, who))
        actor, program = self.image.actors[who], self.programs[who]
        if actor["pc"] == 1:
            return self._unmap(actor, program)
        request = program.request(int(actor["word"]))
        assert request is not None
        function, *arguments = request
        if function is zbud.zbud_unmap:
            actor["pool"], actor["handle"] = arguments
            actor["pfn"] = zbud.zbud_unmap_lookup(self.image.mem, *arguments)
            actor["address"], actor["pc"] = 0, 1
            return self._unmap(actor, program) if actor["merge"] & layout.MERGE_UNMAP else 0
        answer = int(function(self.image.mem, *arguments))
        if function is zbud.zbud_map and answer:
            actor["pool"], actor["handle"] = arguments
            actor["address"] = answer << CHUNK_SHIFT
        self._go_on(actor, program, answer)
        return 0

    def _unmap(self, actor: Any, program: Program) -> int:
        """Run the second half of unmap."""
        mem, pool, handle = self.image.mem, int(actor["pool"]), int(actor["handle"])
        page = int(actor["pfn"])
        if zbud.zbud_unmap_lookup(mem, pool, handle) != page:
            return layout.FAULT_STALE_HEADER
        answer = int(zbud.zbud_unmap_locked(mem, pool, handle, page))
        actor["pfn"] = actor["handle"] = 0
        self._go_on(actor, program, answer)
        return 0

    def _go_on(self, actor: Any, program: Program, answer: int) -> None:
        """Give a program its answer."""
        number = program.answered(int(actor["word"]), answer)
        done = program.request(number) is None
        actor["word"], actor["pc"] = (0, -1) if done else (number, 0)
        if done:
            actor["address"] = actor["handle"] = 0

    def step_name(self, who: int) -> str:
        """Return what the next step of an actor is called."""
        actor = self.image.actors[who]
        if who not in self.programs:
            return STEPS[int(actor["kind"])][int(actor["pc"])]
        if actor["pc"] == 1:
            return "zbud_unmap (locked)"
        request = self.programs[who].request(int(actor["word"]))
        return getattr(request[0], "__name__", "step") if request else ""

    def run(self, found: Search, most: int) -> int:
        """Expand up to `most` states, oldest first. Return FINISHED, FULL or PAUSED."""
        if not self.programs:
            return search.run(self.image.mem, found, most)
        counters = found.counters
        for _ in range(most):
            if counters[search.HEAD] == counters[search.STATES]:
                return search.FINISHED
            if not search.has_room(found):
                return search.FULL
            self._expand(found, int(counters[search.HEAD]))
            counters[search.HEAD] += 1
        return search.PAUSED

    def _expand(self, found: Search, number: int) -> None:
        """Follow all edges of a state."""
        mem = self.image.mem
        for who in range(len(self.image.actors)):
            search.restore(found, number)
            if self.image.actors[who]["pc"] < 0:
                continue
            answer = self.perform(found, who)
            if answer == layout.BLOCKED:
                continue
            at = search.FIRST_FAULT - answer
            if answer == 0:
                at = search.reached(mem, found, number, who)
            found.succ[number, who] = at
        if (found.succ[number] == search.NO_EDGE).all():
            search.restore(found, number)
            found.states[number]["end"] = search.ended_here(mem, found)
