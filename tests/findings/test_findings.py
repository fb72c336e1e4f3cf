"""The findings: short forms run anew, and what the pages say is what the results say.

Also tests `experiments/cma.py`, `experiments/density.py`, `experiments/fragmentation.py`,
`experiments/patch.py`, `experiments/pool.py`, `experiments/pool_pages.py`,
`experiments/pressure.py` and `experiments/zram.py`.
"""

from html import escape
from importlib import import_module
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from findings.__main__ import NAMES, alt_of, broken, stored
from findings.common import FOLDER, SIZE, UNKEPT, with_tables
from findings.density import cases, more_than_zsmalloc
from zbudlab.sweep import SweepFile, sweep
from zbudlab.view.look import style

SEEDS = 2


@pytest.fixture(params=NAMES)
def name(request):
    return request.param


def test_a_short_form_gives_the_stored_results_again(name):
    asked, kept = SweepFile.load(FOLDER / f"{name}.toml"), stored(name)
    grid = {**asked.grid, **import_module(f"findings.{name}").SHORT}
    again = sweep(asked.experiment, grid, seeds=SEEDS)
    assert again["error"].isna().all()
    again = again.drop(columns=UNKEPT, errors="ignore")
    keys = [*grid, "seed"]
    before = kept.merge(again[keys], on=keys, how="right")
    pd.testing.assert_frame_equal(before[again.columns], again, check_dtype=False, rtol=1e-12)


def test_every_claim_holds_on_the_stored_results(name):
    assert broken(name, stored(name)) == []


#: What would overturn each finding: other results in a column.
OTHERWISE = {
    "patch": ("first_ask", lambda rows: rows["memory"].eq("zbud cannot move") * 30),
    "cma": ("met", lambda rows: rows["asked"] // 2),
    "density": ("churned_pages", lambda rows: rows["fewest_pages"] * 1.05),
    "ratio": ("zbud_pages", lambda rows: rows["zsmalloc_6_1_pages"] * 2),
    "fragmentation": ("second_ask", lambda rows: rows["ideal"]),
    "years": ("written_back_pages", lambda rows: rows["device_writes"] // 2),
    "zram": ("killed", lambda rows: rows["seed"] * 0),
    "pool": ("device_writes", lambda rows: rows["max_pool_percent"] * 10000),
    "compaction": ("blocks_after", lambda rows: rows["blocks_before"] + 3),
}


def test_other_results_would_overturn_it(name):
    rows = stored(name)
    column, values = OTHERWISE[name]
    assert broken(name, rows.assign(**{column: values(rows)}))


def test_the_page_has_the_tables_of_the_results(name):
    text = (FOLDER / f"{name}.md").read_text("utf-8")
    assert with_tables(text, import_module(f"findings.{name}").tables(stored(name))) == text


def test_the_page_says_all_that_a_finding_must(name):
    text = (FOLDER / f"{name}.md").read_text("utf-8")
    for heading in ("Question", "Design", "What came out", "What would overturn it", "Again"):
        assert f"\n## {heading}\n" in text
    assert f"python -m findings {name}" in text
    assert f"![{name}" in text
    seeds = SweepFile.load(FOLDER / f"{name}.toml").seeds
    assert f"{seeds} seeds" in text
    for claim in import_module(f"findings.{name}").CLAIMS:
        assert claim.sentence in " ".join(text.split())


def test_the_stored_results_are_those_of_the_whole_grid(name):
    asked = SweepFile.load(FOLDER / f"{name}.toml")
    sizes = [len(v) for v in asked.grid.values() if isinstance(v, list)]
    assert len(stored(name)) == int(np.prod(sizes)) * asked.seeds


def test_figures_have_their_size(name):
    drawn = (FOLDER / f"{name}.svg").read_text("utf-8")
    wide, high = (round(inches * style.SCREEN_DPI) for inches in SIZE)
    assert f'width="{wide}" height="{high}"' in drawn
    page = (FOLDER / f"{name}.md").read_text("utf-8")
    assert f'aria-label="{escape(alt_of(page, f"{name}.svg"))}"' in drawn


def test_a_page_without_the_picture_is_refused():
    with pytest.raises(ValueError, match=r"the page does not show x\.svg"):
        alt_of("# A page", "x.svg")


def test_figures_are_drawn_of_short_results(name, tmp_path):
    module, rows = import_module(f"findings.{name}"), stored(name)
    module.draw(rows).savefig(tmp_path / "figure.png", dpi=50)
    assert (tmp_path / "figure.png").stat().st_size > 4000


def test_the_page_on_cma_says_why_requests_were_refused():
    rows = stored("cma").query("zbud == 'series' and level == 0.95")
    assert not rows["met"].any()
    unmapped, mapped = (rows[rows["mapped"] == share] for share in (0, 0.001))
    assert unmapped["no_memory"].sum() == unmapped["asked"].sum()
    text = " ".join((FOLDER / "cma.md").read_text("utf-8").split())
    assert f"{mapped['busy'].sum()} of {mapped['asked'].sum()} of them as busy" in text


def test_the_page_on_density_says_what_churn_changed():
    rows = stored("density")
    fresh = rows.assign(churned_pages=rows["zbud_pages"])
    changes = [
        abs(more_than_zsmalloc(rows, **case).mean - more_than_zsmalloc(fresh, **case).mean)
        for case in cases(rows)
    ]
    assert 0.2 < max(changes) < 0.3
    text = " ".join((FOLDER / "density.md").read_text("utf-8").split())
    assert "as first stored they differ by less than 0.3 percentage points" in text


def test_the_list_of_findings_is_complete():
    assert {path.stem for path in Path(FOLDER).glob("*.toml")} == set(NAMES)
    index = (FOLDER / "README.md").read_text("utf-8")
    assert all(f"({name}.md)" in index for name in NAMES)
