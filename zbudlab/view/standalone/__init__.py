"""Live views without a Python kernel: on the site, and in pages that need no other file.

`kinds.KINDS` lists the views that can be live there. Python records what each of them can ask for
(`page.Page`). Small scripts answer the views' JavaScript, which is the notebook's, through a model
with anywidget's interface (`start.js`).
"""

from zbudlab.view.standalone.page import Page, alone

__all__ = ["Page", "alone"]
