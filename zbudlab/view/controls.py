"""Sliders for the main job: change memory pressure and pool size and see the effect."""

import time
from html import escape
from typing import Any

import ipywidgets as widgets

from zbudlab.content.sources import Content
from zbudlab.machine.config import MachineConfig
from zbudlab.machine.settings import MACHINES
from zbudlab.mainjob import job, report
from zbudlab.mainjob.job import JobPlan, Outcome
from zbudlab.view import maps
from zbudlab.view.bundle import bundle
from zbudlab.view.knob import Knob, values_of
from zbudlab.view.picture import put, table_html

Setting = tuple[float, int]  # pressure, pool size in percent


class Comparison:
    """Compare machines on one content at any pressure and pool size.

    Each setting is run once and its outcome is kept.

    frames: page frames of each machine. seed: decides which processes end. machines: names in
    `machine.settings.MACHINES`. settings: further settings of MachineConfig, such as zpool and
    profile.
    """

    def __init__(
        self,
        content: Content,
        frames: int,
        seed: int = 0,
        machines: tuple[str, ...] = MACHINES[:3],
        **settings: Any,
    ) -> None:
        self.content = content
        self.machines = machines
        self.config: dict[str, Any] = {"frames": frames, "seed": seed, "log": False, **settings}
        self.known: dict[Setting, list[Outcome]] = {}

    def plan(self, pressure: float, pool: int) -> JobPlan:
        """Return the plan of a job.

        pressure: ratio of all processes' pages to frames. pool: largest pool in percent of memory.
        """
        config = MachineConfig(max_pool_percent=pool, **self.config)
        return JobPlan(config, pressure=round(pressure, 2), machines=self.machines)

    def run(self, pressure: float, pool: int) -> list[Outcome]:
        """Return the outcomes of the machines, running them if this setting is new."""
        plan = self.plan(pressure, pool)
        setting = plan.pressure, pool
        if setting not in self.known:
            plan.check_host()
            self.known[setting] = job.run(plan, self.content)
        return self.known[setting]

    def controls(self, pressure: float, pool: int) -> "Controls":
        """Return sliders for both values, with the maps and the table below."""
        return Controls(self, pressure, pool)


class Controls(widgets.VBox):
    """Sliders, maps and table of a comparison. The machines run when a slider is released."""

    def __init__(self, comparison: Comparison, pressure: float, pool: int) -> None:
        self.comparison = comparison
        self.pressure = Knob("pressure (pages to frames)", values_of(0.6, 2.4, 0.2), pressure)
        self.pool = Knob("pool (percent of memory)", values_of(0, 50, 5), pool)
        self.pressure.add_class("zbudlab-pressure")
        self.pool.add_class("zbudlab-pool")
        self.status = widgets.HTML(layout={"height": "32px"})
        self.maps = widgets.HTML()
        self.table = widgets.HTML()
        sliders = widgets.HBox([self.pressure, self.pool], layout={"flex_flow": "row wrap"})
        super().__init__([sliders, self.status, self.maps, self.table])
        for slider in (self.pressure, self.pool):
            slider.observe(self._moved, "value")
        self._moved()

    def __repr__(self) -> str:
        return "Two sliders, for pressure and pool size: they move while the notebook runs."

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict, dict]:
        """Return the widget and, for static pages, the current maps and their headline."""
        return bundle(self, self.figure, f"{self.headline} {self!r}")

    def _moved(self, change: Any = None) -> None:
        """Run the machines at the sliders' current values and show the outcomes."""
        self.status.value = f"running {len(self.comparison.machines)} machines ..."
        started = time.perf_counter()
        try:
            outcomes = self.comparison.run(self.pressure.value, self.pool.value)
        except (OSError, ValueError) as error:
            self.status.value = f"<b>{escape(str(error))}</b>"
            return
        self.show(outcomes)
        seconds = time.perf_counter() - started
        self.status.value = f"<b>{escape(self.headline)}</b> ({seconds:.1f} s)"

    def show(self, outcomes: list[Outcome]) -> None:
        """Show outcomes in the picture, the table and the headline."""
        order = self.comparison.plan(self.pressure.value, self.pool.value).order
        self.figure = maps.compare(outcomes, order=order)
        self.headline = report.headline(outcomes, order)
        put(self.maps, self.figure, maps.key_values(outcomes, order))
        self.table.value = table_html(report.rows(outcomes, order, timed=False))
