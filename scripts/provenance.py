"""Write tests/data/SHA256SUMS, or with --check compare the files with it.

The sums say *which* bytes the tests rely on; PROVENANCE.md says folder by folder where they
come from. `sha256sum --check SHA256SUMS` inside tests/data reads the same file.
"""

import argparse
import hashlib
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SUMS_NAME = "SHA256SUMS"


def sums_text(data: Path) -> str:
    """Return the text of SHA256SUMS for a folder: `digest  path` per file, sorted by path."""
    files = sorted(
        path.relative_to(data).as_posix()
        for path in data.rglob("*")
        if path.is_file() and path.name != SUMS_NAME
    )
    return "".join(
        f"{hashlib.sha256((data / name).read_bytes()).hexdigest()}  {name}\n" for name in files
    )


def differences(data: Path) -> list[str]:
    """Return a sentence for each file that is new, missing or changed since SHA256SUMS."""
    sums = data / SUMS_NAME
    recorded = _by_path(sums.read_text(encoding="utf-8") if sums.exists() else "")
    present = _by_path(sums_text(data))
    changed = {name for name in recorded.keys() & present if recorded[name] != present[name]}
    return (
        [f"{name} is not in {SUMS_NAME}" for name in sorted(present.keys() - recorded.keys())]
        + [f"{name} is in {SUMS_NAME} and missing" for name in sorted(recorded.keys() - present)]
        + [f"{name} has changed" for name in sorted(changed)]
    )


def places_without_origin(data: Path, provenance: Path) -> list[str]:
    """Return the folders of files, and files in no folder, that PROVENANCE.md does not name.

    It names them from tests/data/ down, a folder with a slash at its end: `zbud-plain/`.
    """
    text = provenance.read_text(encoding="utf-8")
    files = (path.relative_to(data) for path in data.rglob("*") if path.is_file())
    places = {
        path.name if path.parent == Path() else f"{path.parent.as_posix()}/" for path in files
    }
    return sorted(place for place in places - {SUMS_NAME} if not _named(place, text))


def _named(place: str, text: str) -> bool:
    """Return whether a text names a file, a folder, or a folder that contains it."""
    parts = place.rstrip("/").split("/")
    folders = ("/".join(parts[:depth]) + "/" for depth in range(1, len(parts) + 1))
    return any(f"`{name}`" in text for name in (place, *folders))


def _by_path(text: str) -> dict[str, str]:
    """Return the digests of a SHA256SUMS file by path."""
    pairs = (line.split("  ", 1) for line in text.splitlines())
    return {path: digest for digest, path in pairs}


def main() -> int:
    """Write the sums, or check them and report differences; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--check", action="store_true", help="write nothing, exit with 1 if they differ"
    )
    arguments = parser.parse_args()
    data = ROOT / "tests" / "data"
    if not arguments.check:
        (data / SUMS_NAME).write_text(sums_text(data), encoding="utf-8", newline="\n")
    faults = differences(data) + [
        f"PROVENANCE.md does not say where {name} comes from"
        for name in places_without_origin(data, ROOT / "PROVENANCE.md")
    ]
    print("\n".join(faults), file=sys.stderr, end="\n" if faults else "")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
