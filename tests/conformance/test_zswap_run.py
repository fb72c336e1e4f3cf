"""Recordings of running kernels through the lab: counters after every operation.

Also tests `conformance/recording.py`, `conformance/recorded_pages.py`, `conformance/run7.py`,
`conformance/run61.py` and `content/recorded.py`.
"""

import gzip
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.cli.calls import answer, refusal
from zbudlab.conformance import recorded_pages
from zbudlab.conformance.recorded_pages import PageLengths
from zbudlab.conformance.recording import lengths_shown, read_recording
from zbudlab.conformance.run7 import Run7, limits_that_fit, version_of
from zbudlab.conformance.trace import TraceError
from zbudlab.conformance.zswap_run import run_recording
from zbudlab.content import recorded
from zbudlab.mm.inspection import first_fault

FOLDER = Path(__file__).parents[1] / "data" / "recordings"
ALL = sorted(path.name for path in FOLDER.glob("*.gz"))
LIMITED = [name for name in ALL if "-limit-" in name]
BY_CHANCE = {"z3fold-lzo-text.gz": 7, "z3fold-lz4-mixed.gz": 0}  #: readings of the pool's size
#: The part of the operations at the limit that may be decided otherwise: a page more or less in the
#: pool decides, and when the shrink work ran between two files of counters is not recorded.
BAND = 0.02
BATCH_AND_ZSPAGE = 40


def rows(name):
    text = gzip.decompress((FOLDER / name).read_bytes()).decode()
    return text.splitlines()


def written(folder, lines):
    (folder / "run").write_text("\n".join(lines) + "\n")
    return folder / "run"


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in ALL if name not in (*LIMITED, *BY_CHANCE)])
def test_no_counter_differs(name):
    result = run_recording(FOLDER / name)
    assert result.differences == []
    assert result.operations == sum(line[0].isdigit() for line in rows(name))


@pytest.mark.slow
@pytest.mark.parametrize("name", BY_CHANCE)
def test_z3folds_work_releases_a_page_earlier_or_later_at_times(name):
    result = run_recording(FOLDER / name)
    assert len(result.differences) == BY_CHANCE[name]
    assert all(text.count("pool_pages") == 1 for text in result.differences)
    assert not any("stored" in text or "same" in text for text in result.differences)


@pytest.mark.slow
@pytest.mark.parametrize("name", LIMITED)
def test_the_limit_is_kept_within_a_band(name):
    result = run_recording(FOLDER / name)
    assert len(result.differences) <= BAND * result.operations


@pytest.mark.parametrize("name", [name for name in ALL if name[0] == "7"])
def test_the_version_follows_from_the_limit_and_not_from_the_name(name, tmp_path):
    recording = read_recording(written(tmp_path, rows(name)))
    if "-limit-" in name:
        assert version_of(recording, None) == name[:3]
    else:  # both follow the same rules
        assert Run7(recording).notes == ["zswap and zsmalloc of 7.2 and 7.3"]
    assert version_of(recording, "7.2") == "7.2"


@pytest.mark.slow
def test_the_batch_of_the_other_version_is_noticed():
    result = run_recording(FOLDER / "7.3-limit-lz4-mixed.gz", "7.2")
    assert len(result.differences) > BAND * result.operations


def test_a_changed_counter_is_one_difference(tmp_path):
    lines = rows("7.3-zstd-half.gz")[:400]
    path = written(tmp_path, lines)
    assert run_recording(path).differences == []
    at = next(i for i, line in enumerate(lines) if line.startswith("1 0 200 "))
    words = lines[at].split()
    words[6] = str(int(words[6]) + 1)
    result = run_recording(written(tmp_path, [*lines[:at], " ".join(words), *lines[at + 1 :]]))
    assert len(result.differences) == 1
    assert f"line {at + 1}: pool_pages {words[6]}, here" in result.differences[0]


def test_another_size_of_zsmalloc_at_the_end_of_a_phase_is_a_difference(tmp_path):
    lines = rows("zsmalloc-lz4-mixed.gz")
    at = next(i for i, line in enumerate(lines) if line.startswith("#snap after store all"))
    changed = lines[at].replace("nr_zspages 884", "nr_zspages 885")
    result = run_recording(written(tmp_path, [*lines[:at], changed]))
    assert [text.split(": ", 1)[1] for text in result.differences] == [
        "zsmalloc had 885 pages, here 884"
    ]


def at_random_moments(recording, seed):
    """Return the rows again as they would be had the shrink work run at other moments.

    The counters of a row are read one after another, and the work may go on in between.
    """
    chosen, run, lengths = np.random.default_rng(seed), Run7(recording), PageLengths(recording)
    rows = recording.rows.copy()
    column = recording.columns.index

    def go_on(pages):
        for _ in range(pages):
            run.go_on()

    for at, (_, _, page, content) in enumerate(rows[:-1, :4].tolist()):
        run.store(page, lengths.of(content, at, run))
        pages = int(chosen.choice((0, chosen.integers(8, 22), 120), p=(0.55, 0.38, 0.07)))
        between = int(chosen.integers(pages + 1)) if chosen.random() < 0.3 else 0
        go_on(pages - between)
        for name, value in run.counted().items():
            if name == "pool_pages":
                go_on(between)
                value = run.zspages()
            rows[at, column(name)] = value
        rows[at, column("limit_hit")] = run.zswap.counters()["pool_limit_hit"]
    return rows


