"""The pressure panel in a real browser: run, drag, pause, two machines, keys alone, reopened."""

import pytest
from PIL import ImageColor

from tests.browser.lab import DARK, LIGHT
from zbudlab.view.look import tokens
from zbudlab.view.panel_form import BANDS

pytestmark = pytest.mark.browser

ONE = """
from zbudlab.view import Panel
panel = Panel(frames=4096, working_set=150)
panel
"""
TWO = """
from zbudlab.view import compare_panels
two = compare_panels(frames=4096, working_set=150)
two
"""


@pytest.fixture(scope="module")
def story(lab):
    with lab.open([ONE, TWO]) as notebook:
        notebook.run_all()
        assert notebook.error_outputs() == []
        notebook.page.wait_for_selector(".zbl-panel:not([data-painted='0'])")
        settled(notebook)
        yield notebook


def panel(story):
    return story.output(0).locator(".zbl-panel")


def settled(story, cell=0):
    """Wait until the panel shows what Python says."""
    name = ("panel", "two")[cell]
    figures = story.output(cell).locator(".zbl-figures").last
    for _ in range(100):
        said = story.ask(f"print({name}.summary.splitlines()[-1], end='')")
        if figures.text_content() == said:
            return said
        story.page.wait_for_timeout(100)
    raise AssertionError(f"the panel shows {figures.text_content()!r}, Python says {said!r}")


def slider(story, name):
    return panel(story).locator(f'[data-name="{name}"] input')


def steps(story):
    return int(story.ask("print(panel.curves['']['step'][-1])"))


def test_runs_and_pauses_at_once(story):
    panel(story).get_by_role("button", name="Run", exact=True).click()
    story.page.wait_for_function(
        "Number(document.querySelector('.zbl-figures').textContent.match(/Step (\\d+)/)[1]) > 12"
    )
    panel(story).get_by_role("button", name="Pause", exact=True).click()
    paused = steps(story)
    story.page.wait_for_timeout(400)
    done = steps(story)
    assert done <= paused + 1  # the one that had begun
    story.page.wait_for_timeout(400)
    assert steps(story) == done
    assert "zswap holds" in settled(story)


def test_dragging_takes_the_newest_value_and_queues_nothing(story):
    box = slider(story, "working_set").bounding_box()
    mouse, before = story.page.mouse, steps(story)
    mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    mouse.down()
    for place in range(60):
        mouse.move(box["x"] + box["width"] * (0.5 + place / 150), box["y"] + box["height"] / 2)
    mouse.up()
    shown = slider(story, "working_set").get_attribute("aria-valuetext")
    settled(story)
    assert f"{story.ask('print(panel.pressure.working_set)').strip()} % of memory" == shown
    assert int(shown.split()[0]) > 200
    assert 1 <= steps(story) - before <= 60


def test_keys_alone_can_do_all_of_it(story):
    page = story.page
    slider(story, "max_pool_percent").focus()
    page.keyboard.press("ArrowRight")
    settled(story)
    assert story.ask("print(panel.pressure.max_pool_percent)") == "22\n"
    panel(story).get_by_role("switch").focus()
    page.keyboard.press("Space")
    settled(story)
    assert story.ask("print(panel.machine.state.zone['zpool_movable'])") == "0\n"
    panel(story).get_by_role("button", name="Step", exact=True).focus()
    before = steps(story)
    page.keyboard.press("Enter")
    settled(story)
    assert steps(story) == before + 1
    for act in ("Compact", "start over"):
        panel(story).get_by_role("button", name=act).press("Enter")
    story.page.wait_for_function(
        "document.querySelector('.zbl-figures').textContent.startsWith('Step 0:')"
    )


def test_another_memory_size_is_another_map(story):
    panel(story).get_by_text("All page frames").click()
    story.page.wait_for_selector(".zbl-panel .zbl-map[data-painted]")
    panel(story).get_by_text("More settings").click()
    slider(story, "frames").press("ArrowRight")
    story.page.wait_for_function(
        "document.querySelector('.zbl-panel .zbl-summary').textContent.startsWith('8192')"
    )
    settled(story)


def test_what_python_does_shows_too(story):
    story.ask("panel.step(30); panel.change(order=4)")
    assert "block of order 4" in settled(story)
    assert "4 (64 KiB)" in panel(story).locator('[data-name="order"] output').inner_text()


