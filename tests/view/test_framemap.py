"""The frame map's Python half: what it shows, says and keeps in step.

Also tests `view/bundle.py` and `view/still.py`.
"""

import gc

import numpy as np
import pytest

from tests.view.listeners import FRAMES, listening, machine_under_pressure
from zbudlab import layout
from zbudlab.machine import Machine
from zbudlab.mm.inspection import frame_cells
from zbudlab.view import FrameMap, bundle, palette, still, updates
from zbudlab.view.arrangement import CURVES


@pytest.fixture
def machine():
    return machine_under_pressure()[0]


class TestFrameMap:
    def test_a_browser_shows_what_the_machine_holds(self):
        machine, process = machine_under_pressure()
        view = FrameMap(machine)
        browser = listening(view)
        assert browser.kinds() == ["grid", "frame"]
        assert (browser.cells == frame_cells(machine.state)).all()
        machine.exit(process)
        view.update()
        assert (browser.cells == frame_cells(machine.state)).all()
        assert view.summary == browser.last("frame")[0]["summary"]
        assert browser.last("frame")[0]["counts"][0] == (browser.cells & 7 == 0).sum() > 2000

    def test_says_where_blocks_and_the_cma_area_are(self, machine):
        grid, (places,) = listening(FrameMap(machine, layout="linear")).last("grid")
        assert (grid["columns"], grid["rows"], grid["layout"]) == (64, 64, "linear")
        assert (grid["block"], grid["cma"]) == (512, [3072, 4096])
        assert np.frombuffer(places, "<u4").tolist() == list(range(4096))

    def test_pages_that_compaction_moved_are_told_once(self, machine):
        view = FrameMap(machine)
        browser = listening(view)
        machine.reclaim(1000)
        assert machine.compact() != "skipped"
        view.update()
        told = np.frombuffer(browser.last("frame")[1][2], "<u4").reshape(-1, 2)
        moved = machine.moves[: int(machine.control[0]["nr_moves"])]
        assert (moved["new"] < 0).any()
        moved = moved[moved["new"] >= 0]
        assert told.tolist() == np.stack([moved["old"], moved["new"]], 1).tolist()
        sent = len(browser.messages)
        view.update()
        assert len(browser.messages) == sent

    def test_moves_can_be_given(self, machine):
        view = FrameMap(machine)
        browser = listening(view)
        view.update(moves=[(1, 2), (3, 4)])
        told = np.frombuffer(browser.last("frame")[1][2], "<u4")
        assert told.tolist() == [1, 2, 3, 4]

    def test_a_frame_that_another_machine_does_not_have_is_let_go(self, machine):
        view = FrameMap(machine)
        browser = listening(view)
        view.select(3000)
        view.machine = Machine(frames=1024)
        assert browser.last("details")[0]["frame"] is None
        view.select(1000)
        view.machine.alloc_pages(0)
        view.update()
        assert browser.last("details")[0]["frame"] == 1000

    def test_another_machine_may_have_another_cma_area(self, machine):
        view = FrameMap(machine)
        browser = listening(view)
        view.machine = Machine(frames=FRAMES)
        assert browser.last("grid")[0]["cma"] == [FRAMES, FRAMES]  # none
        assert len(browser.cells) == FRAMES

    def test_what_is_marked_is_told_in_words_too(self, machine):
        view = FrameMap(machine)
        browser = listening(view)
        view.mark([7, 9], "lost")
        assert browser.last("mark")[0]["summary"] == view.summary
        assert view.summary.endswith("2 marked lost: 7, 9.")

    def test_another_machine_may_be_of_another_size(self, machine):
        view = FrameMap(machine)
        browser = listening(view)
        view.machine = Machine(frames=1024)
        assert browser.last("grid")[0]["frames"] == len(browser.cells) == 1024
        assert updates.views(machine) == []
        view.machine.alloc_pages(3)
        updates.refresh(view.machine)
        assert (browser.cells == frame_cells(view.machine.state)).all()

    def test_details_stay_in_step(self, machine):
        view = FrameMap(machine)
        browser = listening(view)
        view.select(7)
        assert browser.last("details")[0]["told"]["title"].startswith("pfn 7: ")
        for process in range(len(machine.state.processes)):
            if machine.state.processes[process]["nr_pages"]:
                machine.exit(process)
        view.update()
        assert "pfn 7: free" in browser.last("details")[0]["told"]["title"]
        view.select(None)
        assert browser.last("details")[0] == {"kind": "details", "frame": None, "told": None}

    def test_answers_the_browser(self, machine):
        view = FrameMap(machine)
        browser = listening(view)
        zbud = np.flatnonzero(frame_cells(machine.state) & 7 == layout.FRAME_POOL_FULL)[:3]
        view._answer(view, {"kind": "chunks", "frames": zbud.tolist()}, [])
        parts = np.frombuffer(browser.last("chunks")[1][0], np.uint8).reshape(-1, 64)
        kinds = (layout.PART_FIRST, layout.PART_LAST)
        sizes = np.stack([(parts == kind).sum(axis=1) for kind in kinds], 1)
        headers = machine.state.rows[zbud << 6]
        wanted = np.stack([headers["first_chunks"], headers["last_chunks"]], 1)
        assert sizes.tolist() == wanted.tolist()
        assert sizes.min() > 0
        view._answer(view, {"kind": "hover", "frame": int(zbud[0])}, [])
        assert browser.last("words")[0]["words"].startswith(f"pfn {zbud[0]}: zbud, ")
        view._answer(view, {"kind": "hello", "layout": "linear"}, [])
        assert browser.last("grid")[0]["layout"] == "linear"
        assert browser.kinds()[-1] == "frame"
        view._answer(view, {"kind": "bye"}, [])
        sent = len(browser.messages)
        machine.reclaim(200)
        view.update()
        assert len(browser.messages) == sent

    @pytest.mark.parametrize(
        ("asked", "sentence"),
        [
            (lambda view: view.select(4096), "no page frame 4096, only 0 to 4095"),
            (lambda view: view.mark([1, -3], "lost"), "no page frame -3, only 0 to 4095"),
            (lambda view: view.mark([1], "green"), "kind must be one of free, .*, not 'green'"),
            (lambda view: FrameMap(view.machine, size=3), "size must be 64 to 4096 pixels, not 3"),
            (lambda view: FrameMap(view.machine, layout="x"), "layout must be .*, not 'x'"),
        ],
    )
    def test_refuses_what_cannot_be(self, machine, asked, sentence):
        with pytest.raises(ValueError, match=sentence):
            asked(FrameMap(machine))

    def test_marks_frames(self, machine):
        view = FrameMap(machine)
        browser = listening(view)
        view.mark({5, 3}, "lost")
        message, (cells,) = browser.last("mark")
        assert palette.KINDS[message["with"]].name == "lost"
        assert np.frombuffer(cells, "<u4").tolist() == [3, 5]

    def test_marks_outlast_the_end_of_the_cell_until_something_changes(self, machine):
        view = FrameMap(machine)
        view.mark([3], "lost")  # before any browser asks
        browser = listening(view)
        assert browser.kinds()[-1] == "mark"
        assert view.summary.endswith("1 marked lost: 3.")
        updates.refresh(machine)
        assert browser.kinds()[-1] == "mark"
        machine.touch(machine.create_process(8), range(8))
        updates.refresh(machine)
        assert browser.kinds()[-1] == "frame"
        assert "marked" not in view.summary

    def test_the_still_picture_shows_marks(self, machine):
        cells = frame_cells(machine.state)
        drawn = still.figure(cells, "hilbert", "nothing", marked=[3, 4], kind="lost")
        assert "lost: 2" in [text.get_text() for text in drawn.legends[0].get_texts()]

    def test_a_machine_too_large_is_shown_reduced_and_says_so(self, monkeypatch, machine):
        monkeypatch.setattr("zbudlab.view.arrangement.MAX_CELLS", 1024)
        view = FrameMap(machine)
        browser = listening(view)
        grid = browser.last("grid")[0]
        assert (grid["together"], grid["block"], len(browser.cells)) == (4, 128, 1024)
        assert "each cell covers 4 frames" in grid["notice"]
        kinds = (frame_cells(machine.state) & 7).reshape(-1, 4)
        kernel = (kinds == layout.FRAME_KERNEL).any(axis=1)
        assert ((browser.cells & 7 == layout.FRAME_KERNEL) == kernel).all()
        assert sum(browser.last("frame")[0]["counts"]) == FRAMES
        view._answer(view, {"kind": "hover", "frame": 8}, [])
        assert browser.last("words")[0]["words"].startswith("pfns 8 to 11: ")
        view.update(moves=[(4095, 3)])
        assert np.frombuffer(browser.last("frame")[1][2], "<u4").tolist() == [1023, 0]

    def test_leaves_a_picture_and_words(self, machine):
        view = FrameMap(machine)
        data, metadata = view._repr_mimebundle_()
        assert data["text/plain"].startswith("4096 page frames: ")
        assert data["text/plain"].endswith(bundle.HINT)
        assert data["image/png"].startswith("iVBOR")
        assert data["image/png"] in data["text/html"]
        assert f'alt="{view.summary}' in data["text/html"]
        assert data[bundle.WIDGET_VIEW]["model_id"] == view.model_id
        assert data[bundle.WIDGET_VIEW][bundle.MARK] is True
        assert metadata["image/png"]["alt"] == view.summary

    def test_the_picture_of_a_large_machine_is_reduced_and_counts_all(self, monkeypatch, machine):
        monkeypatch.setattr("zbudlab.view.still.MOST_CELLS", 500)
        cells = frame_cells(machine.state)
        drawn = still.figure(cells, "hilbert", "nothing")
        assert np.asarray(drawn.axes[0].images[0].get_array()).shape == (16, 16, 3)
        words = [text.get_text() for text in drawn.legends[0].texts]
        assert sum(int(text.rpartition(" ")[2]) for text in words) == FRAMES