@pytest.mark.slow
@pytest.mark.parametrize("name", LIMITED)
def test_the_band_holds_whenever_the_work_runs(name, tmp_path):
    recording = read_recording(FOLDER / name)
    changed = [" ".join(map(str, row)) for row in at_random_moments(recording, 1).tolist()]
    heads = [line for line in rows(name) if line.startswith(("#param", "#columns"))]
    result = run_recording(written(tmp_path, heads + changed))
    assert result.operations == len(changed)
    assert len(result.differences) <= BAND * result.operations


@pytest.fixture
def nearly_full():
    """A pool between the threshold and the limit, which no page has found full."""
    recording = read_recording(FOLDER / "7.3-limit-lz4-mixed.gz")
    run, lengths = Run7(recording), PageLengths(recording)
    for at, (_, _, page, content) in enumerate(recording.rows[:2200, :4].tolist()):
        run.store(page, lengths.of(content, at, run))
    return run


def test_work_that_went_on_in_the_kernel_is_started_again(nearly_full):
    held = nearly_full.counted()["stored"]
    assert not nearly_full.catch_up(held - BATCH_AND_ZSPAGE, 0)
    assert nearly_full.counted()["stored"] == held
    assert nearly_full.catch_up(held - 100, 0, held - 100)
    assert nearly_full.counted()["stored"] == held - 100
    assert first_fault(nearly_full.state) is None


def test_work_goes_on_for_frames_but_not_below_what_the_kernel_had_left(nearly_full):
    held, frames = nearly_full.counted()["stored"], nearly_full.zspages()
    nearly_full.catch_up(held - 100, frames, held - 100)
    nearly_full.catch_up(held - 110, 0, held - 130)
    assert nearly_full.counted()["stored"] == held - 130


def test_a_decision_at_the_limit_counts_once(nearly_full):
    held = nearly_full.counted()["stored"]
    assert not nearly_full.let_in()
    assert nearly_full.shut_out()
    assert not nearly_full.shut_out()  # it is full now
    assert nearly_full.let_in(held)
    assert not nearly_full.let_in(held)  # and is not full now
    assert nearly_full.counted()["stored"] == held


def test_all_is_in_order_at_the_limit():
    recording = read_recording(FOLDER / "7.3-limit-lz4-mixed.gz")
    recording.rows = recording.rows[:2300]
    run, lengths = Run7(recording), PageLengths(recording)
    for at, (_, _, page, content) in enumerate(recording.rows[:, :4].tolist()):
        run.store(page, lengths.of(content, at, run))
        run.catch_up(int(recording.column("stored")[at]), int(recording.column("pool_pages")[at]))
    assert run.zswap.counters()["written_back_pages"] > 200
    assert first_fault(run.state) is None


# --- lengths -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name in ALL if "nosame" not in name])
def test_the_content_is_recognised_without_the_name(name, tmp_path):
    lengths = PageLengths(read_recording(written(tmp_path, rows(name))))
    assert lengths.corpus == name.removesuffix(".gz").split("-")[-1]


def test_lengths_are_those_of_the_next_store():
    shown = lengths_shown(read_recording(FOLDER / "7.3-churn-lz4-text.gz"))
    assert [shown[page] for page in range(3)] == [2497, 2555, 2732]
    assert 2047 not in lengths_shown(read_recording(FOLDER / "7.3-zstd-half.gz"))


def test_the_sum_of_two_pages_is_no_length():
    """A row that was read late shows its page with the next one, here in 4000 bytes more."""
    recording = read_recording(FOLDER / "7.3-churn-lz4-text.gz")
    shown, column = lengths_shown(recording), recording.columns.index("zswap_bytes")
    rows = recording.rows.copy()
    late = np.flatnonzero(recording.column("op") == 0)[500:1500:100]
    rows[late, column] -= 4000
    again = lengths_shown(replace(recording, rows=rows))
    assert len(again) > len(shown) - 3 * len(late)
    assert {page: shown[page] for page in again} == again


def test_what_no_recording_shows_is_printed_as_solved():
    lines = list(run_recording(FOLDER / "7.2-zstd-text.gz").lines())
    assert "solved from the pool's size: page 2047, 1632 to 1672 bytes all fit" in lines
    assert lines[-1] == "6175 operations, 0 differences"


