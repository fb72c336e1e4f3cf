"""A real JupyterLab in a real browser, for tests and measurements.

`Lab` is a server on 127.0.0.1 with a token and one Chromium; `lab.open(...)` opens a notebook in a
separate tab. `Notebook` does what a person does (menus, keys, mouse); only what is not under
test goes the short way, through the application object in the page (`app`) or the kernel
(`ask`).
"""

import contextlib
import json
import os
import secrets
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import nbformat
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, sync_playwright

ROOT = Path(__file__).parents[2]
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ACT = 30_000  #: milliseconds that anything but running cells may take on a busy machine
RUN = 180_000  #: milliseconds that all cells of a notebook may take
SERIOUS = ("serious", "critical")
LIGHT, DARK = "JupyterLab Light", "JupyterLab Dark"
PYTHON = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
#: No news, no "recommended" prompts: nothing that asks the network or covers the notebook.
SETTINGS = {
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "completer-extension/tracker": {"autoCompletion": False},
}


def chromium() -> str | None:
    """The system's Chromium or Chrome; None if there is none."""
    return next((path for name in CHROMIUM_NAMES if (path := shutil.which(name))), None)


class Server:
    """JupyterLab on a free port of 127.0.0.1, all its files in `folder`, notebooks in `files`."""

    def __init__(self, folder: Path) -> None:
        self.files = folder / "files"
        self.files.mkdir(parents=True)
        self.runtime = folder / "runtime"
        settings = folder / "settings" / "@jupyterlab"
        for name, values in SETTINGS.items():
            path = settings / f"{name}.jupyterlab-settings"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(values))
        self.output = (folder / "server.log").open("w")
        self.process = subprocess.Popen(
            self._command(),
            env=os.environ | self._environment(folder),
            cwd=folder,
            stdout=self.output,
            stderr=subprocess.STDOUT,
        )
        try:
            self.url, self.token = self._address(time.monotonic() + 60)
        except BaseException:
            self.close()
            raise

    def _command(self) -> list[str]:
        command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--ip=127.0.0.1"]
        command += ["--port=0", "--expose-app-in-browser", f"--ServerApp.root_dir={self.files}"]
        command += [f"--IdentityProvider.token={secrets.token_hex(16)}"]
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            command.append("--allow-root")
        return command

    def _environment(self, folder: Path) -> dict[str, str]:
        places = {
            "JUPYTER_CONFIG_DIR": "config",
            "JUPYTER_DATA_DIR": "data",
            "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
            "JUPYTERLAB_SETTINGS_DIR": "settings",
            "IPYTHONDIR": "ipython",
        }
        found = {name: str(folder / place) for name, place in places.items()}
        path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
        return found | {"JUPYTER_RUNTIME_DIR": str(self.runtime), "PYTHONPATH": path}

    def _address(self, until: float) -> tuple[str, str]:
        """Where the server answers, and its token, from the file that it writes about itself."""
        while time.monotonic() < until and self.process.poll() is None:
            for path in self.runtime.glob("jpserver-*.json"):
                with contextlib.suppress(OSError, ValueError):  # not yet whole, not yet up
                    about = json.loads(path.read_text())
                    answer = f"{about['url']}api?token={about['token']}"
                    urllib.request.urlopen(answer, timeout=5).close()
                    return about["url"], about["token"]
            time.sleep(0.1)
        raise RuntimeError(f"JupyterLab did not start; see {self.output.name}")

    def close(self) -> None:
        """End the server and its kernels."""
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.output.close()


class Lab:
    """A server, and one browser at it."""

    def __init__(self, server: Server, context: Any) -> None:
        self.server = server
        self.context = context
        self.opened = 0

    @contextlib.contextmanager
    def open(
        self, source: str | Path | Sequence[str], *, theme: str = LIGHT
    ) -> Iterator["Notebook"]:
        """A copy of a notebook, or one of these cells, open in a new tab, not yet run.

        On leaving it, its kernel ends; if anything failed, a picture of the page is left beside
        the server's files.
        """
        self.opened += 1
        name = f"notebook{self.opened}.ipynb"
        if isinstance(source, (str, Path)):
            shutil.copy(source, self.server.files / name)
        else:
            cells = [nbformat.v4.new_code_cell(cell) for cell in source]
            notebook = nbformat.v4.new_notebook(cells=cells, metadata=PYTHON)
            nbformat.write(notebook, self.server.files / name)
        opened = Notebook(self.server, self.context.new_page(), name)
        try:
            opened.load()
            if theme != LIGHT:
                opened.change_theme(theme)
            yield opened
        except BaseException:
            with contextlib.suppress(Exception):
                opened.page.screenshot(path=self.server.files / f"{name}.png")
            raise
        finally:
            with contextlib.suppress(Exception):
                if theme != LIGHT:
                    opened.change_theme(LIGHT)
                opened.shut_down_kernel()
            opened.page.close()


