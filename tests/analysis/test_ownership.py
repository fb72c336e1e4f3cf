"""Machines without page bytes: marks follow pages, and a lost mark is found."""

import numpy as np
import pytest

from zbudlab import layout
from zbudlab.analysis import ownership
from zbudlab.machine import Machine
from zbudlab.mm import inspection

FRAMES = 1024


def pressed(seed=1, **settings):
    """A machine with pages in memory, in zswap and on the device, and its processes."""
    settings = {"max_pool_percent": 10, "pageblock_order": 4, "log": False} | settings
    machine = Machine(frames=FRAMES, page_bytes=False, **settings)
    random = np.random.default_rng(seed)
    processes = [machine.create_process(FRAMES // 4) for _ in range(6)]
    for process in processes:
        machine.write(process, 0, random.integers(100, 4098, FRAMES // 4))
    for _ in range(60):
        process, first = processes[random.integers(6)], int(random.integers(FRAMES // 4 - 20))
        if random.integers(2):
            machine.write(process, first, random.integers(-1, 4098, 20))
        else:
            machine.touch(process, range(first, first + 20))
    return machine, processes


def proofs(machine, processes):
    return [ownership.prove(machine.state, process) for process in processes]


@pytest.mark.parametrize("zbud", ["series", "plain"])
@pytest.mark.parametrize("profile", ["3.12-fixed", "3.12", "6.1", "7.3"])
class TestMarks:
    def test_every_page_is_proved_wherever_it_is(self, profile, zbud):
        percent = 40 if profile == "7.3" else 10  # its shrinker writes most of a small pool back
        machine, processes = pressed(profile=profile, zbud=zbud, max_pool_percent=percent)
        before = proofs(machine, processes)
        assert [proof.proved for proof in before] == [FRAMES // 4] * 6
        places = machine.state.ptes["state"][: 6 * FRAMES // 4]
        stored = sum(np.count_nonzero(proof.handles) for proof in before)
        assert 0 < stored < np.count_nonzero(places == layout.PTE_SWAP) < len(places)

        machine.exit(processes.pop(0))
        before = proofs(machine, processes)
        machine.compact()
        kept = [
            ownership.kept(*pair) for pair in zip(before, proofs(machine, processes), strict=True)
        ]
        assert all(proof.proved == FRAMES // 4 for proof, _ in kept)
        moved = sum(moved for _, moved in kept)
        assert (moved > 0) == (zbud == "series")

    def test_whole_batches_leave_the_same_as_pieces(self, profile, zbud):
        pieces, _ = pressed(profile=profile, zbud=zbud, log=True)
        batches, _ = pressed(profile=profile, zbud=zbud)
        assert batches.digest() == pieces.digest()
        assert batches.swap.counters() == pieces.swap.counters()
        assert batches.swap.counters()["written_back_pages"] > 0

    def test_a_machine_comes_back(self, profile, zbud):
        machine, processes = pressed(profile=profile, zbud=zbud)
        before, kept = machine.digest(), machine.snapshot()
        machine.exit(processes[0])
        machine.restore(kept)
        assert machine.digest() == before


def varied(machine, processes):
    """A process with pages in memory, in zswap and on the device, and its proof."""
    for process, proof in zip(processes, proofs(machine, processes), strict=True):
        stored = proof.handles > 0
        if stored.any() and (proof.frames[~stored] < 0).any() and (proof.frames[~stored] > 0).any():
            return process, proof
    raise LookupError("no process has pages in all three places")


class Places:
    """One page of each kind in a pressed machine, by its process and page, and its records."""

    def __init__(self):
        self.machine, processes = pressed()
        self.state = self.machine.state
        self.process, proof = varied(self.machine, processes)
        self.start = self.process * FRAMES // 4
        entries = self.state.ptes[self.start :][: FRAMES // 4]
        present, swapped = (entries["state"] == kind for kind in (1, 2))
        self.page = int(np.flatnonzero(present)[0])
        self.pfn = int(entries["value"][self.page])
        away = int(np.flatnonzero(swapped & (proof.handles == 0))[0])
        self.device_slot = int(entries["value"][away])
        stored = int(np.flatnonzero(proof.handles)[0])
        self.slot = int(entries["value"][stored])
        self.entry = self.state.zswap_entries[int(self.state.swap_slots["entry"][self.slot])]
        self.header = self.state.rows[int(proof.frames[stored])]
        first = self.header["first_handle"] == proof.handles[stored]
        self.side = "first" if first else "last"

    def nowhere(self):
        self.state.ptes["state"][self.start + self.page] = layout.PTE_NONE

    def owner(self):
        self.state.pages["index"][self.pfn] += 1

    def mark(self):
        self.state.marks[self.pfn] += 1

    def free_slot(self):
        self.state.swap_slots["swap_map"][self.slot] = 0

    def device(self):
        self.state.swap_marks[self.device_slot] += 1

    def entry_of_another(self):
        self.entry["word"] += 1

    def handle(self):
        self.entry["handle"] = 1 << 40

    def buddy(self):
        self.header[f"{self.side}_handle"] += 10**6

    def size(self):
        self.header[f"{self.side}_chunks"] -= 1

    def swap_entry(self):
        self.header[f"{self.side}_swpentry"] += 1


DAMAGES = (
    *("nowhere", "owner", "mark", "free_slot", "device"),
    *("entry_of_another", "handle", "buddy", "size", "swap_entry"),
)


@pytest.mark.parametrize(("fault", "damage"), list(enumerate(DAMAGES, 1)))
def test_each_damage_is_found_and_named(fault, damage):
    places = Places()
    getattr(places, damage)()
    proof = ownership.prove(places.state, places.process)
    assert proof.faults[proof.faults > 0].tolist() == [fault]
    assert proof.proved == FRAMES // 4 - 1
    assert proof.first_fault(places.process).endswith(ownership.FAULTS[fault])


def test_a_handle_that_changed_is_found():
    machine, processes = pressed()
    _, before = varied(machine, processes)
    place = int(np.flatnonzero(before.handles)[0])
    after = before._replace(handles=before.handles.copy())
    after.handles[place] += 1
    changed, moved = ownership.kept(before, after)
    assert (changed.faults[place], changed.proved, moved) == (ownership.CHANGED, FRAMES // 4 - 1, 0)


def test_what_grows_is_reported_in_bytes():
    machine, _ = pressed()
    sizes = inspection.sizes(machine.state)
    assert sum(sizes.values()) == machine.state.nbytes()
    small = inspection.sizes(Machine(frames=FRAMES, page_bytes=False, swap_pages=64).state)
    assert all(sizes[name] > small[name] for name in ("page tables", "zswap entries", "swap"))
    more = inspection.sizes(Machine(frames=3 * FRAMES, page_bytes=False).state)
    assert more["frames"] - small["frames"] == pytest.approx(2 * FRAMES * 96, rel=0.01)
