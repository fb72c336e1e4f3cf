"""The notebooks and exercises of the package, and how to copy them."""

from collections.abc import Callable
from pathlib import Path

from zbudlab.io.arguments import checked
from zbudlab.io.files import written_whole

PARTS = ("notebooks", "exercises")


def course_folders() -> dict[str, Path]:
    """Return the folders of notebooks and exercises in an installed package or a checkout.

    A part that this installation lacks is left out.
    """
    installed = Path(__file__).parent / "files"
    checkout = Path(__file__).parents[2]
    base = installed if installed.is_dir() else checkout
    return {part: base / part for part in PARTS if (base / part).is_dir()}


@checked()
def copy_course(directory: str | Path, say: Callable[[str], None] = print) -> list[Path]:
    """Copy the notebooks and exercises into `directory` and return the files written.

    Existing files are never overwritten; `say` gets one sentence for each one that differs from
    the course's file. The directory is created if necessary. Raises NotADirectoryError if
    `directory` is a file, FileNotFoundError if the package has no course, and OSError if a file
    cannot be written.
    """
    target = Path(directory)
    if target.exists() and not target.is_dir():
        raise NotADirectoryError(f"cannot copy the course to {target}: it is not a folder")
    folders = course_folders()
    if not folders:
        raise FileNotFoundError("this installation of zbudlab holds no notebooks and no exercises")
    written = []
    for part, folder in folders.items():
        for source in _course_files(folder):
            copy = target / part / source.relative_to(folder)
            if not copy.exists():
                copy.parent.mkdir(parents=True, exist_ok=True)
                with written_whole(copy) as file:
                    file.write(source.read_bytes())
                written.append(copy)
            elif copy.read_bytes() != source.read_bytes():
                say(f"kept {copy}: it differs from the course's; move it away to get that one")
    return written


def _course_files(folder: Path) -> list[Path]:
    """Return the files of one part, without leftovers of editors and Python."""
    return sorted(
        path
        for path in folder.rglob("*")
        if path.is_file()
        and not any(
            name.startswith((".", "__pycache__")) for name in path.relative_to(folder).parts
        )
    )
