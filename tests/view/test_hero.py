"""The hero: its story is the engine's, and it shows without a kernel.

Also tests `lessons/stubborn.py`.
"""

import json
import re
import shutil
import subprocess

import numpy as np
import pytest

from zbudlab import layout
from zbudlab.lessons import stubborn
from zbudlab.mm.inspection import frame_kinds
from zbudlab.view import hero
from zbudlab.view.assets import drawn

BLOCK = stubborn.BLOCK


def rerun_to_end(moves, start=None):
    """Frames after these moves, from the start of the story."""
    kinds = np.array([*map(int, hero.story()["start"])]) if start is None else start.copy()
    for old, new in moves:
        assert kinds[old] != layout.FRAME_FREE
        assert kinds[new] == layout.FRAME_FREE
        kinds[new], kinds[old] = kinds[old], layout.FRAME_FREE
    return kinds


class TestStory:
    def test_was_recorded_from_the_engine(self):
        assert stubborn.record() == hero.story()

    def test_its_moves_lead_to_the_engines_end_states(self):
        recorded = hero.story()
        stuck = rerun_to_end(recorded["stuck"])
        plain, free = stubborn.machine(series=False), stubborn.machine(series=True)
        assert (stuck == stubborn.compacted(plain).kinds).all()
        free.set_zbud_movable(True)
        assert (rerun_to_end(recorded["movable"]) == stubborn.compacted(free).kinds).all()

    def test_one_page_spoils_a_block_until_it_can_move(self):
        recorded = hero.story()
        stuck = rerun_to_end(recorded["stuck"])
        (left,) = np.flatnonzero(stuck[:BLOCK])
        assert stuck[left] == layout.FRAME_POOL_FULL
        assert len(recorded["freed"]) == 1
        assert not rerun_to_end(recorded["freed"], stuck)[:BLOCK].any()
        assert not rerun_to_end(recorded["movable"])[:BLOCK].any()

    def test_the_kernel_holds_the_other_blocks(self):
        kinds = frame_kinds(stubborn.machine(series=False).state).reshape(-1, BLOCK)
        hidden = [block for block in range(len(kinds)) if block not in stubborn.SHOWN]
        assert (kinds[hidden] == layout.FRAME_KERNEL).all()

    def test_a_frame_of_another_block_has_no_place(self):
        assert stubborn.place(3 * BLOCK + 7) == BLOCK + 7
        with pytest.raises(ValueError, match="not in"):
            stubborn.place(BLOCK)


class TestPage:
    def test_needs_nothing_from_outside(self):
        page = hero.html().replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"https?:|import |url\(", page)

    def test_two_runs_store_the_same(self):
        assert hero.html() == hero.html()

    def test_a_notebook_keeps_it_without_a_kernel(self):
        data, _ = hero.Hero()._repr_mimebundle_()
        assert "511 of 512" in data["text/plain"]
        assert json.dumps(hero.story()["freed"], separators=(",", ":")) in data["text/html"]
        assert data["text/html"].count("<img") == 1  # where scripts do not run

    def test_the_summary_has_the_recorded_numbers(self):
        assert f"moves {len(hero.story()['stuck'])} pages" in hero.SUMMARY


BOTH_WAYS = """
const told = [];
const press = (story) => {
  const moves = story.next();
  story.begin();
  moves.forEach((move) => story.move(move));
  story.end();
  told.push([story.state, story.free(0), story.huge, story.ready, story.sentence]);
};
const one = new Story(recorded);
press(one);
one.movable = true;
press(one);
const other = new Story(recorded);
other.movable = true;
press(other);
console.log(JSON.stringify(told));
"""


@pytest.mark.node
@pytest.mark.skipif(shutil.which("node") is None, reason="there is no Node")
def test_the_script_goes_through_the_story(tmp_path):
    """Both ways through it, in the words that the reader gets."""
    recorded = f"const recorded = {json.dumps(hero.story())};"
    script = drawn("hero/story.js") + recorded + BOTH_WAYS
    module = tmp_path / "story.mjs"
    module.write_text(script, "utf-8")
    done = subprocess.run(["node", module], capture_output=True, text=True, check=True)
    spoiled, won, at_once = json.loads(done.stdout)
    assert spoiled[:4] == ["spoiled", 511, 0, False]
    assert spoiled[4].startswith("214 pages moved. 511 of 512 frames are free")
    assert won[:4] == ["won", 512, 1, False]
    assert won[4].startswith("One page moved, and the block is whole.")
    assert at_once[:3] == ["won", 512, 1]
    assert at_once[4].startswith("215 pages moved")
