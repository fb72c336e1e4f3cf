"""How Sphinx builds the site; `scripts/site.py` puts its sources together and calls it."""

import json
import re
from pathlib import Path

import zbudlab

project = "zbudlab"
author = "The zbudlab authors"
project_copyright = "the zbudlab authors"
release = zbudlab.__version__

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.autosummary"]
root_doc = "contents"  # index.html is the landing page (scripts/landing.py)
exclude_patterns = ["_templates", "landing", "README.md"]  # README.md is part of contents
templates_path = ["_templates"]

# Notebooks are shown as they are stored, and nothing is fetched from outside.
nb_execution_mode = "off"
nb_merge_streams = True
myst_heading_anchors = 3
nb_ipywidgets_js = {}
myst_enable_extensions = ["colon_fence"]

html_theme = "alabaster"
html_extra_path = ["extra"]
html_copy_source = False
html_static_path = ["_static"]
html_css_files = ["tokens.css", "site.css"]
#: Scripts of live views by page (scripts/livepages.py).
_LIVE = json.loads((Path(__file__).parent / "extra" / "live" / "places.json").read_text("utf-8"))
html_context = {"live": {page: made["scripts"] for page, made in _LIVE.items()}}
html_title = "zbudlab"
html_theme_options = {
    "description": "A laboratory for Linux memory under pressure",
    "fixed_sidebar": True,
    "page_width": "1180px",
    "body_max_width": "auto",
    "show_powered_by": False,
    "show_relbars": True,
}
_CONTENTS = ["about.html", "searchbox.html", "navigation.html"]
_PAGE = [*_CONTENTS, "localtoc.html"]
html_sidebars = {
    "*": _CONTENTS,
    **dict.fromkeys(["notebooks/*", "docs/*", "findings/*", "exercises/**", "tests/**"], _PAGE),
    "api/*": _CONTENTS,
}

autosummary_generate = True
autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_preserve_defaults = True
suppress_warnings = ["myst.header", "misc.highlighting_failure", "ref.python"]


# --- docstrings: plain text to reStructuredText ------------------------------------------------

_NAMED = re.compile(r"([a-z_]\w*(?:, [a-z_]\w*)*): (.*)")
_SIGN = re.compile(r"\*|_(?!\w)")
_CODE = re.compile(r"`([^`]+)`(\w?)")


def _marked(line: str) -> str:
    """`code` as code, whatever follows it; stars and names ending in _ mean nothing."""
    bullet = line[: len(line) - len(line.lstrip())] + "* " * line.lstrip().startswith("* ")
    parts = line[len(bullet) :].split("`")
    parts[::2] = [_SIGN.sub(r"\\\g<0>", part) for part in parts[::2]]
    return bullet + _CODE.sub(
        lambda found: f"``{found[1]}``" + (f"\\ {found[2]}" if found[2] else ""), "`".join(parts)
    )


def _listed(_app, _what, _name, _object, _options, lines: list[str]) -> None:
    """Paragraphs that begin `name: words` become a list, an item a name."""
    found, in_list = [], False
    for line in lines:
        named = _NAMED.match(line)
        if named and (in_list or not (found and found[-1].strip())):
            found.append(f"* **{named[1]}**: {_marked(named[2])}")
            in_list = True
        elif in_list and line.strip():
            found.append(f"  {_marked(line.strip())}")
        else:
            found.append(_marked(line))
            in_list = in_list and bool(line.strip())
    lines[:] = found


def setup(app) -> None:
    """Called by Sphinx."""
    app.connect("autodoc-process-docstring", _listed)
