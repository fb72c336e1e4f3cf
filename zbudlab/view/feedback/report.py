"""The result of a check as HTML: a strip of abilities, then the first mistake, or the end."""

from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any, NamedTuple

from zbudlab.view.feedback.states import sides
from zbudlab.view.look import tokens

MOST_OPERATIONS = 12  #: before the one that goes wrong; earlier ones are folded
MARKS = {"ok": "✓ ", "no": "✗ ", "wait": ""}
CLASS = "zb-check"


class Shown(NamedTuple):
    """An ability on the strip. state: "ok", "no" or "wait". note: points, or what it waits for."""

    title: str
    state: str
    note: str


class Mistake(NamedTuple):
    """A mistake: the functions to blame, why in a sentence, the case, and both results.

    operations, place, should, yours: see `zbudlab.course.reasons.Difference`; operations is empty
    where the right result is not shown. told: the result in words, used there. hint, look: texts
    that are folded; "" = none.
    """

    functions: Sequence[str]
    why: str
    operations: Sequence[str] = ()
    place: int = -1
    should: Any = None
    yours: Any = None
    told: str = ""
    hint: str = ""
    look: str = ""


def style() -> str:
    """Return the style sheet of reports, with the tokens."""
    css = (Path(__file__).parent / "feedback.css").read_text("utf-8")
    return f"{tokens.css(f'.{CLASS}')}\n{css}"


def strip(abilities: Sequence[Shown]) -> str:
    """Return the abilities in a row, each with its mark and points."""
    items = "".join(
        f'<li class="{a.state}"><b>{escape(a.title)}</b>'
        f'<span><i aria-hidden="true">{MARKS[a.state]}</i>{escape(a.note)}</span></li>'
        for a in abilities
    )
    return f'<ul class="strip">{items}</ul>'


def _case(mistake: Mistake) -> str:
    """Return the operations of the case; the one that goes wrong is outlined."""
    place = mistake.place if mistake.place >= 0 else len(mistake.operations)
    done = mistake.operations[: place + 1]
    shown = done[-MOST_OPERATIONS:]
    chips = []
    if len(done) > len(shown):
        earlier = escape(", ".join(done[: -len(shown)]))
        count = len(done) - len(shown)
        chips.append(f"<details><summary>{count} earlier</summary>{earlier}</details>")
    first = len(done) - len(shown)
    for at, operation in enumerate(shown, first):
        wrong = ' class="wrong"' if at == place else ""
        chips.append(f"<code{wrong}>{escape(operation)}</code>")
    end = "" if mistake.place >= 0 else " <span>at the end</span>"
    words = f"Smallest case found, {len(done)} operations:" if len(done) > 1 else "Case:"
    return f'<div class="case"><span>{words}</span> {" ".join(chips)}{end}</div>'


def _pictures(mistake: Mistake) -> str:
    """Return both results next to each other, and below them the values that differ."""
    if isinstance(mistake.yours, dict) and "error" in mistake.yours:
        error = escape(str(mistake.yours["error"]))
        return f'<p class="stopped"><span>Your code stopped here:</span> <code>{error}</code></p>'
    found = sides(mistake.should, mistake.yours)
    pictures = ""
    if found.should or found.yours:
        pictures = (
            f'<div class="two"><figure><figcaption>Should be</figcaption>{found.should}</figure>'
            f"<figure><figcaption>Yours</figcaption>{found.yours}</figure></div>"
        )
    rows = "".join(
        f"<tr><th scope='row'>{escape(name)}</th><td class='good'>{escape(right)}</td>"
        f"<td class='bad'>{escape(mine)}</td></tr>"
        for name, right, mine in found.rows
    )
    table = (
        "<table><thead><tr><td></td><th scope='col'>should be</th><th scope='col'>yours</th></tr>"
        f"</thead><tbody>{rows}</tbody></table>"
    )
    return pictures + (table if rows else "")


def _folded(title: str, text: str) -> str:
    return f"<details><summary>{title}</summary><p>{escape(text)}</p></details>" if text else ""


def mistake_card(mistake: Mistake) -> str:
    """Return a card with a mistake in pictures."""
    names = ", ".join(f"<code>{escape(name)}</code>" for name in mistake.functions)
    body = _case(mistake) + _pictures(mistake) if mistake.operations else ""
    told = f'<p class="case">{escape(mistake.told)}</p>' if mistake.told and not body else ""
    why = escape(mistake.why or "gives another result than it should")
    folded = _folded("Show a hint (it costs no points)", mistake.hint)
    folded += _folded("Step through it with my code", mistake.look)
    return (
        f'<section class="card"><p class="say">{names}: {why}</p>{told}{body}'
        f'<div class="more">{folded}</div></section>'
    )


def end_card(earned: int, points: int, words: str, after: str = "", address: str = "") -> str:
    """Return the card of checks that are right. after: names the link to `address`; "" = none."""
    link = f'<a class="main" href="{escape(address)}">{escape(after)}</a>' if after else ""
    return (
        f'<section class="done"><p class="number"><b>{earned}</b> of {points}</p>'
        f"<p>{escape(words)}</p>{link}</section>"
    )


def part(title: str, note: str, abilities: Sequence[Shown], cards: Sequence[str]) -> str:
    """Return a report without the style sheet, for a page that has it already."""
    name = f"<b>{escape(title)}</b> " if title else ""
    return (
        f'<div class="zb {CLASS}"><header>{name}<span>{escape(note)}</span></header>'
        f"{strip(abilities)}{''.join(cards)}</div>"
    )


def report(title: str, note: str, abilities: Sequence[Shown], cards: Sequence[str]) -> str:
    """Return a report as HTML: heading, strip and cards; the style sheet is included."""
    return f"<style>{style()}</style>{part(title, note, abilities, cards)}"
