"""The pressure panel's half in Python: what it does for the browser's questions, and answers.

Also tests `view/panel_form.py`.
"""

import numpy as np
import pytest

from zbudlab.machine.errors import ConfigError
from zbudlab.view import FrameMap, Panel, compare_panels, updates
from zbudlab.view.bundle import MARK, WIDGET_VIEW
from zbudlab.workload.pressure import COLUMNS

SMALL = 4096


class Browser:
    """Asks a panel as panel.js does, and keeps the answers."""

    def __init__(self, panel):
        self.panel = panel
        self.heard = []
        panel.send = lambda message, buffers: self.heard.append((message, buffers))

    def ask(self, act, **settings):
        number = len(self.heard) + 1
        self.panel._asked(None, {"act": act, "number": number, "settings": settings}, [])
        message, _ = self.heard[-1]
        assert message["number"] == number
        return message

    def rows(self):
        """The last answer's figures, a table a machine."""
        _, buffers = self.heard[-1]
        mine = buffers[: len(self.panel.machines)]  # the others are kinds of frames
        return [np.frombuffer(b, "<f4").reshape(-1, len(COLUMNS)) for b in mine]


@pytest.fixture
def browser():
    return Browser(Panel(frames=SMALL, working_set=150))


def test_a_question_is_a_step_with_the_settings_that_come_with_it(browser):
    for _ in range(12):
        browser.ask("step")
    answer = browser.ask("change", max_pool_percent=6)
    assert answer["settings"]["max_pool_percent"] == 6
    assert browser.panel.machine.state.zswaps["max_pool_percent"][0] == 6
    (rows,) = browser.rows()
    assert rows[:, 0].tolist() == [13]
    last = browser.panel.curves[""]
    assert rows[-1] == pytest.approx([last[name][-1] for name in COLUMNS])
    assert answer["summaries"] == [browser.panel.summary]


def test_runs_only_while_it_is_running(browser):
    browser.ask("run")
    assert browser.panel.curves[""]["step"] == [0]
    browser.panel.run()
    answer = browser.ask("run")
    assert answer["fresh"] is False
    assert browser.rows()[0][:, 0].tolist() == [1]
    browser.panel.pause()
    browser.ask("run")
    assert browser.panel.curves[""]["step"] == [0, 1]


def test_a_setting_that_machines_are_born_with_begins_anew(browser):
    browser.ask("step")
    browser.ask("change", frames=2 * SMALL)
    assert browser.panel.machine.config.frames == 2 * SMALL
    assert browser.panel.maps[0].machine is browser.panel.machine
    assert browser.rows()[0][:, 0].tolist() == [0, 1]


def test_reset_repeats_and_a_new_seed_does_not(browser):
    def steps():
        for _ in range(8):
            browser.ask("step")
        return browser.panel.machine.digest()

    first = steps()
    browser.ask("reset")
    assert steps() == first
    browser.ask("seed")
    assert browser.panel.pressure.seed != 0
    assert steps() != first


def test_compact_moves_pages_and_shows_it(browser):
    for _ in range(15):
        browser.ask("step")
    browser.ask("change", working_set=60)
    moved = browser.panel.machine.paging.events["pgmigrate_success"]
    browser.ask("compact")
    more = browser.panel.machine.paging.events["pgmigrate_success"] - moved
    assert more > 0
    assert browser.rows()[0][-1, COLUMNS.index("moved")] >= more


def test_what_cannot_be_is_answered_and_nothing_changes(browser):
    before = browser.panel.pressure
    answer = browser.ask("change", frames=7)
    assert answer["error"] == "frames must be 1024 to 16777216, not 7"
    assert browser.panel.pressure == before
    assert browser.ask("step")["error"] == ""


def test_less_memory_than_the_frame_whose_details_are_shown(browser):
    browser.panel.maps[0].select(SMALL - 1)
    answer = browser.ask("change", frames=1024)
    assert (answer["error"], answer["settings"]["frames"]) == ("", 1024)


def test_values_between_those_of_a_slider_are_said_as_they_are(browser):
    browser.panel.change(working_set=123)
    said = browser.heard[-1][0]["said"]
    assert (said["working_set"], said["frames"]) == ("123 % of memory", "16 MiB (4,096 frames)")


