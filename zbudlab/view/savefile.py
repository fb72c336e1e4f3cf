"""Save figures to files in the format given by the file name."""

from pathlib import Path

from matplotlib.backend_bases import FigureCanvasBase
from matplotlib.figure import Figure

from zbudlab.io.files import OutputError, check_writable, written_whole
from zbudlab.view.look.tokens import colour


def _kind(path: str | Path) -> str:
    return Path(path).suffix[1:].lower() or "png"


def check_picture(path: str | Path) -> None:
    """Raise OutputError if a picture cannot be written to `path`. Call this before drawing."""
    kinds = FigureCanvasBase.get_supported_filetypes()
    if _kind(path) not in kinds:
        raise OutputError(f"cannot draw {path}: the name must end in .{', .'.join(sorted(kinds))}")
    check_writable(path)


def save(figure: Figure, path: str | Path) -> None:
    """Write a figure to a file atomically, on white paper, so that dark viewers keep it legible."""
    with written_whole(path) as file:
        figure.savefig(file, format=_kind(path), facecolor=colour("paper"))
