"""Plots of machines show what the arrays hold.

Also tests `view/picture.py`, `view/savefile.py` and `view/workloads.py`.
"""

import numpy as np
import pytest
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure

from zbudlab import Machine, layout, view
from zbudlab.machine import SWAP_TYPE
from zbudlab.mm import vmstat
from zbudlab.mm.inspection import frame_kinds
from zbudlab.view import plots
from zbudlab.view.look import tokens
from zbudlab.workload import Workload
from zbudlab.workload.watch import free_blocks, watch


@pytest.fixture(scope="module")
def run():
    workload = Workload.load("desktop")
    machine = Machine(workload.machine_config(frames=4096, page_bytes=False, log=False))
    return machine, watch(workload.run(machine))


@pytest.fixture(scope="module")
def machine(run):
    return run[0]


DRAWN = {
    "plot": lambda machine, columns, ax: plots.plot(machine, ax=ax),
    "plot_buddyinfo": lambda machine, columns, ax: plots.plot_buddyinfo(machine, ax=ax),
    "plot_zbud": lambda machine, columns, ax: plots.plot_zbud(machine, ax=ax),
    "plot_curves": lambda machine, columns, ax: plots.plot_curves(columns, ax=ax),
    "plot_comparison": lambda machine, columns, ax: plots.plot_comparison({"m": machine}, ax=ax),
}


@pytest.mark.parametrize("name", DRAWN)
def test_draws_on_axes_of_its_own_or_on_those_given(run, name):
    assert getattr(view, name) is getattr(plots, name)
    own = DRAWN[name](*run, None)
    given = Figure().add_subplot()
    assert DRAWN[name](*run, given) is given
    for ax in (own, given):
        ax.figure.canvas.draw()
        assert ax.has_data()


def test_the_map_counts_kinds_in_its_legend(machine):
    ax = view.plot(machine)
    counts = np.bincount(frame_kinds(machine.state))
    said = {t.get_text() for t in ax.figure.legends[0].texts}
    assert f"process: {counts[layout.FRAME_ANON]}" in said
    painted = np.bincount(np.asarray(ax.images[0].get_array()).ravel())[1:]
    assert painted[: len(counts)].tolist() == counts.tolist()


def test_buddyinfo_has_the_pages_and_the_numbers_of_the_file(machine):
    ax = view.plot_buddyinfo(machine)
    pages = np.zeros(layout.MAX_ORDER)
    for bar in ax.patches:
        pages[round(bar.get_x() + bar.get_width() / 2)] += bar.get_height()
    nr_free = machine.state.zone["nr_free"].astype(int)
    assert pages.tolist() == (nr_free << np.arange(layout.MAX_ORDER)).tolist()
    numbers = [text.get_text() for text in ax.texts]
    assert numbers == vmstat.buddyinfo(machine.state).split()[4:]


def test_zbud_pages_stand_at_the_chunks_that_they_use():
    machine = Machine(frames=1024)
    for size in (64, 2000, 1000, 1000):  # the first goes beside the second
        machine.zbud_alloc(size)
    ax = view.plot_zbud(machine)
    bars = {bar.get_x() + 0.5: bar.get_height() for bar in ax.patches if bar.get_height()}
    assert bars == {1 + 1 + 32: 1, 1 + 16 + 16: 1}
    assert ax.get_title(loc="left").startswith("4 compressed pages in 2 zbud pages")


def test_a_machine_without_zbud_pages_is_drawn_too():
    machine = Machine(frames=1024, page_bytes=False)
    assert view.plot_zbud(machine).get_title(loc="left") == "0 compressed pages in 0 zbud pages"


def test_curves_are_the_columns_asked_for(run):
    _, columns = run
    ax = view.plot_curves(columns, ["pool", "stored"])
    lines = {line.get_label(): line.get_ydata() for line in ax.lines}
    assert list(lines) == ["pool", "stored"]
    assert list(lines["stored"]) == columns["stored"]
    assert max(columns["stored"]) > 0


def test_columns_that_are_not_there_are_named():
    with pytest.raises(ValueError, match="no column hopes: the columns are step, free"):
        view.plot_curves({"step": [0], "free": [1]}, ["hopes"])
    with pytest.raises(ValueError, match="no column to draw: the columns are step"):
        view.plot_curves({"step": [0]})


def test_comparison_shows_what_can_be_had_of_each_machine(machine):
    empty = Machine(frames=4096, page_bytes=False)
    ax = view.plot_comparison({"full": machine, "empty": empty})
    heights = [[bar.get_height() for bar in bars] for bars in ax.containers]
    for bars, shown in zip(heights, (machine, empty), strict=True):
        for order in (0, 5, 9):
            assert bars[order] == free_blocks(shown, order) << order
    assert heights[1][0] == 4096
    with pytest.raises(ValueError, match="there are no machines to compare"):
        view.plot_comparison({})
    assert machine.state.pools["pages_nr"][SWAP_TYPE] > 0


def test_a_machine_has_its_colour_of_the_system_in_every_chart(machine):
    machines = {"zbud unmovable": machine, "zbud movable": machine, "another": machine}
    faces = [bar.get_facecolor() for bar in plots.plot_comparison(machines).patches]
    wanted = [to_rgba(tokens.colour(name)) for name in ("c_stuck", "c_move")]
    assert [faces[0], faces[layout.MAX_ORDER]] == wanted
    columns = {"step": [0, 1], "zbud can move": [1, 2], "zbud cannot move": [1, 2]}
    lines = plots.plot_curves(columns).lines
    assert [to_rgba(line.get_color()) for line in lines] == wanted[::-1]
