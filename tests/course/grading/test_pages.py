"""What people see of a submission runs no script and asks no foreign host for anything."""

import re
from html.parser import HTMLParser

import nbformat
import pytest
from nbconvert.exporters import HTMLExporter
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from tests.course import attacks
from tests.course.handed_in import ROOT, untouched
from zbudlab.course.grading.feedback import page
from zbudlab.course.grading.gradebook import released, shown
from zbudlab.course.grading.grader import Graded
from zbudlab.course.grading.names import found_at
from zbudlab.course.grading.notebook import Notebook, read
from zbudlab.course.grading.trial import Mark, Verdict

LOADS = {"src", "href", "srcset", "data", "action", "poster", "background", "xlink:href"}
RESOURCES = "assignment_id notebook_id submission_id student last_name first_name base_url"


class Links(HTMLParser):
    """Collects what a page loads or runs."""

    def __init__(self):
        super().__init__()
        self.links, self.handlers, self.scripts, self.inside = [], [], [], False

    def handle_starttag(self, tag, attributes):
        self.inside = tag == "script"
        for name, value in attributes:
            if name in LOADS:
                self.links.append(value or "")
            if name.startswith("on") or name == "srcdoc":
                self.handlers.append((tag, name, value))

    def handle_data(self, data):
        if self.inside:
            self.scripts.append(data)


def links(html):
    """What a page loads or runs."""
    parser = Links()
    parser.feed(html)
    return parser


#: What outputs and attachments may hold, by the kind of content they say they are.
HOSTILE = {
    "text/html": "<script>alert('OUTPUT')</script><img src=https://evil.example/a.png>",
    "image/svg+xml": "<svg onload=\"alert('OUTPUT')\"><script>alert('OUTPUT')</script></svg>",
    "application/javascript": "alert('OUTPUT')",
    "text/markdown": "[OUTPUT](javascript:alert('OUTPUT')) ![OUTPUT](https://evil.example/b.png)",
    "text/latex": "\\href{javascript:alert('OUTPUT')}{OUTPUT}",
    "image/png": "\" onerror=\"alert('OUTPUT')",
    "image/jpeg": "x\" onerror=\"alert('OUTPUT')",
    "application/vnd.jupyter.widget-view+json": {"model_id": "</script><script>alert('OUTPUT')"},
}


def with_hostile_parts(cell):
    """A cell whose source, outputs, attachments and metadata are hostile."""
    cell = cell | {"source": attacks.FORMGRADER_JS_LINK}
    cell["metadata"] = cell["metadata"] | {"tags": ["</style><script>alert('OUTPUT')</script>"]}
    if cell["cell_type"] == "markdown":
        return cell | {"attachments": {"a.svg": HOSTILE}}
    kinds = [{k: v} for k, v in HOSTILE.items()]
    shown = [{"output_type": "display_data", "data": kind, "metadata": {}} for kind in kinds]
    stream = {"output_type": "stream", "name": "stdout", "text": HOSTILE["text/html"]}
    return cell | {"outputs": [*shown, stream]}


@pytest.fixture(scope="module")
def graded():
    """A submission with hostile text in every cell of the student's, graded."""
    notebook = untouched("e08_experiment")
    cells = notebook["cells"]
    for place, cell in enumerate(cells):
        if cell["metadata"].get("nbgrader", {}).get("solution"):
            cells[place] = with_hostile_parts(cell)
    extra = {"cell_type": "code", "id": "more", "metadata": {}, "execution_count": None}
    cells.append(with_hostile_parts(extra))
    text = nbformat.writes(nbformat.from_dict(notebook))
    mark = Mark("plan", 0, 2, attacks.FORMGRADER_JS_LINK)
    verdict = Verdict("e08_experiment", 7, [mark], attacks.FORMGRADER_JS_LINK)
    return Graded(found_at("eve/e08_experiment.ipynb"), verdict, read(text.encode()))


def formgrader_page(notebook):
    """What nbgrader's formgrader makes of a notebook under our configuration."""
    from nbgrader.server_extensions.formgrader import handlers

    own = {"template_name": "formgrade", "extra_template_basedirs": [handlers.template_path]}
    config = Config({"HTMLExporter": own})
    config.merge(PyFileConfigLoader(str(ROOT / "nbgrader_config.py")).load_config())
    resources = dict.fromkeys(f"{RESOURCES} notebook_path".split(), "") | {"index": 0, "total": 1}
    return HTMLExporter(config=config).from_notebook_node(notebook, resources=resources)[0]


def faults(html):
    """Links that run scripts or lead to another host, and what runs by itself."""
    found = links(html)
    bad = [link for link in found.links if re.match(r"\s*(\w+:)?//|\s*(java|vb)script", link, re.I)]
    return bad + [handler for handler in found.handlers if "alert" in str(handler)]


def test_formgrader_js_link_is_text_as_other_text(graded):
    html = formgrader_page(shown(graded, released("e08_experiment")))
    assert "PWNED" in html
    assert faults(html) == []
    assert not any("PWNED" in script for script in links(html).scripts)
    assert "cdnjs" not in html
    assert "OUTPUT" not in html


def test_feedback_shows_text_as_text(graded):
    html = page("eve", [graded])
    assert "PWNED" in html
    assert faults(html) == []
    assert links(html).scripts == []
    assert "default-src 'none'" in html


def test_a_fence_in_the_text_ends_nothing():
    hostile = "`````\n<script>alert(1)</script>\n`````"
    cells = [{"cell_type": "markdown", "source": hostile}]
    release = released("e08_experiment")
    task = next(c for c in release.cells if c.cell_type == "markdown" and "nbgrader" in c.metadata)
    cells[0]["metadata"] = {"nbgrader": dict(task.metadata.nbgrader)}
    found = Graded(
        found_at("x/e08.ipynb"), Verdict("e08_experiment", 7, []), Notebook("e08", 7, cells)
    )
    assert "<script>alert(1)" not in formgrader_page(shown(found, release))
