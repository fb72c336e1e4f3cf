"""Tables, CSV and Parquet: columns by name, bad rows named; also the tests of csvlines.py."""

import numpy as np
import pandas as pd
import pytest

from tests.traces.samples import written
from zbudlab import traces
from zbudlab.io.streams import TraceError
from zbudlab.traces import csvlines


def table_of(folder, text, columns=traces.BLOCK_COLUMNS, **more):
    """What a table holds, by column, and its malformed lines."""
    path = folder / "table.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    table = traces.Table(path, columns, **more)
    batches = list(table)
    whole = {name: np.concatenate([b[name] for b in batches]).tolist() for name in batches[0]}
    return whole, table.malformed


def test_a_quote_that_is_not_closed_takes_one_line(tmp_path):
    rows = "".join(f"alloc,{n},task\n" for n in range(20000))
    text = 'event,pfn,comm\nfree,1,"x\n' + rows + '\nfree,2,"a\nb"\nfree,3,"y"\n'
    for block in (1 << 22, 1000):
        found, malformed = table_of(tmp_path, text, block=block)
        assert found["pfn"] == [*range(20000), 3]
        assert malformed.named == [
            (2, 'free,1,"x (a quote is not closed)'),
            (20004, 'free,2,"a (a quote is not closed)'),
            (20005, 'b" (1 columns, not 3)'),
        ]


QUOTED = '"pfn","event","comm"\n"1","free","a ""b"" c, d"\n2,alloc,a"b\n"3","",""\n4,free,""""\n'


def test_quoted_values_are_read_as_they_stand(tmp_path):
    found, malformed = table_of(tmp_path, QUOTED)
    assert (found["pfn"], found["event"]) == ([1, 2, 4], [0, 1, 0])
    assert malformed.lines() == ["""line 4: '"3","",""'"""]
    found, malformed = table_of(tmp_path, 'page\n1\n"2\n3\n4,5\n', traces.PAGE_COLUMNS)
    assert (found["page"], malformed.count) == ([1, 3], 2)


def some_lines(rng):
    """Lines of values that are quoted in all ways, and lines of quotes and commas anywhere."""
    values = ['"x"', "x", '"1,2"', '""', '"a""b"', "", '" q"', '"\xff"', "x y"]
    for _ in range(rng.integers(1, 5)):
        if rng.random() < 0.6:
            yield ",".join(rng.choice(values, 3))
        else:
            yield "".join(rng.choice(list('",ab \r'), rng.integers(0, 9)))


def test_lines_that_arrow_reads_have_the_values_that_the_csv_module_finds(monkeypatch):
    rng, fast = np.random.Generator(np.random.PCG64(3)), 0
    for _ in range(3000):
        text = "\n".join(some_lines(rng)) + str(rng.choice(["\n", "\r\n", ""]))
        answers = []
        for well_quoted in (csvlines._well_quoted, lambda block: False):
            with monkeypatch.context() as patch:
                patch.setattr(csvlines, "_well_quoted", well_quoted)
                found = csvlines.parsed(text.encode("latin-1"), ["a", "b", "c"], ["a", "c"], 0)
            plain = {name: [v.replace(",", ";") for v in values]
                     for name, values in found.rows.to_pydict().items()}  # fmt: skip
            answers.append((plain, found.passed))
        assert answers[0] == answers[1], text
        fast += csvlines._well_quoted(text.encode("latin-1")) and '"' in text
    assert fast > 500


def test_a_row_that_cannot_be_read_is_malformed_and_the_others_are_read(tmp_path):
    text = b"event,pfn,other\nalloc,1,7\nalloc,+5,7\nalloc,\xff2,7\nfree,3,\xff\nfree,4,hello\n"
    found, malformed = table_of(tmp_path, text, block=20)
    assert found["pfn"] == [1, 3, 4]
    assert malformed.lines() == ["line 3: 'alloc,+5,7'", "line 4: 'alloc,\ufffd2,7'"]


@pytest.mark.parametrize(
    "row",
    ["5,1,0,0,1", "-1,1,0,0,1", "0,4503599627370497,0,0,1", "0,1,32,0,1", "0,1,0,99,1",
     "0,1,0,0,1e99", "0,1,0,0,99999999999", "0,1.5,0,0,1", "0,,0,0,1"],
)  # fmt: skip
def test_blocks_that_cannot_be_are_malformed(tmp_path, row):
    text = f"event,pfn,order,migratetype,time\n1,1,1,1,0.5\n{row}\n"
    found, malformed = table_of(tmp_path, text)
    assert found == {"event": [1], "pfn": [1], "order": [1], "migratetype": [1], "time": [0.5]}
    assert malformed.named == [(3, row)]


@pytest.mark.parametrize("row", ["1,5,100", "1,1,4294967396", "1,-1,100", "-2,0,1", "1.5,0,1"])
def test_uses_of_pages_that_cannot_be_are_malformed(tmp_path, row):
    found, malformed = table_of(tmp_path, f"page,write,length\n{row}\n", traces.PAGE_COLUMNS)
    assert (found["page"], malformed.named) == ([], [(2, row)])


def test_fractions_in_a_parquet_file_are_no_pages(tmp_path):
    rows = pd.DataFrame({"page": [1.0, 1.5, None, 3.0, 1e300], "write": [True] * 5})
    rows.to_parquet(tmp_path / "pages.parquet")
    table = traces.Table(tmp_path / "pages.parquet", traces.PAGE_COLUMNS)
    assert [batch["page"].tolist() for batch in table] == [[1, 3]]
    assert [number for number, _ in table.malformed.named] == [3, 4, 6]


def test_a_table_without_the_columns_is_refused(tmp_path):
    path = written(tmp_path, "pfn,when\n1,2\n", "t.csv")
    with pytest.raises(TraceError, match="no column 'event', only pfn, when"):
        traces.replay("blocks", path)
    with pytest.raises(TraceError, match=r"t\.csv: .*no column 'page'"):
        traces.replay("pages", path)
    with pytest.raises(TraceError, match=r"t\.csv: there are 2 columns 'page'"):
        traces.replay("pages", written(tmp_path, "page,page\n1,2\n", "t.csv"))
    for empty in ("", "\n\n"):
        with pytest.raises(TraceError, match=r"t\.csv: there is no line of names"):
            traces.replay("pages", written(tmp_path, empty, "t.csv"))
