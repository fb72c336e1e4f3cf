"""A live picture of the memory of the reader's own computer.

The browser requests a picture and, after it has arrived and a delay, the next one. So the host is
read only while the picture is visible, and a slow computer only shows fewer pictures. JavaScript:
hostwatch.js.
"""

import time
from pathlib import Path
from typing import Any

import anywidget
import traitlets
from matplotlib.figure import Figure

from zbudlab import host
from zbudlab.host import report
from zbudlab.io.arguments import checked
from zbudlab.view.assets import script, style
from zbudlab.view.bundle import LiveView
from zbudlab.view.hosts import plot_host
from zbudlab.view.picture import png, width


class HostWatch(LiveView, anywidget.AnyWidget):
    """Free blocks, indices and page frames of a Linux host, refreshed every few seconds.

    root: "/" or a folder of recorded files, as for `host.read`. seconds: between two readings.
    `host` is the last reading. HostError if nothing can be read, ValueError if `seconds` is not
    positive.
    """

    _esm = script("hostwatch.js")
    _css = style("hostwatch.css")

    seconds = traitlets.Float(2.0).tag(sync=True)

    @checked()
    def __init__(self, root: str | Path = "/", *, seconds: float = 2.0) -> None:
        if not seconds > 0:
            raise ValueError(f"seconds must be above 0, not {seconds}")
        self.root = root
        self.host = host.read(root)
        self._before: host.Host | None = None
        self._read_at = time.monotonic()
        self._took = seconds
        super().__init__(seconds=seconds)
        self.on_msg(self._asked)

    @property
    def summary(self) -> str:
        """The output of `zbudlab host`, and the changes between the last two readings."""
        told = report.report(self.host)
        if self._before is not None:
            told += report.changes(self._before, self.host, self._took)
        return told

    def look(self) -> None:
        """Read the host again."""
        now = time.monotonic()
        self._before, self.host = self.host, host.read(self.root)
        self._took, self._read_at = now - self._read_at, now

    def _asked(self, _: Any, message: dict[str, Any], __: Any) -> None:
        """Read the host and send the picture, or the reason for a failure."""
        try:
            self.look()
        except OSError as error:
            self.send({"error": str(error), "words": "", "width": 0})
            return
        drawn = self.figure()
        told = {"error": "", "words": self.summary, "width": width(drawn)}
        self.send(told, [png(drawn)])

    def figure(self) -> Figure:
        """Draw free blocks, indices and page frames of the last reading."""
        return plot_host(self.host)
