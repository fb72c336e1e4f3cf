"""Where a page is, how it came there and why zswap refused it.

Also tests `machine/notes.py` and `swap/refusals.py`.
"""

import numpy as np
import pytest

from tests.machine.machines import small
from zbudlab import history, layout
from zbudlab.content import corpus
from zbudlab.machine import Machine, MachineError
from zbudlab.mm import zpool_reader
from zbudlab.swap.refusals import REFUSALS

PAGES = 40


class Failing:
    """A compressor that fails."""

    name = "failing"

    def compress(self, page):
        raise ArithmeticError("out of order")

    def decompress(self, data):
        return data


def swapped_out(recipe, **settings):
    """A machine whose one process had all its pages reclaimed."""
    machine = small(**settings)
    process = machine.create_process(PAGES)
    machine.write(process, 0, corpus.pages(recipe, PAGES))
    machine.reclaim(PAGES)
    return machine


def use_up_tree_nodes(machine):
    """Allocate objects until there is no node for another handle."""

    def allocate():
        for _ in range(10_000):
            machine.zbud_alloc(1)

    machine.inject("tree_node", 1)
    with pytest.raises(MachineError, match="get no more nodes or records"):
        allocate()


def injected(fault, count):
    return lambda machine: machine.inject(fault, count)


def nothing(machine):
    pass


ZSMALLOC = {"profile": "6.1", "zpool": "zsmalloc"}
Z3FOLD = {"profile": "6.1", "zpool": "z3fold"}
TODAY = {"profile": "7.3"}
NO_NODE, NO_RECORD = "a node of the tree", "another record of the pool's allocator"
no_records = injected("tree_node", 1)
#: The reason, settings, content, what is done before pages are reclaimed, words of the sentence.
REASONS = [
    (layout.REFUSED_NO_POOL, {"zswap": False}, "text", nothing, "it is switched off"),
    (layout.REFUSED_COMPRESSOR, {"compressor": Failing()}, "text", nothing, "compressor failed"),
    (layout.REFUSED_LENGTH, {}, "random", nothing, "it compressed poorly"),
    (layout.REFUSED_ENTRY, {}, "text", injected("zswap_entry", 1000), "memory for a zswap entry"),
    (layout.REFUSED_FRAME, {}, "text", injected("page", 1000), "no page frame for the pool"),
    (layout.REFUSED_FRAME, Z3FOLD, "text", injected("page", 1000), "no page frame for the pool"),
    (layout.REFUSED_FRAME, TODAY, "text", injected("page", 1000), "no page frame for the pool"),
    (layout.REFUSED_NODE, {"frames": 4096}, "text", use_up_tree_nodes, NO_NODE),
    (layout.REFUSED_NODE, ZSMALLOC, "text", no_records, NO_RECORD),
    (layout.REFUSED_NODE, Z3FOLD, "text", no_records, NO_RECORD),
    (layout.REFUSED_NODE, TODAY, "text", no_records, NO_RECORD),
    (layout.REFUSED_TREE, TODAY, "text", injected("slot_tree", 1000), "tree of swap slots"),
]
BARE = {layout.REFUSED_COMPRESSOR: -1, layout.REFUSED_LENGTH: 4096}  # lengths of pages


@pytest.mark.parametrize("log", [True, False], ids=["in pieces", "at once"])
@pytest.mark.parametrize("page_bytes", [True, False])
@pytest.mark.parametrize(("reason", "settings", "recipe", "spoil", "words"), REASONS)
def test_each_refusal_is_told(reason, settings, recipe, spoil, words, page_bytes, log):
    if not page_bytes:
        settings = {name: value for name, value in settings.items() if name != "compressor"}
    machine = small(page_bytes=page_bytes, log=log, **settings)
    process = machine.create_process(PAGES)
    if page_bytes:
        machine.write(process, 0, corpus.pages(recipe, PAGES))
    else:
        machine.write(process, 0, [BARE.get(reason, 2000)] * PAGES)
    spoil(machine)
    machine.reclaim(PAGES)
    found = machine.explain(process, 3)
    slot = int(machine.state.ptes[3]["value"])
    assert machine.state.swap_slots["refusal"][slot] == reason
    assert (found.where, found.number) == ("swap device", slot)
    assert found.arrival == "It went there because zswap did not take it"
    assert found.refusal.startswith("zswap refused it because ")
    assert words in found.refusal
    assert str(found) == (
        f"Page 3 of process 0 is on the swap device, in slot {slot}. {found.arrival}. "
        f"{found.refusal}."
    )