def test_a_page_that_nothing_is_known_of_is_solved_from_the_growth_of_the_pool(monkeypatch):
    monkeypatch.setattr(recorded, "recorded_lengths", lambda *names: None)
    assert recorded_pages.recorded is recorded
    result = run_recording(FOLDER / "7.3-zstd-half.gz")
    assert result.notes[0].startswith("content: not recognised")
    assert result.solved == ["solved from the pool's growth: page 2047, taken as 936 bytes"]
    assert result.differences == []


def test_the_tables_are_whole():
    for corpus in recorded.CORPORA:
        for compressor in recorded.FILLED:
            for kernel in (recorded.OLD, recorded.NEW):
                table = recorded.recorded_lengths(corpus, compressor, kernel)
                assert table.shape == (2048,)
                assert np.all((table >= 0) & (table <= recorded.TOO_LONG))


# --- settings and mistakes ---------------------------------------------------------------------


def test_the_limit_follows_from_the_first_refusal(tmp_path):
    recording = read_recording(FOLDER / "7.3-limit-lz4-mixed.gz")
    low, high = limits_that_fit(recording)
    assert low <= 1491 <= high
    assert Run7(recording).notes == ["zswap and zsmalloc of 7.3"]
    lines = [line.replace("max_pool_percent 1", "max_pool_percent 2") for line in rows(ALL[0])]
    assert Run7(read_recording(written(tmp_path, lines))).notes[0].startswith("zswap and zsmalloc")


BAD = [
    (["1 0 0 0"], "line 1: a row comes before the line with the columns"),
    (["#columns a b"], "line 1: the columns are those of no known kernel"),
    (["#param zpool zbud"], "run is not a recording: it has no row of counters"),
]
COLUMNS = "#columns phase op page content stored same pool_pages zswap_bytes compress_poor "
COLUMNS += "written_back slot"
ROW = "1 0 0 0 0 0 0 0 0 0 0"
BAD += [
    ([COLUMNS, "1 0 0 0"], "line 2: a row has 11 numbers"),
    ([COLUMNS, "1 0 0 x 0 0 0 0 0 0 0"], "line 2: whole numbers are needed"),
    ([COLUMNS, "1 7 0 0 0 0 0 0 0 0 0"], "line 2: no such operation, page or content"),
    ([COLUMNS, f"1 0 {1 << 30} 0 0 0 0 0 0 0 0"], "line 2: no such operation, page or content"),
    ([COLUMNS, f"1 0 0 0 0 0 {10**30} 0 0 0 0"], "line 2: numbers are smaller than"),
    (["#before /sys/kernel/debug/zswap/pool_total_size:"], "line 1: whole numbers are needed"),
    (["#snap nr_zspages nr_zspages x"], "line 1: whole numbers are needed"),
    (["#param max_pool_percent x", COLUMNS, ROW], "max_pool_percent must be a whole number"),
    ([f"#param accept_threshold_percent {10**30}", COLUMNS, ROW], "must be a whole number"),
    (["#param zpool slab", COLUMNS, "1 0 0 0 0 0 0 0 0 0 0"], "is of slab, which the lab does not"),
]


@pytest.mark.parametrize(("lines", "why"), BAD)
def test_a_file_that_is_no_recording_gets_one_sentence(lines, why, tmp_path):
    with pytest.raises(TraceError, match=why):
        run_recording(written(tmp_path, lines))


def test_a_number_that_is_no_length_is_solved_instead(tmp_path):
    lines = rows("zsmalloc-lz4-mixed.gz")[:60]
    words = lines[40].split()
    words[7] = str(10**9)
    result = run_recording(written(tmp_path, [*lines[:40], " ".join(words), *lines[41:]]))
    assert result.operations == sum(line[0].isdigit() for line in lines)


def test_a_recording_of_61_takes_no_version():
    with pytest.raises(TraceError, match=r"is a recording of 6\.1 and takes no version"):
        run_recording(FOLDER / "zsmalloc-lz4-mixed.gz", "7.2")


def test_an_unknown_version_is_refused():
    with pytest.raises(TraceError, match=r"must be one of 7\.2, 7\.3, not 6\.1"):
        run_recording(FOLDER / "7.3-zstd-half.gz", "6.1")


class TestTheCommand:
    def test_prints_the_counts_last(self, capsys, tmp_path):
        path = written(tmp_path, rows("7.3-zstd-half.gz")[:300])
        code, out, err = answer(capsys, "replay", "zswap-run", str(path))
        assert (code, err) == (0, "")
        assert out.splitlines()[-1] == "281 operations, 0 differences"

    def test_takes_no_expected_answers(self, capsys, tmp_path):
        path = str(FOLDER / ALL[0])
        assert "has the kernel's counters in it" in refusal(
            capsys, tmp_path, "replay", "zswap-run", path, "--expect", path
        )

    def test_takes_a_version_and_no_chain(self, capsys, tmp_path):
        path = str(FOLDER / ALL[0])
        assert "--chain is for zsmalloc-7" in refusal(
            capsys, tmp_path, "replay", "zswap-run", path, "--chain", "4"
        )
