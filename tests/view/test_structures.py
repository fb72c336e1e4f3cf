"""The radix tree and the lists of zbud, as drawn and as the player shows them.

Also tests `view/player.py` and `view/page_places.py`.
"""

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from zbudlab import layout
from zbudlab.content import corpus
from zbudlab.lessons.trees import way
from zbudlab.machine import Machine
from zbudlab.view import FrameMap, Player, palette, plot_lists, plot_radix_tree, structures


@pytest.fixture(scope="module")
def machine():
    machine = Machine(frames=512, max_pool_percent=40, threads=1)
    process = machine.create_process(900)
    machine.write(process, 0, corpus.pages("mixed", 900))
    for size in (1000, 500, 3000):
        machine.zbud_alloc(size)
    return machine


LIGHT = palette.INKS["light"]


def boxes(ax, colour):
    """Filled rectangles of a colour."""
    rectangles = [patch for patch in ax.patches if isinstance(patch, Rectangle)]
    return [r for r in rectangles if r.get_fill() and to_hex(r.get_facecolor()) == colour]


class TestTree:
    def test_every_handle_leads_to_the_page_whose_header_has_it(self, machine):
        state = machine.state
        zbud = np.flatnonzero(state.pages["mapcount"] == layout.PAGE_ZBUD_MAPCOUNT_VALUE)
        count = 0
        for pfn in zbud.tolist():
            header = state.rows[pfn << layout.NCHUNKS_ORDER]
            for handle in (int(header["first_handle"]), int(header["last_handle"])):
                if handle:
                    pool = int(state.pages["private"][pfn])
                    assert structures.lookup(machine, pool, handle) == pfn
                    count += 1
        assert count == state.pools["items"].sum() > 100
        assert structures.lookup(machine, 0, 1 << 40) == -1

    def test_draws_each_slot_in_use_and_marks_the_way(self, machine):
        ax = plot_radix_tree(machine, pool=1)
        assert len(boxes(ax, LIGHT.used)) == 2
        assert len(boxes(ax, LIGHT.way)) == 1
        page = structures.lookup(machine, 1, 3)
        assert f"3 items, height 1; handle 3 leads to page {page}" in ax.get_title(loc="left")

    def test_a_deep_tree_keeps_the_way_in_the_picture(self, machine):
        handle = int(machine.state.pools["last_handle"][0])
        on_way = way(machine.state.nodes, machine.state.pools[0], handle)
        assert len(on_way) == machine.state.pools["height"][0] >= 2
        assert len(boxes(plot_radix_tree(machine, pool=0), LIGHT.way)) == len(on_way)

    def test_a_newest_handle_that_is_gone_has_no_way(self):
        machine = Machine(frames=64)
        handles = [machine.zbud_alloc(100) for _ in range(3)]
        machine.zbud_free(handles[-1])
        ax = plot_radix_tree(machine)
        assert "handle 3" not in ax.get_title(loc="left")
        assert not any("slot" in text.get_text() for text in ax.texts)
        assert "slot 3" in [text.get_text() for text in plot_radix_tree(machine, key=3).texts]

    def test_plain_zbud_says_that_it_has_none(self):
        plain = Machine(frames=64, zbud="plain")
        plain.zbud_alloc(100)
        assert "there is no tree" in plot_radix_tree(plain).get_title(loc="left")

    def test_draws_where_it_is_told_to(self, machine):
        ax = Figure().add_subplot()
        assert plot_radix_tree(machine, ax=ax) is ax
        assert plot_lists(machine, ax=ax) is ax

    def test_a_pool_that_is_not_there_is_refused(self, machine):
        with pytest.raises(ValueError, match="no zbud pool 7; the pools are 0, 1"):
            plot_lists(machine, pool=7)


class TestLists:
    def test_pages_are_on_the_lists_their_headers_call_for(self, machine):
        lists = structures.pool_lists(machine, 0)
        seen = []
        for number, pages in lists.items():
            for pfn in pages if number != layout.LRU_LIST else ():
                header = machine.state.rows[pfn << layout.NCHUNKS_ORDER]
                used = int(header["first_chunks"]) + int(header["last_chunks"])
                both = header["first_chunks"] and header["last_chunks"]
                assert number == (0 if both else 63 - used)
                seen.append(pfn)
        assert sorted(seen) == sorted(lists[layout.LRU_LIST])
        assert len(seen) == machine.state.pools["pages_nr"][0]

    def test_names_each_list_with_its_pages_and_marks_frames(self, machine):
        pages = structures.pool_lists(machine, 1)
        free = next(number for number in pages if number not in (layout.BUDDIED, layout.LRU_LIST))
        ax = plot_lists(machine, pool=1, marked=pages[free])
        labels = [label.get_text() for label in ax.get_yticklabels()]
        assert f"list of {free} free chunks (1)" in labels
        assert labels[-1] == f"LRU ({len(pages[layout.LRU_LIST])})"
        outlined = [p for p in ax.patches if to_hex(p.get_edgecolor()) == LIGHT.mark]
        assert len(outlined) == 2  # on its list and on the LRU

    def test_of_many_lists_those_that_a_step_changed_are_drawn(self):
        machine = Machine(frames=256)
        for chunks in range(60, 30, -1):  # a page each: what is left of it is too small
            machine.zbud_alloc(chunks * layout.CHUNK_SIZE)
        machine.zbud_alloc(layout.CHUNK_SIZE)
        lists = structures.pool_lists(machine, structures.pool_shown(machine))
        assert len(lists) > structures.MOST_LISTS + 2
        last = max(set(lists) - {layout.BUDDIED, layout.LRU_LIST})
        for marked in (), lists[last]:
            labels = [t.get_text() for t in plot_lists(machine, marked=marked).get_yticklabels()]
            assert len(labels) == structures.MOST_LISTS + 1
            assert labels[-2] == f"buddied list ({len(lists[layout.BUDDIED])})"
            assert labels[-1].startswith("LRU")
            assert (f"list of {last} free chunks (1)" in labels) == bool(marked)


class TestPlayer:
    @pytest.fixture
    def player(self, machine):
        return Player(machine)

    def test_steps_on_and_back_and_says_what_was_done(self, player):
        player.go(len(player.history))
        assert "zbud_alloc(3000)" in player.title
        assert "fresh frame" in player.sentence
        player.step(-1)
        assert "zbud_alloc(500)" in player.title
        player.step(-99)
        assert player.stop == 0
        assert "just booted" in player.sentence

    def test_steps_inside_and_out_again(self, player):
        player.go(len(player.history))
        player.inside()
        assert player.title.endswith("part 1 of 7: find a hole")
        player.step(6)
        assert player.title.endswith("part 7 of 7: place")
        player.step()
        assert player.part is None

    def test_shows_a_picture_and_words_where_no_kernel_is(self, player):
        player.go(2)
        data, _ = player._repr_mimebundle_()
        assert data["image/png"]
        assert player.sentence in data["text/plain"]

    def test_another_map_of_its_machine_stays_in_step(self, player):
        other = FrameMap(player.history.machine)
        for stop in (1, 4, 2):
            player.go(stop)
            assert other.summary == player.frames.summary
        assert "process" in other.summary

    def test_keeps_its_moment_when_others_use_its_history(self, player):
        player.go(2)
        player.history.machine_at(4)
        player.update()
        assert player.history.stop == player.stop == 2
