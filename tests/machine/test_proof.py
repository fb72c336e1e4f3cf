"""Forged keyframes: whatever is changed, no compiled code gets a number that it cannot take.

Also tests `machine/chains.py`, and `machine/keyframes.py` as far as files are concerned.
"""

import numpy as np
import pytest

from tests.history.machines import worked
from zbudlab import layout
from zbudlab.history import History
from zbudlab.machine import keyframes, proof, snapshots
from zbudlab.machine.oplog import LogError


@pytest.fixture(scope="module")
def used():
    machine = worked(log=False)
    return machine, machine.snapshot()


@pytest.fixture
def machine(used):
    machine, as_it_was = used
    yield machine
    machine.restore(as_it_was)


def arrays_of(machine):
    return vars(machine.state)


def zbud_frame(machine):
    pages = machine.state.pages[: machine.config.frames]
    return int(np.flatnonzero(pages["mapcount"] == layout.PAGE_ZBUD_MAPCOUNT_VALUE)[0])


def anon_frame(machine):
    return int(np.flatnonzero(machine.state.pages["mapping"] > 0)[0])


def used_entry(machine):
    return int(machine.state.swap_slots["entry"].max())


def header(machine):
    return machine.state.rows[zbud_frame(machine) << layout.NCHUNKS_ORDER]


def set_field(array, field, value, where=0):
    def change(machine):
        at = where(machine) if callable(where) else where
        arrays_of(machine)[array][field][at] = value

    return change


def circle(machine):
    """Make the chain of free tree nodes a circle."""
    nodes = machine.state.nodes
    nodes["slots"][0, 0] = 1
    nodes["slots"][1, 0] = 1


def twice(machine):
    slots = machine.state.swap_slots
    slots["entry"][slots["entry"] > 0] = used_entry(machine)


def other_head(machine):
    """Put the head of another list on a zbud list, linked both ways."""
    rows, head = machine.state.rows, int(machine.state.pools[0]["list_heads"])
    rows["next"][head, 1] = rows["prev"][head, 1] = head + 1
    rows["next"][head + 1, 1] = rows["prev"][head + 1, 1] = head


#: Changes of a machine by what they are, and what is said of each.
FORGED = {
    "page out of its list": (set_field("pages", "next", 1 << 31), "page, next must be"),
    "order": (set_field("pages", "order", 60), "page, order must be 0 to 10, not 60"),
    "migratetype": (set_field("blocks", "migratetype", 77), "pageblock, migratetype must be"),
    "process of a page": (set_field("pages", "mapping", 999, anon_frame), "page, mapping must be"),
    "entry of a page": (set_field("pages", "index", 1 << 31, anon_frame), "page table entry"),
    "frame of an entry": (set_field("ptes", "value", 1 << 31), "page table entry"),
    "size of a process": (set_field("processes", "nr_pages", 1 << 40), "process, nr_pages"),
    "start of a process": (set_field("processes", "start", -5), "process, start must be"),
    "overlap": (set_field("processes", "start", 400), "belong to two or none"),
    "frames": (set_field("zones", "spanned_pages", 1 << 40), "zones.spanned_pages is not that"),
    "list heads": (set_field("zones", "list_heads", 0), "zones.list_heads is not that"),
    "cached frame": (set_field("zones", "compact_cached_free_pfn", 1 << 40), "compact_cached"),
    "watermark": (set_field("zones", "watermark", -1), "zones.watermark is not that"),
    "row shift": (set_field("pools", "row_shift", 60), "pools.row_shift is not that"),
    "tree height": (set_field("pools", "height", 60), "a tree of height 60"),
    "tree root": (set_field("pools", "rnode", 1 << 40), "a tree has a node"),
    "rule": (set_field("zswaps", "same_filled", 7), "zswaps.same_filled is not that"),
    "never used": (set_field("zswaps", "never_used", 1 << 40), "zswap entries"),
    "free entry": (set_field("zswaps", "free_entry", 1 << 40), "leads to"),
    "slot of an area": (set_field("swap_slots", "type", 200), "swap slot, type must be"),
    "entry of a slot": (set_field("swap_slots", "entry", 1 << 31), "swap slot, entry must be"),
    "entries twice": (twice, "used twice"),
    "handle": (
        lambda m: m.state.zswap_entries["handle"].__setitem__(used_entry(m), -5),
        "handle that no pool has",
    ),
    "kept slots": (set_field("slots_cache", "n_ret", 65), "n_ret must be 0 to 64, not 65"),
    "free nodes in a circle": (circle, "tree nodes"),
    "header": (lambda m: header(m)["next"].__setitem__(1, 0xFFFFFFFF), "zbud's list"),
    "head of another list": (other_head, "is not a header"),
    "free block": (
        lambda m: m.state.zones["nr_free"].__setitem__((0, 3), 7),
        "number of free blocks of order 3",
    ),
    "moves": (lambda m: m.control.__setitem__("nr_moves", 1 << 40), "nr_moves must be"),
    "pin": (lambda m: m.pins.update({-7: 1}), "a pinned frame must be"),
    "note": (lambda m: m.paging.notes.arrivals.__setitem__(0, 99), "an arrival must be 0 to 4"),
    "device": (lambda m: setattr(m.swap.device, "fail", 999), "errno of the device"),
}


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_number_is_found_before_compiled_code_takes_it(machine, name):
    before = proof.constants(machine)
    assert proof.fault_of(machine, before) == ""
    change, sentence = FORGED[name]
    change(machine)
    assert sentence in proof.fault_of(machine, before)