class Notebook:
    """One notebook in its tab. errors: what the browser's console complained of, in order."""

    def __init__(self, server: Server, page: Page, name: str) -> None:
        self.server = server
        self.page = page
        self.name = name
        self.path = server.files / name
        self.errors: list[str] = []
        page.set_default_timeout(ACT)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", self._heard)

    def _heard(self, message: Any) -> None:
        if message.type == "error":
            self.errors.append(f"{message.text} ({message.location.get('url', '')})")

    # --- what a person does --------------------------------------------------------------------

    def load(self, *, kernel: bool = True) -> None:
        """Open it, or open it again (with a new kernel); wait for all cells and for the kernel."""
        query = f"token={self.server.token}&reset"
        self.page.goto(f"{self.server.url}lab/tree/{self.name}?{query}")
        self.page.wait_for_selector(".jp-Notebook .jp-Cell")
        self.page.wait_for_selector("#jupyterlab-splash", state="detached")
        if kernel:
            self.page.wait_for_selector('.jp-Notebook-ExecutionIndicator[data-status="idle"]')
            assert self.ask("print('up')") == "up\n"  # "Run" before that runs nothing
        else:
            self.page.get_by_role("dialog").get_by_role("button", name="No Kernel").click()
        self.page.wait_for_function(ALL_CELLS)

    def load_without_kernel(self) -> None:
        """Open it again as on a computer that has no kernel for it, and choose "No Kernel"."""
        stored = self.stored()
        stored.metadata.clear()
        nbformat.write(stored, self.path)
        self.load(kernel=False)

    def run_all(self) -> None:
        """Run > Run All Cells, and wait until the last has ended."""
        self.page.get_by_role("menuitem", name="Run", exact=True).click()
        self.page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        self.finish()

    def finish(self) -> None:
        """Wait until no cell runs or waits for its turn."""
        self.page.wait_for_function(
            "![...document.querySelectorAll('.jp-Notebook .jp-InputArea-prompt')]"
            ".some(prompt => prompt.textContent.includes('*'))"
            " && document.querySelector('.jp-Notebook-ExecutionIndicator').dataset.status"
            " === 'idle'",
            timeout=RUN,
        )

    def save(self) -> None:
        """Press Control+S in the notebook, and wait until it is on disk."""
        before = self.path.stat().st_mtime_ns
        self.page.keyboard.press("Escape")
        self.page.locator(".jp-Notebook").first.focus()
        self.page.keyboard.press("Control+s")
        deadline = time.monotonic() + ACT / 1000
        while self.path.stat().st_mtime_ns == before:
            assert time.monotonic() < deadline, f"{self.name} was not saved"
            self.page.wait_for_timeout(50)
        self.page.wait_for_selector(".jp-mod-dirty", state="detached")

    # --- what is there -------------------------------------------------------------------------

    def cell(self, index: int) -> Locator:
        """A cell by its number."""
        return self.page.locator(".jp-Notebook .jp-Cell").nth(index)

    def output(self, index: int) -> Locator:
        """What a cell shows, all of it."""
        return self.cell(index).locator(".jp-Cell-outputArea")

    def error_outputs(self) -> list[str]:
        """What cells ended with an error say."""
        path = '.jp-OutputArea-output[data-mime-type="application/vnd.jupyter.error"]'
        return self.page.locator(path).all_inner_texts()

    def stored(self) -> nbformat.NotebookNode:
        """The notebook as it is on disk."""
        return nbformat.read(self.path, as_version=4)

    def colour(self, canvas: Locator, x: float, y: float) -> tuple[int, int, int, int]:
        """The pixel of a canvas at a place in its own coordinates: red, green, blue, alpha."""
        script = "(c, [x, y]) => [...c.getContext('2d').getImageData(x, y, 1, 1).data]"
        red, green, blue, alpha = canvas.evaluate(script, [x, y])
        return red, green, blue, alpha

    def faults(self, selector: str) -> list[str]:
        """Serious faults that axe-core finds in that part of the page."""
        found = Axe().run(self.page, context=selector).response["violations"]
        return [
            f"{fault['id']}: {fault['help']}: {node['html']}"
            for fault in found
            if fault["impact"] in SERIOUS
            for node in fault["nodes"]
        ]

    # --- short ways ----------------------------------------------------------------------------

    def command(self, name: str, **arguments: Any) -> None:
        """Run a command of JupyterLab by its name."""
        script = "([name, args]) => window.jupyterapp.commands.execute(name, args)"
        self.page.evaluate(script, [name, arguments])

    def change_theme(self, name: str) -> None:
        """Show LIGHT or DARK; JupyterLab does not stand a change before the last has settled."""
        self.command("apputils:change-theme", theme=name)
        self.page.wait_for_function("name => document.body.dataset.jpThemeName === name", arg=name)
        self.page.wait_for_selector("#jupyterlab-splash", state="detached")

    def ask(self, code: str) -> str:
        """What this code prints in the notebook's kernel."""
        return str(self.page.evaluate(ASK, code))

    def shut_down_kernel(self) -> None:
        """End the notebook's kernel; nothing starts another."""
        script = "() => window.jupyterapp.shell.currentWidget.sessionContext.shutdown()"
        self.page.evaluate(script)


#: JupyterLab puts cells on the page one by one, whenever the browser has nothing else to do.
ALL_CELLS = """() => {
    const {content} = window.jupyterapp.shell.currentWidget;
    const drawn = content.node.querySelectorAll('.jp-Cell').length;
    return drawn > 0 && drawn === content.model.cells.length;
}"""
ASK = """async code => {
    const {sessionContext} = window.jupyterapp.shell.currentWidget;
    await sessionContext.ready;
    const {kernel} = sessionContext.session;
    await kernel.info;
    const future = kernel.requestExecute({code, store_history: false, silent: false});
    let text = '';
    future.onIOPub = ({header, content}) => {
        if (header.msg_type === 'stream' && content.name === 'stdout') text += content.text;
        if (header.msg_type === 'error') text += content.ename + ': ' + content.evalue;
    };
    await future.done;
    return text;
}"""


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Lab]:
    """A server with its files in `folder`, and a browser; both end with the block."""
    executable = chromium()
    assert executable is not None
    server = Server(folder)
    try:
        with sync_playwright() as playwright:
            flags = ["--no-sandbox", "--disable-dev-shm-usage"]
            browser = playwright.chromium.launch(executable_path=executable, args=flags)
            context = browser.new_context(viewport={"width": 1400, "height": 2000})
            yield Lab(server, context)
            browser.close()
    finally:
        server.close()
