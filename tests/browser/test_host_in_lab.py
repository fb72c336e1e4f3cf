"""The live picture of a host, in a real browser, from the recording."""

import pytest

from zbudlab.view.bundle import WIDGET_VIEW

pytestmark = pytest.mark.browser

WATCH = """
from zbudlab import host
from zbudlab.view import HostWatch
watch = HostWatch(host.RECORDING, seconds=0.2)
watch
"""


def stops(page, image):
    """Whether no picture comes for longer than the interval; on a busy machine one may be late."""
    for _ in range(8):
        seen = image.get_attribute("data-pictures")
        page.wait_for_timeout(1500)
        if image.get_attribute("data-pictures") == seen:
            return True
    return False


def test_a_host_is_read_again_until_it_is_paused(lab):
    with lab.open([WATCH]) as notebook:
        notebook.run_all()
        image = notebook.output(0).locator(".zbl-host img")
        notebook.page.wait_for_selector(".zbl-host img[data-pictures='3']")
        assert image.evaluate("image => image.naturalWidth") > 400
        told = notebook.output(0).locator("pre").inner_text()
        assert "Linux 6.18" in told
        assert "per second, in the last" in told
        button = notebook.output(0).locator(".zbl-host button")
        button.press("Enter")
        assert button.inner_text() == "go on"
        assert stops(notebook.page, image)
        assert notebook.faults(".zbl-host") == []
        assert notebook.errors == []
        notebook.save()
        assert WIDGET_VIEW not in notebook.stored().cells[0].outputs[0].data