@pytest.mark.parametrize("settings", [ZSMALLOC, Z3FOLD, TODAY], ids=str)
def test_an_allocator_that_lacked_records_goes_on(settings):
    machine = small(**settings)
    process = machine.create_process(PAGES)
    pages = corpus.pages("text", PAGES)
    machine.write(process, 0, pages)
    machine.reclaim(PAGES // 2)
    stored = machine.swap.counters()["stored_pages"]
    machine.inject("tree_node", 1)
    machine.reclaim(PAGES)
    refused = machine.swap.counters()["reject_alloc_fail"]
    assert refused > 0
    machine.check()
    machine.inject("tree_node", 0)
    assert (machine.read(process, 0, PAGES) == pages).all()
    machine.write(process, 0, pages)
    machine.reclaim(PAGES)
    assert machine.swap.counters()["reject_alloc_fail"] == refused
    assert machine.swap.counters()["stored_pages"] > stored
    machine.check()


def full_pool(**settings):
    """A machine whose pool is at its limit, and which goes on swapping."""
    machine = small(max_pool_percent=5, **settings)
    process = machine.create_process(900)
    machine.write(process, 0, corpus.pages("text", 900))
    machine.reclaim(300)
    return machine, process


def refusals(machine):
    return set(machine.paging.notes.refusals.tolist())


def test_reclaim_that_makes_no_room_is_told():
    machine, process = full_pool()
    machine.inject("swap_write", 5)
    machine.set_max_pool_percent(0)
    machine.reclaim(32)
    assert layout.REFUSED_RECLAIM in refusals(machine)
    page = machine.paging.notes.refusals.tolist().index(layout.REFUSED_RECLAIM)
    found = machine.explain(process, page)
    assert found.where == "memory"
    assert found.refusal == (
        "zswap refused it earlier because the pool was at its limit, "
        "and reclaim could not make room"
    )


def test_a_pool_above_the_accept_threshold_is_told():
    machine, _ = full_pool(profile="6.1", accept_threshold_percent=10)
    machine.reclaim(300)
    assert refusals(machine) >= {layout.REFUSED_FULL, layout.REFUSED_THRESHOLD}
    page = machine.paging.notes.refusals.tolist().index(layout.REFUSED_THRESHOLD)
    assert "not yet below the accept threshold" in machine.explain(0, page).refusal


def test_every_reason_has_words():
    reasons = {v for name, v in vars(layout).items() if name.startswith("REFUSED_")}
    assert reasons == set(REFUSALS)


def test_a_page_is_followed_from_its_first_touch_to_the_device_and_back():
    machine = small(max_pool_percent=1)
    process = machine.create_process(PAGES)
    assert str(machine.explain(process, 0)) == (
        "Page 0 of process 0 is nowhere: it was never touched."
    )
    machine.write(process, 0, corpus.pages("text", PAGES))
    found = machine.explain(process, 0)
    assert (found.where, found.refusal) == ("memory", "")
    assert found.arrival == "Its first touch gave it a zeroed frame"
    assert found.number == machine.state.ptes[0]["value"]
    machine.reclaim(PAGES)
    where = [machine.explain(process, page).where for page in range(PAGES)]
    assert set(where) == {"zswap", "swap device"}
    stored, written = where.index("zswap"), where.index("swap device")
    assert "compressed to " in machine.explain(process, stored).arrival
    back = machine.explain(process, written)
    assert back.arrival == "zswap had stored it, and wrote it back to make room"
    assert back.refusal == ""
    machine.touch(process, [stored, written])
    assert machine.explain(process, stored).arrival == "It was read back from zswap"
    assert machine.explain(process, written).arrival == "It was read back from the swap device"


def test_a_refusal_is_remembered_when_the_page_is_back():
    machine = swapped_out("random")
    machine.touch(0, [7])
    found = machine.explain(0, 7)
    assert found.where == "memory"
    assert found.refusal.startswith("zswap refused it earlier because it compressed poorly")
    machine.exit(0)
    assert machine.create_process(PAGES) == 0
    machine.touch(0, [7])
    assert machine.explain(0, 7).refusal == ""


def test_a_move_is_noted():
    machine = Machine(frames=4096, threads=1)
    goes, stays = machine.create_process(1500), machine.create_process(100)
    machine.touch(goes, range(1500))
    machine.touch(stays, range(100))
    machine.exit(goes)
    before = machine.explain(stays, 5)
    machine.compact()
    after = machine.explain(stays, 5)
    moved = machine.state.ptes["value"][int(machine.state.processes[stays]["start"]) + 5]
    assert (before.number, after.number) == (before.number, int(moved))
    assert ("moved it since" in after.arrival) == (before.number != after.number)
    arrivals = [machine.explain(stays, page).arrival for page in range(100)]
    assert any("compaction or CMA has moved it since" in arrival for arrival in arrivals)


def test_same_filled_pages_and_the_swap_cache_of_6_1():
    machine = swapped_out("zero", profile="6.1")
    assert (
        machine.explain(0, 0).arrival == "Reclaim stored it there as the one word that it repeats"
    )
    machine, _ = full_pool(profile="6.1")
    where = {machine.explain(0, page).where for page in range(900)}
    assert "swap cache" in where
    page = next(page for page in range(900) if machine.explain(0, page).where == "swap cache")
    assert "a copy stayed in the cache" in machine.explain(0, page).arrival


def test_explaining_changes_nothing():
    machine = swapped_out("random")
    before = machine.digest(), dict(machine.paging.events), len(machine.log)
    for page in range(PAGES):
        machine.explain(0, page)
    assert (machine.digest(), dict(machine.paging.events), len(machine.log)) == before


@pytest.mark.parametrize(("process", "page"), [(5, 0), (0, PAGES), (0, -1), (0, "x"), (None, 0)])
def test_a_page_that_is_not_there_is_refused(process, page):
    with pytest.raises(MachineError):
        swapped_out("random").explain(process, page)


def test_snapshots_and_keyframes_carry_the_notes(tmp_path):
    machine = swapped_out("random", keyframes=True, keyframe_seconds=0)
    machine.touch(0, range(0, PAGES, 2))
    expected = [machine.explain(0, page) for page in range(PAGES)]
    snapshot = machine.snapshot()
    stop = len(machine.log.places())
    machine.exit(0)
    process = machine.create_process(PAGES)
    assert machine.explain(process, 0).where == "nowhere"
    machine.save_log(tmp_path / "log")
    machine.restore(snapshot)
    assert [machine.explain(0, page) for page in range(PAGES)] == expected
    past = history.History(tmp_path / "log")
    assert past.reached > stop
    past.machine_at(len(past))
    back = past.machine_at(stop)
    assert [back.explain(0, page) for page in range(PAGES)] == expected


def test_notes_grow_with_the_pages():
    machine = small(max_pool_percent=0)
    process = machine.create_process(5000)
    machine.write(process, 4000, corpus.pages("random", 10))
    machine.reclaim(10)
    assert "it compressed poorly" in machine.explain(process, 4005).refusal
    assert machine.explain(process, 4999).where == "nowhere"


def frames_in_words(frames):
    return f"in page frame{'s' * (len(frames) > 1)} {' and '.join(map(str, frames))}"


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"zbud": "series"}, "buddy of a zbud page"),
        ({"zbud": "plain"}, "buddy of a zbud page"),
        ({"profile": "6.1", "zpool": "z3fold"}, "object of a z3fold page"),
        ({"profile": "6.1", "zpool": "zsmalloc"}, "of zspage"),
        ({"profile": "7.3"}, "of zspage"),
    ],
    ids=str,
)
def test_the_frames_of_a_stored_page_hold_its_bytes(settings, words):
    machine = swapped_out("text", **settings)
    stored = [each for each in (machine.explain(0, page) for page in range(PAGES)) if each.frames]
    assert len(stored) > PAGES // 2
    for each in stored:
        assert each.where == "zswap"
        assert words in each.stored
        assert str(each).count(f"Its object is {each.stored}.") == 1
        assert each.stored.endswith(frames_in_words(each.frames))
    for each in stored[::7]:
        machine.state.frames[list(each.frames)] ^= 0xFF
        assert not machine.peek_pages(0, [each.page])[1].all()
        machine.state.frames[list(each.frames)] ^= 0xFF
        assert machine.peek_pages(0, [each.page])[1].all()
    assert {frame for each in stored for frame in each.frames} <= set(
        np.flatnonzero(zpool_reader.pool_pages(machine.state.pages)).tolist()
    )
    machine.touch(0, range(PAGES))
    assert machine.explain(0, stored[0].page).frames == ()


def test_a_page_of_one_word_has_no_object():
    machine = small(profile="6.1")
    process = machine.create_process(4)
    machine.write(process, 0, np.full((4, layout.PAGE_SIZE), 7, np.uint8))
    machine.reclaim(4)
    found = machine.explain(process, 0)
    assert (found.where, found.frames, found.stored) == ("zswap", (), "")
    assert "Its object" not in str(found)
