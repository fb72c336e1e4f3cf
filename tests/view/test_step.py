"""Steps as JSON: the bar, the code with its current line, and what the picture shows.

Also tests `view/step/code.py`, `view/step/plain.py`, `view/step/scene.py` and
`view/step/track.py`.

Also tests `view/step/still.py`.
"""

import json

import numpy as np
import pytest

from tests.history import pools
from tests.view.players import at_the_first_move
from zbudlab import layout
from zbudlab.history import History
from zbudlab.lessons import moving
from zbudlab.machine import Machine
from zbudlab.mm.inspection import frame_kinds
from zbudlab.view import Player
from zbudlab.view.step import code, plain, track


@pytest.fixture(scope="module")
def player():
    return at_the_first_move(moving.three_pages())


@pytest.fixture
def at_the_move(player):
    player.go(player.history.find("migration", 0))
    player.inside(track.first_of_interest(player.history.inside(player.stop).parts))
    return player


class TestTrack:
    def test_opens_at_the_first_handle_of_a_page_that_has_two(self, player):
        moment = player.moment()
        bar = moment["track"]
        assert [name for name, _ in bar["steps"]] == [
            "target", "lock", "count", "copy", "1st handle", "2nd handle", "LRU", "buddy list",
            "clear", "unlock", "free old", "done",
        ]  # fmt: skip
        assert bar["steps"][bar["now"]] == ["1st handle", True]
        assert bar["pages"] == [1, 1]
        assert moment["heading"] == "The page in frame 0 moves to frame 126 \u00b7 step 5 of 12"

    def test_a_log_has_a_bar_of_its_operations(self, player):
        player.go(3)
        bar = player.moment()["track"]
        names = [name for name, _ in bar["steps"]]
        assert names[:2] == ["boot", "zbud alloc"]
        assert len(names) == len(player.history) + 1
        assert (bar["kind"], bar["first"], bar["now"]) == ("stop", 0, 3)

    @pytest.mark.parametrize("stop", [0, 1, 50, 199, 200])
    def test_a_long_log_shows_the_operations_around(self, stop):
        names = ["x"] * len(track.window(200, stop))
        bar = track.operations(names, 200, stop)
        assert bar["first"] + bar["now"] == stop
        assert 0 <= bar["now"] < len(bar["steps"]) <= track.MOST + 1


class TestCode:
    def test_marks_the_call_that_was_made(self, at_the_move):
        now = []
        for _ in range(2):
            listing = at_the_move.moment()["code"]
            assert listing["function"] == "zbud_migrate_page"
            now.append(listing["lines"][listing["now"]][1])
            at_the_move.step()
        assert "header.first_handle" in now[0]
        assert "header.last_handle" in now[1]

    def test_leaves_out_docstring_and_comments(self):
        listing = code.listing("zbud_header.find_hole")
        text = "\n".join(line for _, line in listing["lines"])
        assert text.startswith("def find_hole(")
        assert '"""' not in text
        assert "#" not in text
        assert listing["now"] == -1

    def test_unknown_functions_have_no_kernel(self):
        assert code.kernel_named("find_hole") == "zbud_header.find_hole"
        assert code.kernel_named("nothing_like_it") is None


