"""Build the static site: the course with its outputs, the guides, a page for every public function.

python scripts/site.py [FOLDER [MODULE ...]]     (default: build/site and all modules)

Needs the extra `site`. What is built needs no kernel and no network.
"""

import importlib
import inspect
import json
import os
import pkgutil
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from scripts import landing  # noqa: E402

SOURCES = ROOT / "build" / "site-sources"
FOLDERS = ("notebooks", "docs", "exercises", "findings")
LEFT_OUT = ("*.py", "*.toml", "*.csv", "*.parquet", "__pycache__", ".ipynb_checkpoints")
PAGES = ("README.md", "PROVENANCE.md", "solutions/README.md", "tests/data/README.md")
FEW, MANY = 3, 24  #: pictures drawn ahead for the knobs of a view: of a sample, of the whole site
HINT = "<p>Run this cell to make it live.</p>"  #: below stored views; here they are live
#: Modules whose functions are for the package's own use.
OWN_USE = ("zbudlab.cli", "zbudlab.__main__", "zbudlab.course.probes")

INDEX = """# zbudlab

```{{include}} README.md
:start-after: "# zbudlab"
:end-before: "## Where things are"
```

```{{toctree}}
:caption: The course
:maxdepth: 1
:hidden:

{notebooks}
```

```{{toctree}}
:caption: Guides
:maxdepth: 1
:hidden:

{guides}
reference
```

```{{toctree}}
:caption: Exercises
:maxdepth: 1
:hidden:

{exercises}
```

```{{toctree}}
:caption: Findings
:maxdepth: 1
:hidden:

{findings}
```
"""

REFERENCE = """Reference
=========

Every public function, by module. The modules of ``zbudlab.mm`` and their functions are named as in
Linux.

.. autosummary::
   :toctree: api

{modules}
"""


def public_modules() -> list[str]:
    """The names of all modules of the package that a user may call, in order."""
    import zbudlab

    found = ["zbudlab.machine"]
    for module in pkgutil.walk_packages(zbudlab.__path__, "zbudlab."):
        own_use = module.name.startswith(OWN_USE) or "._" in module.name
        if not own_use and module.name not in found:
            found.append(module.name)
    return found


def public_functions(module: str) -> list[str]:
    """The names of the functions and classes that a module itself defines."""
    loaded = importlib.import_module(module)
    return [
        name
        for name, value in vars(loaded).items()
        if not name.startswith("_")
        and (inspect.isroutine(value) or inspect.isclass(value))
        and getattr(value, "__module__", "") == module
    ]


def gather(modules: list[str]) -> None:
    """Put all sources of the site into one folder; `modules` are those with reference pages."""
    shutil.rmtree(SOURCES, ignore_errors=True)
    shutil.copytree(ROOT / "site", SOURCES)
    for folder in FOLDERS:
        shutil.copytree(ROOT / folder, SOURCES / folder, ignore=shutil.ignore_patterns(*LEFT_OUT))
    for page in PAGES:
        (SOURCES / page).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / page, SOURCES / page)
    index = INDEX.format(
        notebooks=entries("notebooks/*.ipynb", numbered=True),
        guides=entries("docs/*.md", "solutions/README.md", "tests/data/README.md", "PROVENANCE.md"),
        exercises=entries("exercises/*/*.ipynb"),
        findings=entries("findings/README.md", "findings/[!R]*.md"),
    )
    (SOURCES / "contents.md").write_text(index, encoding="utf-8")
    (SOURCES / "extra").mkdir(exist_ok=True)
    (SOURCES / "extra" / "index.html").write_text(landing.page(), encoding="utf-8")
    (SOURCES / "_static" / "tokens.css").write_text(landing.theme("body"), encoding="utf-8")
    for picture in sorted((ROOT / "docs").rglob("*.png")) + sorted((ROOT / "docs").glob("*.svg")):
        copy = SOURCES / "extra" / picture.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(picture, copy)
    live(SOURCES / "extra" / "live", FEW if modules != public_modules() else MANY)
    inline_pictures()
    listed = "\n".join(f"   {name}" for name in modules)
    (SOURCES / "reference.rst").write_text(REFERENCE.format(modules=listed), encoding="utf-8")


