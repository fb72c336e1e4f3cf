"""What the blocks of the panel say: their states, labels, and the sentence.

Also tests `view/panel_still.py`.
"""

import numpy as np
import pytest

from zbudlab import Machine
from zbudlab.layout import FRAME_POOL_PART
from zbudlab.view import Panel, panel_blocks
from zbudlab.view.panel_blocks import HUGE, PARTLY, SPOILED, USED, Blocks


def made(*of, movable=False):
    """Blocks with these (free, zbud, kernel) frames."""
    return Blocks(*(np.array(column) for column in zip(*of, strict=True)), movable=movable)


ALL = ((512, 0, 0), (511, 1, 0), (496, 1, 0), (461, 51, 0), (200, 9, 0), (0, 5, 0), (505, 0, 7))


def test_each_block_says_what_it_is():
    found = made(*ALL)
    assert found.states.tolist() == [HUGE, SPOILED, SPOILED, SPOILED, PARTLY, USED, SPOILED]
    assert panel_blocks.labels(found) == [
        "huge page",
        "1 zbud page",
        "1 zbud + 15",
        "51 zbud pages",
        "200 free",
        "in use",
        "7 kernel pages",
    ]


def test_pages_that_can_move_spoil_nothing():
    found = made(*ALL, movable=True)
    assert found.states.tolist() == [HUGE, PARTLY, PARTLY, PARTLY, PARTLY, USED, SPOILED]
    assert panel_blocks.labels(found)[1] == "511 free"


@pytest.mark.parametrize(
    ("found", "huge", "words"),
    [
        (made((0, 0, 0)), 0, "huge pages available. No block is nearly empty."),
        (made((512, 0, 0)), 1, "huge page available. No other block is nearly empty."),
        (
            made(*ALL[1:4]),
            0,
            "huge pages available. 3 blocks are as good as empty, and zbud pages that cannot move "
            "spoil each of them; one is spoiled by a single page.",
        ),
        (
            made(*ALL, movable=True),
            2,
            "huge pages available. 1 block is as good as empty, and pages of the kernel that "
            "cannot move spoil it.",
        ),
    ],
)
def test_the_sentence_follows_from_the_blocks(found, huge, words):
    assert panel_blocks.sentence(found, huge) == words


def test_a_machine_is_counted_block_by_block():
    machine = Machine(frames=4096, zbud_movable=False, page_bytes=False, log=False)
    handle = machine.zbud_alloc(1000)
    found = panel_blocks.told(machine, 7)
    assert sorted(found["states"]) == [HUGE] * 7 + [SPOILED]
    assert found["labels"].count("1 zbud page") == 1
    kinds = np.frombuffer(panel_blocks.kinds(machine, None), np.uint8)
    assert (kinds == FRAME_POOL_PART).sum() == 1
    machine.zbud_free(handle)
    assert panel_blocks.told(machine, 8)["states"] == [HUGE] * 8


def test_only_the_opened_block_of_a_large_machine_is_sent():
    machine = Machine(frames=1 << 15, page_bytes=False, log=False)
    assert panel_blocks.kinds(machine, None) == b""
    assert len(panel_blocks.kinds(machine, 3)) == 512


def test_its_static_picture_follows_the_theme_and_names_the_blocks():
    panel = Panel(frames=4096, working_set=150, movable=False)
    panel.step(12)
    html = panel._repr_mimebundle_()[0]["text/html"]
    assert "var(--process" in html
    assert "in use" in html
    assert panel_blocks.told(panel.machine, 0)["says"].split(". ")[1] in html
