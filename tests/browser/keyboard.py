"""Going through a notebook by keys alone, as a reader does who has no mouse.

Nothing here clicks or focuses: `walk` presses keys, and looks.
"""

import re
from collections.abc import Callable

from playwright.sync_api import Locator

from tests.browser.lab import RUN, Notebook
from zbudlab.view.bundle import WIDGET_VIEW

RESULT = ".zbl-after"  #: what `view.gate.after` shows
MOST_TABS = 40  #: from a cell to the last control of what it shows
WITHIN = "(selector) => document.activeElement.closest(selector) !== null"
AT = """() => {
    const cells = [...document.querySelectorAll('.jp-Notebook .jp-Cell')];
    return cells.indexOf(document.activeElement.closest('.jp-Cell'));
}"""
NAME = """() => {
    const at = document.activeElement;
    const named = at.getAttribute('aria-label') || at.getAttribute('title') || at.alt;
    return (named || at.labels?.[0]?.textContent || at.textContent || '').trim();
}"""


def press(notebook: Notebook, *keys: str) -> None:
    """These keys, one after the other."""
    for key in keys:
        notebook.page.keyboard.press(key)


def at(notebook: Notebook) -> int:
    """The cell that has the focus; -1 = none has it."""
    return int(notebook.page.evaluate(AT))


def name(notebook: Notebook) -> str:
    """What a screen reader says of the element that has the focus."""
    return str(notebook.page.evaluate(NAME))


def tab_into(notebook: Notebook, selector: str) -> None:
    """Tab until an element that is, or is inside, `selector` has the focus."""
    for _ in range(MOST_TABS):
        press(notebook, "Tab")
        if notebook.page.evaluate(WITHIN, selector):
            return
    raise AssertionError(f"{selector} is not reached by {MOST_TABS} Tabs from cell {at(notebook)}")


def answer(notebook: Notebook, output: Locator) -> None:
    """Tab into the prediction that a cell shows, answer it with some answer, and commit."""
    if output.locator("input[type=number]").count():
        tab_into(notebook, ".zbl-prediction input")
        press(notebook, "7", "Enter")
    elif output.locator("input[type=radio]").count():
        tab_into(notebook, ".zbl-prediction input")
        press(notebook, "Space", "Enter")
    else:
        for slider in range(output.locator("[role=slider]").count()):
            tab_into(notebook, ".zbl-prediction .pt")
            press(notebook, *["ArrowUp"] * (slider + 1))
        tab_into(notebook, ".zbl-prediction button")
        press(notebook, "Enter")
    output.locator(".aloud").get_by_text(re.compile("you said", re.I)).wait_for()


def turn_knobs(notebook: Notebook, output: Locator) -> None:
    """Turn every knob of an explorer by a key, and see that its picture follows each."""
    for knob in range(output.locator(".zbl-knob").count()):
        told = output.locator(".zbl-knob").nth(knob).locator("input, select")
        before = told.input_value()
        tab_into(notebook, ".zbl-knob")
        assert name(notebook)
        press(notebook, "ArrowRight" if told.get_attribute("type") == "range" else "ArrowDown")
        if told.input_value() == before:  # it stood at its end
            press(notebook, "ArrowLeft" if told.get_attribute("type") == "range" else "ArrowUp")
        assert told.input_value() != before
        notebook.finish()


def operate(notebook: Notebook, output: Locator) -> str:
    """Use the first live thing of an output by keys; what it was, "" if there is none."""
    for selector, use in KINDS.items():
        if output.locator(selector).count():
            use(notebook, output)
            return selector
    return ""


def look_at_frames(notebook: Notebook, output: Locator) -> None:
    """Tab to the map, go over it by arrow keys, show a frame's details and close them."""
    tab_into(notebook, ".zbl-map canvas")
    press(notebook, "Home", "ArrowRight", "ArrowDown", "Enter")
    output.locator(".zbl-details .zbl-title").first.wait_for()
    press(notebook, "Escape")
    output.locator(".zbl-details .zbl-title").first.wait_for(state="detached")
    assert notebook.page.evaluate(WITHIN, ".zbl-map canvas"), "closing the details left the map"


