"""How Sphinx builds the site; `scripts/site.py` puts its sources together and calls it."""

import zbudlab

project = "zbudlab"
author = "The zbudlab authors"
project_copyright = "the zbudlab authors"
release = zbudlab.__version__

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.autosummary"]
exclude_patterns = ["_templates", "README.md"]  # README.md is part of the index
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
html_css_files = ["site.css"]
html_title = "zbudlab"
html_theme_options = {
    "description": "A laboratory for Linux memory under pressure",
    "fixed_sidebar": True,
    "page_width": "1180px",
    "body_max_width": "auto",
    "show_powered_by": False,
}
_CONTENTS = ["about.html", "searchbox.html", "navigation.html"]
_PAGE = [*_CONTENTS, "localtoc.html"]
html_sidebars = {
    "*": _CONTENTS,
    **dict.fromkeys(["notebooks/*", "docs/*", "experiments/*", "exercises/**", "tests/**"], _PAGE),
    "api/*": _CONTENTS,
}

autosummary_generate = True
autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_preserve_defaults = True
suppress_warnings = ["myst.header", "misc.highlighting_failure"]