def inline_pictures() -> None:
    """Put drawings into the pages that show them, so that they follow the site's theme."""
    from zbudlab.view.look.svgfile import inline

    for page in (
        path for folder in ("docs", "findings") for path in (SOURCES / folder).glob("*.md")
    ):

        def drawn(found: re.Match[str], folder: Path = page.parent) -> str:
            picture = (folder / found[2]).read_text("utf-8")
            return f'```{{raw}} html\n<div class="zb-drawn">{inline(picture)}</div>\n```'

        text = re.sub(r"!\[([^]]*)\]\((\S+\.svg)\)", drawn, page.read_text("utf-8"))
        page.write_text(text, "utf-8")


def live(folder: Path, pictures: int) -> None:
    """Write the scripts of the live views and put the views into the notebooks.

    pictures: drawn ahead for the knobs of a view. The scripts run with numba's compiler, in other
    processes.
    """
    with_compiler = {k: v for k, v in os.environ.items() if k != "NUMBA_DISABLE_JIT"}
    found = [*(ROOT / "notebooks").glob("*.ipynb"), *(ROOT / "exercises").glob("*/*.ipynb")]
    notebooks = map(str, sorted(found))
    for command in (
        ["live.py", str(folder)],
        ["livepages.py", "--pictures", str(pictures), str(folder), *notebooks],
    ):
        script = str(ROOT / "scripts" / command[0])
        subprocess.run([sys.executable, script, *command[1:]], env=with_compiler, check=True)
    for page, made in json.loads((folder / "places.json").read_text("utf-8")).items():
        _put(SOURCES / f"{page}.ipynb", made["places"])


def _put(path: Path, places: list[tuple[int, int, str]]) -> None:
    """Put live views into a notebook, each around the stored output that it replaces."""
    notebook = json.loads(path.read_text("utf-8"))
    for cell, output, element in places:
        outputs = notebook["cells"][cell]["outputs"]
        if output < 0:
            outputs.append({"output_type": "display_data", "metadata": {}, "data": {}})
        data = outputs[output]["data"]
        still = "".join(data.get("text/html", "")).replace(HINT, "")
        data.clear()
        data["text/html"] = element.replace("@still", still)
    path.write_text(json.dumps(notebook), encoding="utf-8")


def entries(*patterns: str, numbered: bool = False) -> str:
    """Lines of a table of contents: the sources that match; numbered: with their file's number."""
    paths = [path for pattern in patterns for path in sorted(SOURCES.glob(pattern))]
    names = {path: path.relative_to(SOURCES).with_suffix("").as_posix() for path in paths}
    if not numbered:
        return "\n".join(names.values())
    return "\n".join(f"{path.stem[:2]} {title(path)} <{names[path]}>" for path in paths)


def title(notebook: Path) -> str:
    """A notebook's heading, up to the colon."""
    first = json.loads(notebook.read_text(encoding="utf-8"))["cells"][0]["source"]
    return "".join(first).splitlines()[0].removeprefix("# ").split(":")[0]


def missing_pictures() -> list[str]:
    """A sentence for each picture that a page of the sources shows and that is not there."""
    found = []
    for page in sorted(SOURCES.rglob("*.md")):
        for name in re.findall(r"!\[[^]]*\]\(([^)]+)\)", page.read_text(encoding="utf-8")):
            if not (page.parent / name).is_file():
                found.append(f"{page.relative_to(SOURCES)} shows {name}, which is not there")
    return found


def main(arguments: list[str]) -> int:
    """Build the site; Sphinx's exit code."""
    try:
        from sphinx.cmd.build import main as sphinx
    except ImportError:
        print("the site needs Sphinx and myst-nb: pip install 'zbudlab[site]'", file=sys.stderr)
        return 2
    target = Path(arguments[0]) if arguments else ROOT / "build" / "site"
    gather(arguments[1:] or public_modules())
    if missing := missing_pictures():
        print("the site is not built:", *missing, sep="\n", file=sys.stderr)
        return 1
    # A warning (a dead link, a heading out of order) fails the build, after all were reported.
    return sphinx(["-q", "-W", "--keep-going", "-j", "2", str(SOURCES), str(target)])


if __name__ == "__main__":
    os.environ["NUMBA_DISABLE_JIT"] = "1"  # compiled functions look like plain ones then
    sys.exit(main(sys.argv[1:]))
