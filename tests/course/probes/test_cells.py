"""Cells run as in Jupyter, whatever runs them."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from zbudlab.course.probes.cells import fresh_names, run

AWAITS = "import asyncio\nx = await asyncio.sleep(0, 3)"


def test_a_cell_can_await():
    names = fresh_names()
    run(AWAITS, "cell", names)
    assert names["x"] == 3


def test_a_cell_can_await_where_a_loop_already_runs():
    names = fresh_names()

    async def in_a_notebook():
        run(AWAITS, "cell", names)

    with ThreadPoolExecutor(1) as threads:  # other tests may leave a loop running in this thread
        threads.submit(asyncio.run, in_a_notebook()).result()
    assert names["x"] == 3
