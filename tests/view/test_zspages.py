"""Pictures of zsmalloc, and pages of zsmalloc and z3fold in the picture of a step.

Also tests `view/step/objects.py`.
"""

import numpy as np
import pytest

from tests.view.players import at_the_first_move
from zbudlab import layout
from zbudlab.history.changes import Change
from zbudlab.lessons import moving
from zbudlab.lessons import zspages as lesson
from zbudlab.machine import Machine
from zbudlab.mm import zpool
from zbudlab.view import zspages
from zbudlab.view.step import objects, plain, track


def test_a_zspage_is_drawn_with_all_its_objects_and_its_waste():
    ax = zspages.zspage_figure(2500, 8).axes[0]
    numbers = {int(text.get_text()) for text in ax.texts}
    assert numbers == set(range(13))
    hatched = sum(patch.get_width() for patch in ax.patches if patch.get_hatch())
    found = lesson.class_of(2500)
    assert hatched == found.pages * layout.PAGE_SIZE - found.places * 2508
    assert zspages.zspage_values(2500, 8) == (
        "2500 bytes go to class 2512: 13 places in 8 pages; wasted for each object: 12 bytes "
        "inside, 9 outside"
    )


def test_a_huge_object_has_no_word():
    assert "class 4096: 1 places in 1 page" in zspages.zspage_values(3700, 8)


def test_rivals_are_drawn_page_by_page():
    shown = lesson.rivals(2250)
    figure = zspages.side_by_side(shown)
    assert [ax.get_title(loc="left") for ax in figure.axes] == [
        "zbud: 24 pages", "z3fold: 24 pages", "zsmalloc: 16 pages",
    ]  # fmt: skip
    assert zspages.side_values(shown) == "zbud 24 pages, z3fold 24 pages, zsmalloc 16 pages"


def test_waste_says_its_average():
    figure = zspages.waste_figure()
    assert [ax.get_title(loc="left")[:12] for ax in figure.axes] == ["up to 4 page", "up to 8 page"]
    assert "up to 8 pages" in zspages.waste_values()


def test_the_scale_has_the_ratio_and_the_recorded_ones():
    needs = lesson.Needs(132, 120, 100)
    scale = zspages.ratio_figure(needs).axes[0]
    assert scale.get_title(loc="left") == "zbud takes 1.32 pages for each page of zsmalloc"
    assert [text.get_text() for text in scale.texts] == list(lesson.recorded_ratios())
    assert zspages.ratio_values(needs).endswith("zbud over zsmalloc 1.32")


# --- the picture of a step -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def player():
    return at_the_first_move(moving.two_zspages())


class TestStep:
    def test_opens_where_the_places_of_the_first_page_are_replaced(self, player):
        moment = player.moment()
        assert moment["track"]["steps"][moment["track"]["now"]] == ["places", True]
        assert moment["code"]["function"] == "zs_page_migrate"

    def test_the_table_leads_to_the_new_page_and_tells_the_old(self, player):
        scene = player.moment()["scene"]
        old, new = (page["pfn"] for page in scene["pages"] if page["role"])
        assert scene["tree"]["title"] == "HANDLES"
        moved = [slot for slot in scene["tree"]["slots"] if slot[1] != slot[2]]
        assert moved
        assert all(slot[1:] == [new, old] for slot in moved)

    def test_a_card_has_the_objects_with_their_handles(self, player):
        scene = player.moment()["scene"]
        machine = player.history.machine
        for page in scene["pages"]:
            started = {h for h, (pfn, _) in moving.places(machine).items() if pfn == page["pfn"]}
            if page["objects"]:
                handles = [handle for _, _, handle in page["objects"]]
                assert started <= set(handles)
                assert len(handles) - len(started) in (0, 1)  # one began in the page before
        kept = next(page for page in scene["pages"] if not page["role"])
        name, words, hot = kept["lines"][0]
        assert name.startswith("zspage ")
        assert (words, hot) == ("1 of 3", False)

    def test_changes_name_frames_and_objects(self, player):
        changes = player.moment()["scene"]["changes"]
        places = [change for change in changes if change[0].startswith("handle ")]
        assert places
        scene = player.moment()["scene"]
        old, new = (f"frame {page['pfn']}" for page in scene["pages"] if page["role"])
        assert all(values == [old, new] for _, _, *values in places)

    def test_a_change_of_an_objects_number_is_named(self):
        places = [str(5 << layout.OBJ_INDEX_BITS | 2), str(9 << layout.OBJ_INDEX_BITS | 3)]
        change = Change("place of a handle 7", "value", *places, "handles", 7)
        values = ["frame 5, object 2", "frame 9, object 3"]
        assert plain.change(change) == ["handle 7", "value", *values]
        freed = change._replace(after="-4")
        assert plain.change(freed)[2:] == ["frame 5, object 2", "free"]

    def test_every_part_of_the_move_can_be_drawn(self, player):
        parts = player.history.inside(player.stop).parts
        here = track.first_of_interest(parts)
        for part in range(here - 3, here + 6):
            player.inside(part)
            assert player.moment()["scene"]["pages"]
            assert player.figure().axes

    def test_the_move_keeps_all_numbers_and_the_chains_order(self):
        machine = moving.two_zspages()
        before, chains = moving.places(machine), moving.chains(machine)
        machine.compact()
        after, moved = moving.places(machine), moving.chains(machine)
        where = dict(zip(np.ravel(chains).tolist(), np.ravel(moved).tolist(), strict=True))
        assert {handle: (where[pfn], n) for handle, (pfn, n) in before.items()} == after
        assert before != after


def test_a_page_of_z3fold_has_its_objects():
    machine = Machine(frames=256, profile="6.1", zpool="z3fold", page_bytes=False)
    for size in (1000, 1000, 500, 4000):
        machine.state.reserve_objects(1)
        zpool.zpool_malloc(machine.state.mem, 0, size, layout.MIGRATE_UNMOVABLE)
    found = objects.Objects(machine.state)
    first, whole = (found.card(found.handles()[handle]) for handle in (1, 4))
    assert [handle for _, _, handle in first.objects] == [1, 3, 2]
    assert first.lines == [("chunks", "16 + 8 + 16"), ("handles", "1, 3, 2")]
    assert whole.objects == [(0, layout.PAGE_SIZE, 4)]
    assert found.card(200) is None
