"""The memory of the machine you sit at as a live picture.

The browser asks for a picture, and, once it has it, for the next after a while. So nothing is
read that nobody sees, and a slow computer only has fewer pictures. JavaScript: hostwatch.js.
"""

import time
from pathlib import Path
from typing import Any

import anywidget
import traitlets
from matplotlib.figure import Figure

from zbudlab import host
from zbudlab.host import report
from zbudlab.view.assets import script, style
from zbudlab.view.bundle import LiveView
from zbudlab.view.hosts import plot_host
from zbudlab.view.picture import png, width


class HostWatch(LiveView, anywidget.AnyWidget):
    """Free blocks, indices and page frames of a Linux host, read again every few seconds.

    root: of the files, as for `host.read`; seconds: between two readings. `host` is what was read
    last. HostError where there is nothing to read, ValueError for seconds that cannot be.
    """

    _esm = script("hostwatch.js")
    _css = style("hostwatch.css")

    seconds = traitlets.Float(2.0).tag(sync=True)

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
        """What `zbudlab host` prints, and what happened between the last two readings."""
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
        """Read again and answer, with the reason if that went wrong."""
        try:
            self.look()
        except OSError as error:
            self.send({"error": str(error), "words": "", "width": 0})
            return
        drawn = self.figure()
        told = {"error": "", "words": self.summary, "width": width(drawn)}
        self.send(told, [png(drawn)])

    def figure(self) -> Figure:
        """Free blocks, indices and page frames as they were read last."""
        return plot_host(self.host)
