"""How often a CMA area is given, with and without the series."""

import pytest

from zbudlab.analysis.cma_table import cma_success
from zbudlab.machine.errors import ConfigError


def cma(**settings):
    rows = cma_success(frames=4096, cma_pages=2048, seeds=range(2), **settings)
    return {(row["level"], row["zbud"]): row for row in rows}


def test_an_area_is_given_as_long_as_there_is_room_elsewhere():
    rows = cma(levels=(0.3, 0.99))
    for zbud in ("plain", "series"):
        assert rows[0.3, zbud]["rate"] == 1
        assert rows[0.3, zbud]["moved"] == 0
    crowded = rows[0.99, "series"]
    assert (crowded["met"], crowded["busy"], crowded["no_memory"]) == (0, 0, 4)


def test_only_with_the_series_zbud_pages_live_in_the_area():
    rows = cma(levels=(0.7,))
    without, with_series = rows[0.7, "plain"], rows[0.7, "series"]
    assert without["zbud_in_cma"] == 0 < with_series["zbud_in_cma"]
    assert without["zbud_pages"] < with_series["zbud_pages"]
    assert without["rate"] == with_series["rate"] == 1


def test_a_mapped_object_makes_a_request_fail():
    row = cma(levels=(0.7,), mapped=1.0)[0.7, "series"]
    assert (row["met"], row["busy"]) == (0, 4)


def test_tables_that_make_no_sense_are_refused():
    with pytest.raises(ConfigError, match="must be shares"):
        cma_success(levels=(1.5,))
    with pytest.raises(ConfigError, match="nothing is requested"):
        cma_success(cma_pages=0)