def test_the_map_says_what_the_figures_say(story):
    pool = int(story.ask("print(panel.curves['']['pool'][-1])"))
    assert pool > 100
    counts = [
        int(panel(story).locator(f'[data-kind="{kind}"] .zbl-count').inner_text().replace(",", ""))
        for kind in ("zbud1", "zbud2")
    ]
    assert sum(counts) == pool


def test_free_pages_are_told_by_order(story):
    settled(story)
    names = [name for name, _, _ in BANDS]
    shown = {
        name: panel(story).locator(f".value[data-name='{name}']").all_text_contents()
        for name in names
    }
    bands = "((0, 3), (3, 6), (6, 9), (9, 11))"
    sums = "sum(int(panel.curves[''][f'free {n}'][-1]) for n in range(*band))"
    free = story.ask(f"print(*[{sums} for band in {bands}])").split()
    assert {n: int(v[0].replace(",", "")) if v else 0 for n, v in shown.items()} == dict(
        zip(names, map(int, free), strict=True)
    )


def test_bands_have_the_tokens_of_the_theme(story):
    bands = panel(story).locator(".zbl-curves").first.locator(".band")
    for theme, name in ((DARK, "dark"), (LIGHT, "light")):
        story.change_theme(theme)
        for place, (_, _, token) in enumerate(BANDS):
            colour = ImageColor.getrgb(tokens.colour(token, name))
            story.page.wait_for_function(
                "([node, wanted]) => getComputedStyle(node).fill === wanted",
                arg=[bands.nth(place).element_handle(), f"rgb({', '.join(map(str, colour))})"],
            )


def test_two_machines_stand_side_by_side(story):
    story.output(1).get_by_role("button", name="Step", exact=True).click()
    titles = story.output(1).locator("h3").all_inner_texts()
    assert titles == ["zbud cannot move", "zbud can move"]
    assert "Step 1:" in settled(story, 1)
    maps = story.output(1).locator("canvas.zbl-blocks")
    assert maps.count() == 2
    left, right = (maps.nth(i).bounding_box() for i in (0, 1))
    assert left["y"] == right["y"]
    assert right["x"] > left["x"] + left["width"]


def test_arrow_keys_walk_over_the_blocks_and_enter_opens_one(story):
    blocks, status = panel(story).locator("canvas.zbl-blocks"), panel(story).locator(".zbl-status")
    blocks.focus()
    for key in ("Home", "ArrowRight", "ArrowRight"):
        story.page.keyboard.press(key)
    label = "panel_blocks.told(panel.machine, 0)['labels'][2]"
    said = story.ask(f"from zbudlab.view import panel_blocks; print({label}, end='')")
    assert status.inner_text() == f"block 2, from frame 1,024: {said}"
    small = blocks.bounding_box()
    story.page.keyboard.press("Enter")
    assert blocks.bounding_box()["height"] != small["height"]
    story.page.keyboard.press("Escape")
    assert blocks.bounding_box()["height"] == small["height"]


def test_arrow_keys_read_the_curves(story):
    curves = panel(story).locator(".zbl-curves").first
    curves.focus()
    story.page.keyboard.press("End")
    stored = story.ask("print(f\"{panel.curves['']['stored'][-1]:,.0f}\", end='')")
    assert f"{stored} pages stored" in panel(story).locator(".zbl-status").inner_text()


def test_has_no_serious_fault_and_no_error(story):
    assert story.faults(".zbl-panel") == []
    assert story.errors == []


def test_saved_and_opened_again_it_shows_a_picture_and_what_to_do(story):
    story.save()
    data = story.stored().cells[0].outputs[0].data
    assert sorted(data) == ["image/png", "text/html", "text/plain"]
    story.shut_down_kernel()
    story.page.wait_for_selector(".zbl-panel[data-alive='0']")
    assert panel(story).locator(".zbl-run").is_disabled()
    assert "Run this cell" in panel(story).locator("> div > .zbl-notice").inner_text()
    for open_again in (story.load, story.load_without_kernel):
        open_again()
        story.shut_down_kernel()
        picture = story.output(0).locator("img").first
        assert "Step 0: " in picture.get_attribute("alt")
        assert story.output(0).locator("svg").first.is_visible()
        assert "Run this cell to make it live." in story.output(0).inner_text()
    assert "model not found" not in story.page.locator("body").inner_text()
    assert "Loading widget" not in story.page.locator("body").inner_text()