VALUES = {
    "": "it has no state.page_bytes",
    "nodes_limited": "state.nodes_limited cannot be 7",
    "_holes": "state._holes cannot be 7",
    "page_bytes": "state.page_bytes cannot be 7",
    "_ptes_used": "",
}


@pytest.mark.parametrize("name", VALUES)
def test_values_keep_their_types(machine, name):
    parts = snapshots.parts(machine)
    found = {
        owner: {key: keyframes._literal(value) for key, value in part.items()}
        for owner, part in parts.items()
    }
    assert proof.fault_of_values(found, parts) == ""
    if name:
        found["state"][name] = 7
    else:
        found = {}
    assert proof.fault_of_values(found, parts) == VALUES[name]


@pytest.mark.parametrize("length", [-1, 1 << 40, "x", None, 3])
def test_arrays_keep_their_lengths(machine, length):
    arrays = keyframes._arrays(machine)
    lengths = {name: len(array) for name, array in arrays.items()}
    assert proof.fault_of_lengths(lengths, arrays) == ""
    assert "array rows must have" in proof.fault_of_lengths(lengths | {"rows": length}, arrays)
    assert "not those of a machine" in proof.fault_of_lengths({"rows": 1}, arrays)


class TestLogs:
    """A log with a forged keyframe: one sentence, and then it opens by running."""

    @pytest.fixture
    def path(self, tmp_path):
        machine = worked(keyframes=True, keyframe_seconds=0)
        machine.save_log(tmp_path / "log.npz")
        return tmp_path / "log.npz", machine.digest()

    def test_a_sound_one_opens(self, path):
        history = History(path[0])
        assert history.machine_at(len(history)).digest() == path[1]

    def test_a_forged_one_is_refused_and_not_used_again(self, path, monkeypatch):
        unpacked = keyframes._unpack

        def forge(packed):
            sections, lengths, values = unpacked(packed)
            sections["ptes"] = np.full_like(sections["ptes"], 0xEE)
            return sections, lengths, values

        history = History(path[0])
        monkeypatch.setattr(keyframes, "_unpack", forge)
        with pytest.raises(LogError, match=r"the keyframe at stop .* damaged or forged: .*must be"):
            history.machine_at(len(history))
        monkeypatch.undo()
        history.machine.check()
        assert history.machine_at(len(history)).digest() == path[1]

    @pytest.mark.parametrize("name", keyframes.ARRAYS)
    def test_a_missing_array_is_refused(self, path, name):
        history = History(path[0])
        given = dict(history.log.keyframes)
        del given[name]
        with pytest.raises(LogError, match=f"array {name} is not as it must be"):
            keyframes.Keyframes.from_arrays(given)

    @pytest.mark.parametrize("name", ["stops", "ends", "whole", "events"])
    def test_arrays_that_do_not_fit_are_refused(self, path, name):
        given = dict(History(path[0]).log.keyframes)
        given[name] = given[name][:1]
        with pytest.raises(LogError, match="keyframes of the log are damaged"):
            keyframes.Keyframes.from_arrays(given)

    def test_a_keyframe_that_claims_to_be_huge_is_refused(self):
        import zstandard

        frame = zstandard.ZstdCompressor(write_content_size=True).compress(b"x")
        huge = frame[:4] + bytes([0xE0]) + (1 << 60).to_bytes(8, "little") + frame[6:]
        with pytest.raises(ValueError, match="claims to take 1152921504606846976 bytes"):
            keyframes._unpack(huge)
