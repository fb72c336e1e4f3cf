"""Run notebooks and store them with their outputs, without what differs from run to run.

Write a prediction as `Prediction("question", answer, "why", ...)`, with a literal answer: running
encodes answer and reason, so that the source does not reveal them.

python scripts/notebooks.py notebooks/*.ipynb            run and rewrite
python scripts/notebooks.py --check notebooks/*.ipynb    only report which are not normalised
"""

import argparse
import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat

SIZE_LIMIT = 800_000  # bytes; a figure is there as SVG for two widths and as an image
#: The source of a prediction, which may have a name: results wait for it (`view.gate.after`).
PREDICTION = re.compile(r"(\w+ = )?Prediction(\.sealed)?\(")
PIECE = 76  #: characters of an encoded answer in a line of source
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
LANGUAGE = {"name": "python", "file_extension": ".py", "mimetype": "text/x-python"}
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": LANGUAGE,
}


def normalise(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Return the notebook without time stamps, widget state and random cell numbers.

    A widget keeps its text form, which shows without a kernel; a view would never finish loading.
    """
    own = {key: notebook.metadata[key] for key in ("zbudlab",) if key in notebook.metadata}
    notebook.metadata = nbformat.from_dict(METADATA | own)
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number:03d}"
        cell.metadata = nbformat.from_dict(_lasting(cell.metadata))
        if cell.cell_type == "code" and PREDICTION.match(cell.source):
            _hide_source(cell)
        for output in cell.get("outputs", []):
            output.get("data", {}).pop(WIDGET_VIEW, None)
    return notebook


def _hide_source(cell: nbformat.NotebookNode) -> None:
    """Hide the source of a prediction, which has its answer, in JupyterLab and on the site."""
    cell.metadata["jupyter"] = {"source_hidden": True}
    cell.metadata["tags"] = sorted({*cell.metadata.get("tags", []), "remove-input"})


def sealed(source: str) -> str:
    """Return the source of a prediction with its answer and reason encoded."""
    from zbudlab.view.prediction import seal

    tree = ast.parse(source).body
    call = tree[0].value  # type: ignore[attr-defined]
    named = "" if isinstance(tree[0], ast.Expr) else f"{ast.unparse(tree[0].targets[0])} = "  # type: ignore[attr-defined]
    question, answer, why = call.args
    code = seal(ast.literal_eval(answer), ast.literal_eval(why))
    pieces = "".join(f'"{code[at : at + PIECE]}"\n' for at in range(0, len(code), PIECE))
    settings = "".join(f"{ast.unparse(setting)},\n" for setting in call.keywords)
    asked = ast.get_source_segment(source, question)
    written = f"{named}Prediction.sealed(\n{asked},\n{pieces},\n{settings})\n"
    command = [sys.executable, "-m", "ruff", "format", "--line-length=100", "-"]
    done = subprocess.run(command, input=written, capture_output=True, text=True, check=True)
    shown = f"\n{named.removesuffix(' = ')}" if named else ""
    return done.stdout.rstrip("\n") + shown


def _lasting(metadata: dict) -> dict:
    """Return the cell metadata that an author wrote: tags, grading, hidden source."""
    return {key: metadata[key] for key in ("tags", "nbgrader", "jupyter") if metadata.get(key)}


def run(path: Path) -> None:
    """Run a notebook from top to bottom, in its own folder, and store it only if it succeeds."""
    from nbclient import NotebookClient

    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code" and (asked := PREDICTION.match(cell.source)) and not asked[2]:
            cell.source = sealed(cell.source)
    resources = {"metadata": {"path": str(path.parent)}}
    NotebookClient(notebook, timeout=300, kernel_name="python3", resources=resources).execute()
    unfinished = path.with_suffix(".ipynb.part")
    unfinished.write_text(_text(normalise(notebook)), encoding="utf-8", newline="\n")
    os.replace(unfinished, path)


def faults(path: Path) -> list[str]:
    """Return a sentence for each reason why a notebook cannot be stored as it is."""
    text = path.read_text(encoding="utf-8")
    notebook = nbformat.reads(text, as_version=4)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]
    found = []
    if any(cell.execution_count is None for cell in cells):
        found.append(f"{path}: has cells that never ran")
    if any(output.output_type == "error" for cell in cells for output in cell.outputs):
        found.append(f"{path}: has an error in a stored output")
    if text != _text(normalise(notebook)):
        found.append(f"{path}: is not normalised (make notebooks does it)")
    if path.stat().st_size > SIZE_LIMIT:
        found.append(f"{path}: is {path.stat().st_size} bytes long, over {SIZE_LIMIT}")
    return found


def _text(notebook: nbformat.NotebookNode) -> str:
    """Return a notebook as the text of its file."""
    return nbformat.writes(notebook).rstrip("\n") + "\n"


def main() -> int:
    """Run or check the notebooks; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="run nothing, exit with 1 on a fault")
    parser.add_argument("notebooks", nargs="+", type=Path)
    arguments = parser.parse_args()
    found: list[str] = []
    for path in arguments.notebooks:
        if not arguments.check:
            print(f"notebooks: running {path}", flush=True)
            run(path)
        found += faults(path)
    print("\n".join(found), file=sys.stderr, end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
