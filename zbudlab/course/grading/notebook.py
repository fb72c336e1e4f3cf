"""A submitted notebook as data: its exercise, the student number, the cells to run.

Nothing in it is run or compiled here.
"""

import json
from dataclasses import dataclass
from typing import Any

from zbudlab.course.contract import EXERCISES
from zbudlab.course.copying import course_folders
from zbudlab.course.grading.numbers import own_number

MAX_BYTES = 8 << 20
MAX_CELLS = 2000
MAX_TAGS = 100
USED = ("grade_id", "grade", "solution")  #: of nbgrader's metadata


class Unreadable(ValueError):
    """A submission that is not a notebook to be marked; the message says why."""


@dataclass(frozen=True)
class Notebook:
    """A submitted notebook.

    exercise: its name, or "" if the notebook does not say. student: the number, or 0. remarks:
    what is odd about that number.
    """

    exercise: str
    student: int
    cells: list[dict[str, Any]]
    remarks: tuple[str, ...] = ()

    def code(self) -> list[str]:
        """Return the text of all code cells, in order."""
        return [c["source"] for c in self.cells if c["cell_type"] == "code"]


def _text(source: Any) -> str:
    """Return the source of a cell, which may be a text or a list of lines."""
    parts = source if isinstance(source, list) else [source]
    if not all(isinstance(part, str) for part in parts):
        raise Unreadable("a cell whose source is not text")
    return "".join(parts).encode("utf-8", "replace").decode()  # unpaired surrogates are invalid


def _cell(raw: Any) -> dict[str, Any]:
    if not isinstance(raw, dict):
        raise Unreadable("a cell that is none")
    return {
        "cell_type": "code" if raw.get("cell_type") == "code" else "text",
        "source": _text(raw.get("source", "")),
        "metadata": _metadata(raw.get("metadata")),
        "outputs": _figures(raw.get("outputs")),
    }


def _metadata(raw: Any) -> dict[str, Any]:
    """Return what is used of a cell's metadata. The rest may be large and is not kept."""
    given = raw if isinstance(raw, dict) else {}
    graded, tags = given.get("nbgrader"), given.get("tags")
    found: dict[str, Any] = {}
    if isinstance(graded, dict):
        found["nbgrader"] = {n: graded[n] for n in USED if isinstance(graded.get(n), (str, int))}
    if isinstance(tags, list):
        found["tags"] = [tag for tag in tags[:MAX_TAGS] if isinstance(tag, str)]
    return found


def _figures(outputs: Any) -> list[dict[str, Any]]:
    """Return the figures among the outputs of a cell. Nothing else of them is used."""
    found = []
    for output in outputs if isinstance(outputs, list) else []:
        data = output.get("data") if isinstance(output, dict) else None
        image = data.get("image/png") if isinstance(data, dict) else None
        if isinstance(image, str):
            found.append({"data": {"image/png": image}})
    return found


def _document(data: bytes) -> dict[str, Any]:
    if len(data) > MAX_BYTES:
        raise Unreadable(f"the file has more than {MAX_BYTES >> 20} MB")
    try:
        document = json.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise Unreadable("the file is not text in UTF-8, as notebooks are") from None
    except (ValueError, RecursionError):
        raise Unreadable("the file is not JSON, as notebooks are") from None
    if not isinstance(document, dict) or not isinstance(document.get("cells"), list):
        raise Unreadable("the file is JSON but has no cells: it is not a notebook")
    if len(document["cells"]) > MAX_CELLS:
        raise Unreadable(f"the notebook has {len(document['cells'])} cells, more than {MAX_CELLS}")
    return document


def _language(document: dict[str, Any]) -> str:
    found: Any = document.get("metadata")
    for name in ("kernelspec", "language"):
        found = found.get(name) if isinstance(found, dict) else None
    return str(found or "python")


def _exercise(document: dict[str, Any], cells: list[dict[str, Any]]) -> str:
    """Return the exercise named in the metadata of a notebook or of its check cells."""
    metadata: Any = document.get("metadata")
    own = metadata.get("zbudlab") if isinstance(metadata, dict) else None
    told = own.get("exercise") if isinstance(own, dict) else None
    if told in EXERCISES:
        return str(told)
    for cell in cells:
        graded = cell["metadata"].get("nbgrader")
        name = str(graded.get("grade_id", "")) if isinstance(graded, dict) else ""
        if name.partition("-")[0] in EXERCISES:
            return name.partition("-")[0]
    return ""


def read(data: bytes) -> Notebook:
    """Return the notebook in the bytes of a file; Unreadable if there is none."""
    document = _document(data)
    if not _language(document).lower().startswith("python"):
        raise Unreadable(f"the notebook's kernel is for {_language(document)[:40]}, not for Python")
    cells = [_cell(raw) for raw in document["cells"]]
    code = [cell["source"] for cell in cells if cell["cell_type"] == "code"]
    number, remarks = own_number(code)
    return Notebook(_exercise(document, cells), number, cells, remarks)


def _tags(cell: dict[str, Any]) -> list[str]:
    tags = cell["metadata"].get("tags")
    return tags if isinstance(tags, list) else []


def _is_students(cell: dict[str, Any]) -> bool:
    """Return whether a released cell is one that students fill in."""
    graded = cell["metadata"].get("nbgrader")
    return "student" in _tags(cell) or bool(isinstance(graded, dict) and graded.get("solution"))


def _by_hand(cell: dict[str, Any]) -> str:
    """Return the name of a cell that the teacher marks, "" for others."""
    graded = cell["metadata"].get("nbgrader")
    if isinstance(graded, dict) and graded.get("solution") and graded.get("grade"):
        return str(graded.get("grade_id", ""))
    return ""


def released(exercise: str) -> Notebook:
    """Return the exercise as it was handed out."""
    folder = course_folders().get("exercises")
    path = folder / exercise / f"{exercise}.ipynb" if folder else None
    if path is None or not path.is_file():
        raise FileNotFoundError(f"there is no released notebook of {exercise}: run make exercises")
    return read(path.read_bytes())


def cells_to_run(notebook: Notebook, release: Notebook) -> list[str]:
    """Return what the grader runs: the release's setup, then the student's cells in order.

    Cells that were handed out to show and check results are left out if they are unchanged. So are
    cells that the teacher will mark (figures).
    """
    code = [cell for cell in release.cells if cell["cell_type"] == "code"]
    setup = [cell["source"] for cell in code if "setup" in _tags(cell)]
    handed_out = {cell["source"].strip() for cell in code if not _is_students(cell)}
    by_hand = {_by_hand(cell) for cell in code} - {""}
    mine = [
        cell["source"]
        for cell in notebook.cells
        if cell["cell_type"] == "code" and _by_hand(cell) not in by_hand
    ]
    own = [source for source in mine if source.strip() not in handed_out]
    return [source for source in [*setup, *own] if source.strip()]
