"""Pages with live views: what Python records for each view, and the files that show it."""

from __future__ import annotations

import gzip
import importlib
import json
from base64 import b64encode
from collections.abc import Callable, Iterable, Sequence
from html import escape
from pathlib import Path
from string import Template
from typing import Any, NamedTuple

from zbudlab.view.look import tokens
from zbudlab.view.standalone.kinds import Kind, kind_of

_HERE = Path(__file__).parent
#: Makes the whole page follow a dark system, not only its view.
_DARK = f"@media (prefers-color-scheme: dark){{body{{{tokens.properties('dark')}}}}}"
PICTURES = 24  #: drawn ahead for the knobs of a view
#: WebAssembly modules of pages: what a machine under pressure calls, and what a reader's acts call.
MODULES = {"panel": "zbudlab.wasm.panel_entries", "page": "zbudlab.wasm.page_entries"}


class Record(NamedTuple):
    """A view of a page. number: of its element. view: its class. data, more: JSON for its script.

    more: loaded only when it is needed, or None.
    """

    number: int
    view: str
    kind: Kind
    data: dict[str, Any]
    more: dict[str, Any] | None

    def element(self, still: str) -> str:
        """Return the view's element as HTML, with a picture until its script has started."""
        return f'<div data-live="{self.kind.name}" data-live-id="{self.number}">{still}</div>'


class Page:
    """The live views of a page, in its order.

    pictures: how many are drawn ahead for the knobs of a view.
    """

    def __init__(self, pictures: int = PICTURES) -> None:
        self.pictures = pictures
        self.records: list[Record] = []
        self._views: list[Any] = []  # kept, so that no two have the same identity

    def add(self, view: Any) -> Record | None:
        """Record a view and return its record; None for a view that needs a kernel."""
        kind = kind_of(view)
        if kind is None:
            return None
        data = _recorder(kind)(view, self)
        more = data.pop("more", None)
        self._views.append(view)
        self.records.append(Record(len(self.records), type(view).__name__, kind, data, more))
        return self.records[-1]

    def number_of(self, view: Any) -> int:
        """Return the number of a view that was added. ValueError for another."""
        for number, each in enumerate(self._views):
            if each is view:
                return number
        raise ValueError(f"{view!r} is not on this page")

    @property
    def kinds(self) -> list[Kind]:
        """The kinds of the views, without duplicates."""
        return list({each.kind.name: each.kind for each in self.records}.values())

    def script(self) -> str:
        """Return the call that makes the views live."""
        return f"zbudlab.page({json.dumps({r.number: packed(r.data) for r in self.records})});\n"

    def rests(self) -> dict[int, str]:
        """Return the scripts that bring what is loaded only when it is needed, by number."""
        return {
            r.number: f'zbudlab.rest({r.number}, "{packed(r.more)}");\n'
            for r in self.records
            if r.more is not None
        }


def packed(data: Any) -> str:
    """Return data as JSON, compressed, as base64."""
    return packed_bytes(json.dumps(data).encode())


def packed_bytes(data: Any) -> str:
    """Return bytes compressed, as base64."""
    return b64encode(gzip.compress(bytes(data), 9, mtime=0)).decode()


def engine() -> str:
    """Return the script of the engine, which runs any module."""
    from zbudlab.wasm import builder

    return Path(builder.__file__).with_name("engine.js").read_text("utf-8")


def module(name: str) -> str:
    """Return the script that brings a WebAssembly module of MODULES."""
    from zbudlab.wasm import build

    made = build(MODULES[name])
    given = {"module": packed_bytes(made.code), "description": made.description}
    return f"zbudlab.modules.{name} = {json.dumps(given)};\n"


def _named(package: str, name: str) -> Any:
    module, of = name.split(":")
    return getattr(importlib.import_module(f"{package}.{module}"), of)


def _recorder(kind: Kind) -> Callable[[Any, Page], dict[str, Any]]:
    found: Callable[[Any, Page], dict[str, Any]] = _named(__package__ or "", kind.record)
    return found


def _widget(name: str) -> Any:
    return _named("zbudlab.view", name)


def own_file(file: str) -> str:
    """Return the text of a file of this folder."""
    return (_HERE / file).read_text("utf-8")


def runtime() -> str:
    """Return the script that all pages with live views have."""
    return own_file("start.js")


def scripts(kinds: Sequence[Kind]) -> dict[str, str]:
    """Return the scripts of kinds of views by file name, those of the notebook's views first."""
    found = _modules([kind.engine for kind in kinds])
    for kind in kinds:
        for name in kind.widgets:
            of = name.split(":")[1]
            module = str(_widget(name)._esm).replace("export default", "return")
            found[f"view-{of}.js"] = (
                f"zbudlab.widget({json.dumps(of)}, (() => {{\n{module}\n}})());\n"
            )
    return found | {file: own_file(file) for kind in kinds for file in kind.scripts}


def later(kinds: Sequence[Kind]) -> dict[str, str]:
    """Return the scripts that kinds of views load only when they need them, by file name."""
    return _modules([kind.later for kind in kinds])


def _modules(names: Iterable[str]) -> dict[str, str]:
    """Return the engine's script and those of its modules by file name; "" = no module."""
    wanted = [name for name in dict.fromkeys(names) if name]
    found = {f"module-{name}.js": module(name) for name in wanted}
    return {"engine.js": engine(), **found} if found else {}


def styles(kinds: Iterable[Kind]) -> str:
    """Return the style sheet of kinds of views."""
    sheets = [str(_widget(name)._css) for kind in kinds for name in kind.widgets]
    return "\n".join([*dict.fromkeys(sheets), own_file("alone.css")])


def alone(view: Any, title: str) -> str:
    """Return a page with one view as HTML that needs no other file.

    ValueError for a view that needs a kernel.
    """
    page = Page()
    record = page.add(view)
    if record is None:
        raise ValueError(f"{type(view).__name__} needs a kernel: it cannot be a page")
    code = "".join(
        [
            *(runtime(), *(scripts(page.kinds) | later(page.kinds)).values()),
            *(*page.rests().values(), page.script()),
        ]
    )
    words = f"<p>{escape(repr(view))}</p>"
    return Template(own_file("alone.html")).substitute(
        title=escape(title),
        style=f"{tokens.css('body')}\n{_DARK}\n{styles(page.kinds)}",
        view=record.element(words),
        code=code.replace("</script", "<\\/script"),
    )