def test_a_map_that_fails_does_not_leave_the_browser_waiting(browser, monkeypatch):
    def broken(moves=None):
        raise RuntimeError("no")

    monkeypatch.setattr(browser.panel.maps[0], "update", broken)
    with pytest.raises(RuntimeError):
        browser.ask("step")
    assert browser.heard[-1][0]["number"] == 1


def test_a_fault_in_python_does_not_leave_the_browser_waiting(browser):
    def broken():
        raise RuntimeError("no")

    browser.panel._step = broken
    with pytest.raises(RuntimeError, match="no"):
        browser.panel._asked(None, {"act": "step", "number": 5, "settings": {}}, [])
    assert browser.heard[-1][0]["number"] == 5
    assert browser.heard[-1][0]["error"] == "this went wrong in Python"


def test_follows_what_is_done_with_its_machine(browser):
    panel = browser.panel
    browser.ask("step")
    answers = len(browser.heard)
    updates.refresh(panel.machine)
    assert len(browser.heard) == answers  # nothing is new
    panel.machine.alloc_pages(10)
    updates.refresh(panel.machine)
    assert browser.rows()[0][-1] == pytest.approx([panel.curves[""][c][-1] for c in COLUMNS])
    assert panel.curves[""]["free 10"][-1] == panel.machine.state.zone["nr_free"][10] << 10
    assert len(browser.heard) == answers + 1
    browser.ask("reset")
    assert panel in updates.views(panel.machine)


def test_what_was_not_asked_for_is_not_refused(browser):
    assert "a block of order 9 is not yet requested" in browser.panel.summary
    browser.ask("step")
    assert "a block of order 9 was available" in browser.panel.summary


def test_another_map_of_its_machine_stays_in_step(browser):
    panel = browser.panel
    other = FrameMap(panel.machine)
    for _ in range(3):
        browser.ask("step")
        assert "process" in other.summary
        assert other.summary == panel.maps[0].summary


def test_two_machines_get_the_same_work():
    panel = compare_panels(frames=SMALL, working_set=150, seed=2)
    panel.step(20)
    assert [machine.config.movable for machine in panel.machines] == [False, True]
    assert [m.paging.events["pgfault"] for m in panel.machines] == [
        panel.machine.paging.events["pgfault"]
    ] * 2
    assert panel.summary.startswith("zbud cannot move: Step 20: ")
    assert "\nzbud can move: Step 20: " in panel.summary
    panel.change(max_pool_percent=30)
    panel.reset()
    assert [bool(m.state.zone["zpool_movable"]) for m in panel.machines] == [False, True]
    assert "movable" not in [control["name"] for control in panel.form]


def test_its_output_holds_a_picture_and_words():
    panel = Panel(frames=SMALL)
    panel.step(3)
    data, metadata = panel._repr_mimebundle_()
    assert data[WIDGET_VIEW][MARK]
    assert len(data["image/png"]) < 200_000
    assert "Step 3: " in data["text/plain"]
    assert data["text/plain"].endswith("Run this cell to make it live.")
    assert metadata["image/png"]["alt"] == panel.summary


def test_its_controls_can_be_set_to_what_it_is_set_to():
    panel = Panel(frames=5000, working_set=123)
    for control in panel.form:
        assert control["value"] in control["values"]
        assert len(control["words"]) == len(control["values"])


def test_bad_settings():
    with pytest.raises(ConfigError, match="unknown setting pool: use frames"):
        Panel(pool=3)
    with pytest.raises(ValueError, match="cannot be set for both"):
        compare_panels(movable=True)


def test_what_was_done_is_marked_in_the_curves(browser):
    for _ in range(3):
        browser.ask("step")
    browser.ask("change", working_set=100)
    browser.ask("change", working_set=60)  # the same slider, a step later: one mark
    answer = browser.ask("compact")
    assert answer["events"] == [(4, "programs use less"), (5, "compact")]
    assert browser.ask("reset")["events"] == []


def test_frames_of_an_opened_block_come_with_the_answer():
    browser = Browser(Panel(frames=1 << 15))
    browser.panel._asked(None, {"act": "step", "number": 1, "settings": {}, "opened": [0, 5]}, [])
    _, buffers = browser.heard[-1]
    assert len(buffers[1]) == 512


def test_the_folded_settings_are_one_line(browser):
    told = browser.ask("change", unmovable=3)["folded"]
    assert "16 MiB" in told
    assert "3 % kernel pages \N{MIDDLE DOT} no CMA" in told
