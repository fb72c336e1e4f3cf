"""SVG as text: elements whose colours are the page's tokens."""

from base64 import b64encode
from html import escape

from zbudlab.view.look import tokens

SCOPE = ".zb-fig"
NARROW = 859  #: pixels; up to this width of its container the narrow drawing is shown
_STYLE = (
    f"{tokens.css(SCOPE, sizes=False)}"
    f"{SCOPE}{{--sans:{tokens.SANS};background:var(--paper);container-type:inline-size;margin:0}}"
    f"{SCOPE}>img{{display:none}}{SCOPE}>div[hidden]{{display:block!important}}"
    f"{SCOPE} .narrow{{display:none!important}}"
    f"@container (max-width: {NARROW}px)"
    f"{{{SCOPE} .wide{{display:none!important}}{SCOPE} .narrow{{display:block!important}}}}"
    f"{SCOPE} figcaption{{color:var(--ink);font:14px/1.45 var(--sans);margin-top:8px}}"
)


def ink(token: str) -> str:
    """Return a token's colour for a style, with its light form where no page defines it."""
    return f"var(--{token}, {tokens.colour(token)})"


def element(tag: str, *children: str, style: str = "", **attributes: object) -> str:
    """Return an element. children: its content, as SVG. A trailing "_" of a name is left out."""
    told = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{escape(_short(value))}"'
        for name, value in attributes.items()
    )
    styled = f' style="{style}"' if style else ""
    return f"<{tag}{told}{styled}>{''.join(children)}</{tag}>"


def _short(value: object) -> str:
    return f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else str(value)


def text(x: float, y: float, words: str, size: float, token: str = "ink", more: str = "") -> str:
    """Return a text in a token's colour. more: further declarations of its style."""
    style = f"fill:{ink(token)};font:{size}px var(--sans, sans-serif);{more}"
    return element("text", escape(words), x=float(x), y=float(y), style=style)


def line(path: str, token: str, width: float, more: str = "", **attributes: object) -> str:
    """Return a line along a path."""
    style = f"fill:none;stroke:{ink(token)};stroke-width:{width};{more}"
    return element("path", style=style, d=path, **attributes)


def drawing(width: float, height: float, content: str, alt: str, kind: str) -> str:
    """Return a drawing as wide as its container, up to its own width. kind: a class."""
    return element(
        "svg",
        content,
        style=f"display:block;max-width:{width:.0f}px;width:100%;height:auto",
        **{"class": kind, "role": "img", "aria-label": alt},
        viewBox=f"0 0 {width:.0f} {height:.0f}",
        xmlns="http://www.w3.org/2000/svg",
    )


def figure(drawings: str, alone: str, alt: str, caption: str = "") -> str:
    """Return drawings as HTML for pages without a kernel.

    drawings: of the classes "wide" and "narrow", of which one is shown. alone: the drawing that is
    shown as an image where styles are removed. alt: its description.
    """
    paper = f'style="background:{tokens.colour("paper")};'
    packed = b64encode(alone.replace('style="', paper, 1).encode()).decode()
    words = f"<figcaption>{escape(caption)}</figcaption>" if caption else ""
    return (
        f'<figure class="zb-fig"><style>{_STYLE}</style><div hidden>{drawings}</div>'
        f'<img alt="{escape(alt)}" style="max-width: 100%" '
        f'src="data:image/svg+xml;base64,{packed}">{words}</figure>'
    )