class TestFollowing:
    def test_two_views_stay_in_step(self, machine):
        browsers = [listening(FrameMap(machine, layout=name)) for name in CURVES]
        gc.disable()
        try:
            views = updates.views(machine)
            machine.reclaim(200)
            updates.refresh(machine)
        finally:
            gc.enable()
        assert len(views) == len(CURVES)
        for browser in browsers:
            assert (browser.cells == frame_cells(machine.state)).all()

    def test_all_views_are_refreshed_after_a_cell(self, machine):
        class Shown:
            updates = 0

            def update(self):
                self.updates += 1

        shown = Shown()
        updates.follow(machine, shown)
        updates.refresh_all("what IPython gives")
        with updates.paused():
            updates.refresh_all()
        updates.unfollow(machine, shown)
        updates.refresh_all()
        assert shown.updates == 1

    def test_a_notebook_refreshes_once_a_cell(self):
        from IPython.core.interactiveshell import InteractiveShell

        shell = InteractiveShell.instance()
        code = (
            "from zbudlab.view import updates\n"
            "from types import SimpleNamespace\n"
            "machine, told = SimpleNamespace, []\n"
            "class View:\n"
            "    def update(self): told.append(1)\n"
            "view = View()\n"
            "updates.follow(machine, view); updates.follow(machine, view)\n"
        )
        shell.run_cell(code)
        before = len(shell.user_ns["told"])
        shell.run_cell("1 + 1")
        assert (before, len(shell.user_ns["told"])) == (1, 2)
        shell.user_ns.clear()
        InteractiveShell.clear_instance()

    def test_a_view_that_nobody_holds_is_forgotten(self, machine):
        class Shown:
            def update(self): ...

        updates.follow(machine, Shown())
        gc.collect()
        assert updates.views(machine) == []
