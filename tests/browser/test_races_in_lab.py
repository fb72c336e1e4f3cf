"""The picture of an exploration and the game, in a real browser: mouse, keyboard, saved form."""

import pytest

from zbudlab.view.bundle import WIDGET_VIEW

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PICTURE = """
from zbudlab.races import explore_named
from zbudlab.view import BeTheScheduler, Interleaving
picture = Interleaving(explore_named("user-free-compact", merge=("isolate", "unmap")))
picture
"""
GAME = """
game = BeTheScheduler(0)
game
"""


def test_the_picture_leads_to_steps_and_schedules(lab):
    with lab.open([PICTURE]) as notebook:
        notebook.run_all()
        sheet = notebook.output(0).locator(".zbl-lanes .sheet")
        sheet.wait_for()
        assert sheet.get_attribute("aria-valuenow") == "7"
        sheet.focus()
        sheet.press("Home")
        notebook.page.wait_for_selector('.sheet[aria-valuenow="1"]')
        assert "zbud_map" in sheet.get_attribute("aria-valuetext")
        sheet.press("ArrowDown")
        notebook.page.wait_for_selector('.zbl-player .say:has-text("Processor 1 runs zbud_free")')
        notebook.output(0).locator("[data-bad='1']").last.click()
        notebook.page.wait_for_function(
            "() => document.querySelector('.zbl-lanes select').value === '1'"
        )
        assert notebook.ask("print(picture.lanes.chosen)").strip() == "1"
        assert notebook.faults(".zbl-lanes") == []
        assert notebook.errors == []
        notebook.save()
        assert WIDGET_VIEW not in notebook.stored().cells[0].outputs[0].data


def test_the_game_is_played_by_mouse_and_keys(lab):
    with lab.open([PICTURE.replace("\npicture\n", "\n"), GAME]) as notebook:
        notebook.run_all()
        game = notebook.output(1).locator(".zbl-game")
        buttons = game.locator(".hands button")
        buttons.nth(0).click()
        notebook.page.wait_for_selector('.zbl-game[data-steps="1"]')
        buttons.nth(1).press("b")
        notebook.page.wait_for_selector('.zbl-game[data-steps="2"]')
        buttons.nth(1).press("Enter")
        buttons.nth(0).click()
        notebook.page.wait_for_selector('.zbl-game[data-broken="1"]')
        assert game.locator(".news").inner_text().startswith("You broke it.")
        game.get_by_role("button", name="Undo").click()
        notebook.page.wait_for_selector('.zbl-game[data-steps="3"][data-broken="0"]')
        game.get_by_role("switch").check()
        notebook.page.wait_for_selector('.zbl-game[data-steps="0"]')
        assert "none of them breaks anything" in game.locator(".news").inner_text()
        assert notebook.faults(".zbl-game") == []
        assert notebook.errors == []
