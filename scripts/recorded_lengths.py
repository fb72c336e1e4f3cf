"""Write zbudlab/content/recorded_lengths.npz from recordings of running kernels.

Usage: scripts/recorded_lengths.py FILE... The names end in COMPRESSOR-CORPUS.gz. Where recordings
contradict each other, most decide: kernel 7 sometimes counts a page before the next is stored, and
its length then shows with that of the page before. 7 has the lengths of 6.1, except with zstd,
where they serve for pages that no recording shows.
"""

import sys
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np

from zbudlab.conformance.recording import (
    Recording,
    lengths_shown,
    read_recording,
    solve_by_totals,
)
from zbudlab.content import recorded
from zbudlab.layout import PAGE_SIZE

ROOT = Path(__file__).resolve().parent.parent
PAGES = 2048
Names = tuple[str, str, str]
Seen = dict[int, Counter[int]]  #: how often each length showed, by page


def table_of(seen: Seen) -> np.ndarray:
    """Return the length of each page that showed most often, of those that can be one."""
    table = np.full(PAGES, recorded.UNKNOWN, np.int16)
    for page, lengths in seen.items():
        possible = Counter({n: k for n, k in lengths.items() if 0 < n <= PAGE_SIZE}) or lengths
        table[page] = possible.most_common(1)[0][0]
        if len(possible) > 1:
            print(f"  page {page}: {dict(possible)}")
    return table


def all_shown(paths: list[Path]) -> dict[Names, list[Recording]]:
    """Read the recordings, by corpus, compressor and kernel."""
    found: dict[Names, list[Recording]] = defaultdict(list)
    for path in paths:
        recording = read_recording(path)
        compressor, corpus = path.name.removesuffix(".gz").split("-")[-2:]
        same_filled = recording.settings.get("same_filled_pages_enabled") != "N"
        if same_filled and not recording.limited:  # others have other lengths, or lose pages
            found[corpus, compressor, recording.kernel].append(recording)
    return found


def seen_in(recordings: dict[Names, list[Recording]]) -> dict[Names, Seen]:
    """Count the lengths that each kernel shows of each page."""
    seen: dict[Names, Seen] = defaultdict(lambda: defaultdict(Counter))
    for (corpus, compressor, kernel), some in recordings.items():
        for page, length in (pair for each in some for pair in lengths_shown(each).items()):
            seen[corpus, compressor, kernel][page][length] += 1
            if compressor != "zstd" and kernel == recorded.OLD and 0 < length < PAGE_SIZE:
                seen[corpus, compressor, recorded.NEW][page][length] += 1
    return seen


def complete(table: np.ndarray, older: np.ndarray, some: list[Recording], filled: int) -> None:
    """Add what the totals of recordings of 7 show, then what 6.1 had."""
    known = {page: int(n) for page, n in enumerate(table) if n != recorded.UNKNOWN}
    for recording in some:
        for page, length in solve_by_totals(recording, known).items():
            table[page] = length
    missing = table == recorded.UNKNOWN
    table[missing] = np.where(older == recorded.NO_BYTES, filled, older)[missing]


def main() -> int:
    """Read all recordings, and write what they show."""
    recordings = all_shown([*map(Path, sys.argv[1:])])
    tables = {names: table_of(seen) for names, seen in sorted(seen_in(recordings).items())}
    for names, table in tables.items():
        corpus, compressor, kernel = names
        if kernel == recorded.NEW:
            older = tables[corpus, compressor, recorded.OLD]
            complete(table, older, recordings[names], recorded.FILLED[compressor])
        for page, span in recorded.SOLVED.get(names, {}).items():
            table[page] = sum(span) // 2
        print(*names, "unknown:", np.flatnonzero(table == recorded.UNKNOWN).tolist())
    arrays = {recorded.key(*names): table for names, table in tables.items()}
    np.savez_compressed(ROOT / "zbudlab" / "content" / recorded.FILE, **arrays)
    return 0


if __name__ == "__main__":
    sys.exit(main())