def press_the_machine(notebook: Notebook, output: Locator) -> None:
    """A step of the panel by its button, and a control of it by arrow keys."""
    before = output.locator(".zbl-figures").first.text_content()
    tab_into(notebook, ".zbl-panel button[title='run one step']")
    press(notebook, "Enter")
    notebook.page.wait_for_function(
        "([node, before]) => node.textContent !== before",
        arg=[output.locator(".zbl-figures").first.element_handle(), before],
    )
    tab_into(notebook, ".zbl-control input[type=range]")
    press(notebook, "ArrowRight")


def play(notebook: Notebook, output: Locator) -> None:
    """The player's bar of steps by an arrow key: another step is shown."""
    title = output.locator(".zbl-player")
    before = title.text_content()
    tab_into(notebook, ".zbl-player [role=slider]")
    press(notebook, "ArrowLeft")
    notebook.page.wait_for_function(
        "([node, before]) => node.textContent !== before", arg=[title.element_handle(), before]
    )


#: What is live in a course's output, and how it is used; the outer ones first.
KINDS: dict[str, Callable[[Notebook, Locator], None]] = {
    ".zbl-prediction": answer,
    ".zbl-player": play,
    ".zbl-curves": press_the_machine,
    ".zbl-knob": turn_knobs,
    ".zbl-map": look_at_frames,
}


def folded(notebook: Notebook, cell: int) -> bool:
    """Whether a cell's source is folded away, as that of a prediction is."""
    return notebook.cell(cell).locator(".jp-Cell-inputWrapper .jp-Placeholder").count() > 0


BEGAN = """index => {
    const {model} = window.jupyterapp.shell.currentWidget.content.widgets[index];
    return model.type !== 'code' || model.executionCount !== null;
}"""
LIVE = """([index, mime]) => {
    const {model} = window.jupyterapp.shell.currentWidget.content.widgets[index];
    return model.type === 'code' && model.outputs.toJSON().some(({data}) => data?.[mime]);
}"""


def is_live(notebook: Notebook, cell: int) -> bool:
    """Whether a cell that was run shows something to use; waits until it ran and that is drawn.

    A result that waits for its prediction is shown by then, and has nothing to use.
    """
    notebook.page.wait_for_function(BEGAN, arg=cell, timeout=RUN)
    notebook.ask("")  # which the kernel does when it has done the cell, and shown all of it
    notebook.finish()
    if not notebook.page.evaluate(LIVE, [cell, WIDGET_VIEW]):
        return False
    notebook.output(cell).locator(", ".join((*KINDS, RESULT))).first.wait_for()
    return notebook.output(cell).locator(RESULT).count() == 0


def walk(notebook: Notebook, look: Callable[[int], None] = lambda cell: None) -> list[str]:
    """Run all cells in order by keys, using all that is live on the way; what was, in order.

    Shift+Enter runs a cell and goes on. A folded cell is a prediction: Ctrl+Enter runs it and
    stays. Tab leads into what a cell shows; Shift+Enter leads from there to the next cell, or
    Escape to the cell itself. (ArrowUp and ArrowDown pass over folded cells: that is JupyterLab's
    way.) `look` is called after each cell.
    """
    notebook.command("notebook:clear-all-cell-outputs")  # so that what was run can be told
    count = notebook.page.locator(".jp-Notebook .jp-Cell").count()
    used = []
    for cell in range(count):
        assert at(notebook) == cell, f"the focus is at cell {at(notebook)}, not {cell}"
        stays = cell == count - 1 or folded(notebook, cell)
        press(notebook, "Control+Enter" if stays else "Shift+Enter")
        if is_live(notebook, cell):
            press(notebook, *([] if stays else ["ArrowUp"]))
            used.append(operate(notebook, notebook.output(cell)))
            look(cell)
            if used[-1] != ".zbl-prediction":  # one that is answered has nothing left to reach
                press(notebook, "Escape")
                assert at(notebook) == cell, "Escape does not lead back to the cell"
                tab_into(notebook, ", ".join(KINDS))
            press(notebook, "Shift+Enter")
        else:
            look(cell)
            if stays and cell < count - 1:  # a folded cell that shows a picture
                press(notebook, "Shift+Enter")
    return used
