"""Live pages in Firefox, driven by WebDriver BiDi without another program; skipped without it."""

import json
import shutil
import subprocess
import time

import pytest

from zbudlab.view import Panel

FIREFOX = shutil.which("firefox-esr") or shutil.which("firefox")
SECONDS = 60
pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(FIREFOX is None, reason="there is no Firefox"),
]


class Firefox:
    """A headless Firefox with one tab."""

    def __init__(self, profile):
        websocket = pytest.importorskip("websocket")
        command = [FIREFOX, "--headless", "--no-remote", "--profile", str(profile)]
        command += ["--remote-debugging-port=0", "about:blank"]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        address = next(line.split()[-1] for line in self.process.stderr if "ws://" in line)
        self.socket = websocket.create_connection(
            f"{address}/session", timeout=SECONDS, suppress_origin=True
        )
        self.number = 0
        self.ask("session.new", capabilities={})
        self.tab = self.ask("browsingContext.getTree")["contexts"][0]["context"]

    def ask(self, method, **params):
        self.number += 1
        self.socket.send(json.dumps({"id": self.number, "method": method, "params": params}))
        while (answer := json.loads(self.socket.recv())).get("id") != self.number:
            pass
        assert answer["type"] == "success", answer
        return answer["result"]

    def go(self, path):
        self.ask("browsingContext.navigate", context=self.tab, url=path.as_uri(), wait="complete")

    def value(self, expression):
        """The value of an expression of JavaScript that is a text, a number or a truth."""
        target = {"context": self.tab}
        got = self.ask("script.evaluate", expression=expression, target=target, awaitPromise=True)
        assert got["type"] == "success", got
        return got["result"].get("value")

    def wait(self, expression):
        end = time.monotonic() + SECONDS
        while not self.value(expression):
            assert time.monotonic() < end, expression
            time.sleep(0.1)

    def close(self):
        self.socket.close()
        self.process.terminate()
        self.process.wait(SECONDS)


@pytest.fixture(scope="module")
def firefox(tmp_path_factory):
    browser = Firefox(tmp_path_factory.mktemp("profile"))
    yield browser
    browser.close()


def test_a_panel_runs_in_firefox_and_goes_back(firefox, tmp_path):
    page = tmp_path / "panel.html"
    page.write_text(Panel(frames=4096, seed=0).to_html(), "utf-8")
    firefox.go(page)
    firefox.wait("document.querySelector('[data-live]').dataset.liveState === 'ready'")
    status = "document.querySelector('.zbl-status').textContent"
    for step in (1, 2, 3):
        firefox.value("document.querySelector('[data-act=step]').click()")
        firefox.wait(f"{status} === 'step {step}'")
    firefox.value("document.querySelector('.zbl-timeline button').click()")
    firefox.wait(f"{status} === 'step 2'")
    assert "programs" in firefox.value("document.querySelector('.zbl-figures').textContent")
    assert firefox.value("document.querySelector('canvas.zbl-blocks').width") > 0
