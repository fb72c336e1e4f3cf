"""One flipped bit in page frames, or in a pool of each allocator: its check names it.

Also tests `mm/page_alloc_check.py`, `mm/zbud_check.py`, `mm/zsmalloc_check.py` and
`mm/z3fold_check.py` field by field.
`single_faults.py` says what is damaged and how it is judged, the files `*_faults.py` next to it
have the pools, and what their checks cannot see.
"""

import pytest

from tests.mm import page_alloc_faults, z3fold_faults, zbud_faults, zsmalloc_faults

KINDS = page_alloc_faults.KINDS | zbud_faults.KINDS | zsmalloc_faults.KINDS | z3fold_faults.KINDS
FIELDS = [(kind, name) for kind in KINDS for name in KINDS[kind].fields]


@pytest.fixture(scope="module")
def records(request):
    made = KINDS[request.param].fill()
    assert made.sentence() == ""
    return made


@pytest.mark.parametrize(("records", "name"), FIELDS, indirect=["records"])
def test_each_bit_of_each_field_is_named(records, name):
    assert records.misjudged(name) == []


@pytest.mark.parametrize("records", KINDS, indirect=True)
def test_each_reason_is_about_a_field(records, request):
    kind = request.node.callspec.params["records"]
    assert set(records.unseen) <= set(KINDS[kind].fields)


@pytest.mark.parametrize("records", ["zbud"], indirect=True)
def test_a_check_that_says_nothing_or_names_another_is_noticed(records):
    rows = records.tables["rows"]
    silent = records._replace(faults=lambda: iter(()))
    assert any("not seen" in line for line in silent.misjudged("rows.prev"))
    elsewhere = records._replace(tables=records.tables | {"rows": {row: set() for row in rows}})
    assert len(elsewhere.misjudged("rows.under_reclaim")) == 8 * len(rows)
    listed = records._replace(unseen={"rows.under_reclaim": records.unseen["pages.order"]})
    assert len(listed.misjudged("rows.under_reclaim")) == 8 * len(rows)