class TestScene:
    def test_is_small_and_json(self, at_the_move):
        assert len(json.dumps(at_the_move.moment())) < 6000

    def test_tree_leads_to_the_new_page_and_tells_the_old(self, at_the_move):
        slots = at_the_move.moment()["scene"]["tree"]["slots"]
        assert [slot for slot in slots if slot[1] != slot[2]] == [[1, 126, 0]]
        for key, leads, _ in slots:
            assert leads == moving.frame_of(at_the_move.history.machine, key)

    def test_a_reference_goes_along(self, at_the_move):
        pages = {page["pfn"]: page for page in at_the_move.moment()["scene"]["pages"]}
        assert (pages[0]["role"], pages[126]["role"]) == ("old", "new")
        assert pages[0]["refsWas"] - pages[0]["refs"] == 1
        assert pages[126]["refs"] - pages[126]["refsWas"] == 1
        assert sorted(pages) == [0, 62, 126, 127]

    def test_memory_has_every_frame_and_targets_are_free_ones(self, at_the_move):
        memory = at_the_move.moment()["scene"]["memory"]
        kinds = "".join(row for _, row in memory["rows"])
        assert len(kinds) == memory["frames"] == 128
        used = [pfn for pfn in memory["isolated"] if int(kinds[pfn]) in layout.POOL_KINDS]
        assert used == [0]
        assert all(kinds[pfn] == "0" for pfn in memory["isolated"] if pfn not in used)
        assert memory["labels"] == [[0, "old"], [126, "new"]]

    def test_a_list_tells_who_was_there(self, at_the_move):
        at_the_move.step(2)
        lists = {each["name"]: each for each in at_the_move.moment()["scene"]["lists"]}
        assert lists["LRU list"]["was"][-1] == 0
        assert lists["LRU list"]["pages"][-1] == 126

    def test_changes_are_in_a_readers_words(self, at_the_move):
        assert ["tree node", "slots[1]", "frame 0", "frame 126"] in (
            at_the_move.moment()["scene"]["changes"]
        )
        assert plain.list_words("list of 16 free chunks") == "16 chunks free"

    def test_a_large_machine_shows_the_rows_that_matter(self):
        machine = Machine(frames=4096)
        machine.zbud_alloc(1000)
        player = Player(machine, stop=1)
        memory = player.moment()["scene"]["memory"]
        pfn = int(np.flatnonzero(frame_kinds(machine.state) == layout.FRAME_POOL_PART)[0])
        assert len(memory["rows"]) == 4
        assert any(first <= pfn < first + 32 for first, _ in memory["rows"])

    def test_a_machine_without_zbud_pages_shows_memory_alone(self):
        machine = Machine(frames=256)
        machine.alloc_pages(3)
        scene = Player(machine, stop=1).moment()["scene"]
        assert (scene["tree"], scene["pages"], scene["lists"]) == (None, [], [])
        assert len(scene["memory"]["changed"]) == 8


class TestStopped:
    def test_code_that_raises_is_a_step(self):
        machine = Machine(frames=256)
        machine.zbud_alloc(1000)
        machine.zbud_alloc(500)

        def find_hole(*arguments):
            raise ZeroDivisionError("no hole")

        history = History(machine, functions={"zbud_header.find_hole": find_hole})
        player = Player(history, stop=1)
        moment = player.moment()
        assert moment["stopped"]
        assert moment["sentence"] == "Your code stopped here: ZeroDivisionError: no hole"
        player.go(0)
        assert not player.moment()["stopped"]

    def test_an_error_of_the_package_itself_is_not_hidden(self, monkeypatch):
        machine = Machine(frames=256)
        machine.zbud_alloc(1000)
        player = Player(machine)
        monkeypatch.setattr(player.history, "explain", lambda stop: 1 // 0)
        with pytest.raises(ZeroDivisionError):
            player.go(1)


@pytest.mark.parametrize(("zpool", "largest"), [("z3fold", 3900), ("zsmalloc", 2500)])
def test_a_pool_of_another_allocator_is_shown_at_every_step(zpool, largest):
    past = pools.history(zpool, largest)
    player = Player(past, stop=1)
    cards, lists = [], []
    for stop in range(len(past) - 5, len(past) + 1):  # reclaim fills the pool, compaction moves it
        player.go(stop)
        moment = json.loads(json.dumps(player.moment()))
        assert moment["sentence"]
        assert moment["scene"]["tree"] is None or moment["scene"]["tree"]["slots"]
        cards += [page for page in moment["scene"]["pages"] if page["objects"]]
        lists += moment["scene"]["lists"]
    assert player.figure().axes
    assert cards
    assert all(page["header"] is None and len(page["lines"]) == 2 for page in cards)
    assert bool(lists) == (zpool == "z3fold")  # zsmalloc's pages are on none
    assert len({pfn for each in lists for pfn in each["pages"]}) >= 2 * bool(lists)
