"""Machines without page bytes: marks go where bytes would, and a lost one is found."""

import numpy as np
import pytest

from zbudlab import layout
from zbudlab.analysis import ownership
from zbudlab.cli import main
from zbudlab.content import lengths
from zbudlab.content.sources import SourceError
from zbudlab.machine import Machine
from zbudlab.mm import snapshot
from zbudlab.profiles import PROFILES

FRAMES = 1024


def pressed(seed=1, **settings):
    """A machine with pages in memory, in zswap and on the device, and its processes."""
    settings = {"max_pool_percent": 10, "pageblock_order": 4, "log": False} | settings
    machine = Machine(frames=FRAMES, page_bytes=False, **settings)
    random = np.random.default_rng(seed)
    processes = [machine.create_process(FRAMES // 4) for _ in range(6)]
    for process in processes:
        machine.write(process, 0, random.integers(100, layout.PAGE_SIZE + 1, FRAMES // 4))
    for _ in range(60):
        process, first = processes[random.integers(6)], int(random.integers(FRAMES // 4 - 20))
        if random.integers(2):
            machine.write(process, first, random.integers(-1, layout.PAGE_SIZE + 1, 20))
        else:
            machine.touch(process, range(first, first + 20))
    return machine, processes


def proofs(machine, processes):
    return [ownership.prove(machine.state, process) for process in processes]


@pytest.mark.parametrize("zbud", ["series", "plain"])
@pytest.mark.parametrize("profile", ["3.12-fixed", "3.12", "6.1"])
class TestMarks:
    def test_every_page_is_proved_wherever_it_is(self, profile, zbud):
        machine, processes = pressed(profile=profile, zbud=zbud)
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
def test_each_damage_is_found_and_told(fault, damage):
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


def test_what_grows_is_told_in_bytes():
    machine, _ = pressed()
    sizes = snapshot.sizes(machine.state)
    assert sum(sizes.values()) == machine.state.nbytes()
    small = snapshot.sizes(Machine(frames=FRAMES, page_bytes=False, swap_pages=64).state)
    assert all(sizes[name] > small[name] for name in ("page tables", "zswap entries", "swap"))
    more = snapshot.sizes(Machine(frames=3 * FRAMES, page_bytes=False).state)
    assert more["frames"] - small["frames"] == pytest.approx(2 * FRAMES * 96, rel=0.01)


class TestLengths:
    def test_are_those_recorded(self):
        old, new = (
            lengths.recorded("mixed", "lz4", rules=PROFILES[name]) for name in ("3.12", "6.1")
        )
        assert old.shape == new.shape == (2048,)
        assert ((old == lengths.TOO_LONG) == (new == -1)).all()
        assert (new == 0).sum() == 410
        assert (old[new > 0] == new[new > 0]).all()

    def test_of_pages_are_what_the_compressor_makes(self):
        pages = np.zeros((2, layout.PAGE_SIZE), np.uint8)
        pages[1] = np.random.default_rng(1).integers(0, 256, layout.PAGE_SIZE)
        made = lengths.of_pages(pages, "lz4", rules=PROFILES["3.12"])
        assert 0 < made[0] < 64
        assert made[1] == lengths.TOO_LONG
        assert lengths.of_pages(pages, "lz4", rules=PROFILES["6.1"]).tolist() == [0, -1]

    def test_are_drawn_alike_for_the_same_seed_only(self):
        table = lengths.recorded("text", "zstd", rules=PROFILES["3.12"])
        first, again, other = (lengths.drawn(table, 3000, seed, "") for seed in (1, 1, 2))
        assert first.sha256 == again.sha256 != other.sha256
        assert np.isin(first.pages, table).all()

    @pytest.mark.parametrize("name", ["lengths.txt", "lengths.npy"])
    def test_come_from_a_file_in_its_order(self, tmp_path, name):
        path, wanted = tmp_path / name, [100, 3000, 5, 4096]
        if name.endswith("npy"):
            np.save(path, np.array(wanted))
        else:
            path.write_text("100 3000\n5\n4096\n")
        assert lengths.from_file(path, rules=PROFILES["3.12"]).tolist() == wanted

    @pytest.mark.parametrize(
        ("text", "why"),
        [("", "no list"), ("1 two", "no list"), ("5000", "not 5000"), ("-2 7", "not -2 to 7")],
    )
    def test_a_file_that_is_none_is_refused(self, tmp_path, text, why):
        (tmp_path / "f").write_text(text)
        with pytest.raises(SourceError, match=why):
            lengths.from_file(tmp_path / "f", rules=PROFILES["3.12"])


class TestRun:
    def test_says_that_bytes_are_not_simulated_and_what_is_proved(self, capsys):
        assert main(["run", "--metadata-only", "--frames", "4096", "--order", "5"]) == 0
        out = capsys.readouterr().out
        assert "lz4 of Linux 6.1 made of 2048 mixed pages" in out
        assert "owners and handles of 17280 of 17280 pages proved" in out
        assert "pages intact" in out
        assert "intact 5760" not in out
        assert "host memory" in out

    def test_with_a_page_astray_it_fails(self, capsys, monkeypatch):
        prove = ownership.prove

        def astray(state, process):
            state.ptes["state"][7] = layout.PTE_NONE
            return prove(state, process)

        monkeypatch.setattr(ownership, "prove", astray)
        monkeypatch.setattr("zbudlab.machine.Machine.check", lambda machine: None)
        assert main(["run", "--metadata-only", "--frames", "1024", "--exits", "0"]) == 1
        out = capsys.readouterr().out
        assert "pages proved\nwithout zswap: page 7 of process 0 is nowhere" in out

    @pytest.mark.parametrize(
        ("options", "why"),
        [
            (["--lengths", "text"], "goes with --metadata-only"),
            (["--metadata-only", "--lengths", "text", "README.md"], "not both"),
            (["--metadata-only", "--compressor", "deflate"], "recorded for deflate, only for lz4"),
            (["--metadata-only", "--lengths", "nowhere"], "cannot use nowhere: No such file"),
        ],
    )
    def test_says_what_cannot_be(self, capsys, options, why):
        assert main(["run", "--frames", "1024", *options]) == 2
        assert why in capsys.readouterr().err
