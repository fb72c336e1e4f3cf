"""Design tokens: colours and their meanings, type sizes, spacing and motion.

This table is their only definition. `css()` turns them into custom properties for style sheets and
scripts, `style.RC` into matplotlib settings, and `palette.KINDS` into kinds of frames. Hue shows
the owner of a page; shape shows whether it can move (column `shape`).
"""

from typing import Literal, NamedTuple

Theme = Literal["light", "dark"]
THEMES: tuple[Theme, Theme] = ("light", "dark")


class Token(NamedTuple):
    """A colour in both themes as #rrggbb, its meaning, and its shape."""

    light: str
    dark: str
    means: str
    shape: str = ""


class Curve(NamedTuple):
    """The line style of a machine: token of its colour, dashes in points, marker, label.

    label: token of the colour of its name, which must be legible as text.
    """

    token: str
    dashes: tuple[float, ...]
    marker: str
    label: str


#: Colours by name.
COLOURS = {
    "paper": Token("#ffffff", "#111418", "page"),
    "raised": Token("#f7f8fa", "#1a1f25", "fields and cards"),
    "line": Token("#d5dae0", "#353d47", "rules and grids"),
    "edge": Token("#7d8793", "#7f8b98", "outlines of controls, axes"),
    "ink": Token("#16202b", "#eef2f6", "text"),
    "quiet": Token("#56616d", "#a4afbb", "text of less weight"),
    "accent": Token("#1f5fbf", "#7db4ff", "focus, your guess, changed by this step", "2.5 px line"),
    "good": Token("#00705d", "#4fd0af", "shown", "check"),
    "bad": Token("#c0102f", "#ff7d90", "not shown", "cross"),
    "warn": Token("#8a5a00", "#f0b540", "look here", "word"),
    "free": Token("#e9edf1", "#242b33", "free frame"),
    "crumb": Token("#cdd5dd", "#3a4550", "free frame in a block of order 0"),
    "process": Token("#4a8ac8", "#4f94d6", "page of a program", "full cell"),
    "zbud1": Token("#c77000", "#f0b540", "zbud page with one buddy; the first buddy", "upper half"),
    "zbud2": Token("#8c3203", "#d95f1c", "zbud page with two buddies; the last", "two halves"),
    "header": Token("#33393f", "#d7dde3", "header of a zbud page", "first of 64 chunks"),
    "kernel": Token("#22272e", "#eef2f6", "page of the kernel", "nail"),
    "whole": Token("#00806a", "#35c3a0", "free block of 512 frames", "outline"),
    "wholefill": Token("#d9f0e8", "#123a32", "inside of a free block of 512 frames", "tint"),
    "cma": Token("#5d8a2c", "#9cc25f", "in the CMA area", "bar at the foot"),
    "isolated": Token("#6f2da8", "#e0b3f7", "isolated", "dashed ring"),
    "pinned": Token("#c22f86", "#e0559f", "pinned", "hollow nail"),
    "to": Token("#16202b", "#eef2f6", "just moved here", "ring"),
    "from": Token("#7d8793", "#7f8b98", "just moved away", "hollow outline"),
    "lost": Token("#d3143c", "#ff5470", "lost", "cross on paper"),
    "c_none": Token("#7d8793", "#8f9aa6", "without zswap", "dashes, square"),
    "c_stuck": Token("#a8380b", "#ff8a4a", "zbud unmovable", "solid, circle"),
    "c_move": Token("#007f6b", "#35c3a0", "zbud movable", "solid, triangle"),
    "c_zsm": Token("#5b2fa6", "#c7adff", "zsmalloc", "dots, diamond"),
}

#: Styles of the compared machines, the same in every figure.
CURVES = {
    "without zswap": Curve("c_none", (4, 2), "s", "quiet"),
    "zbud unmovable": Curve("c_stuck", (), "o", "c_stuck"),
    "zbud movable": Curve("c_move", (), "^", "c_move"),
    "zsmalloc": Curve("c_zsm", (1, 1.5), "D", "c_zsm"),
    "zsmalloc as today": Curve("c_zsm", (6, 2), "P", "c_zsm"),
}

#: Tokens to write text in, for colours that are too light for text.
AS_TEXT = {"zbud1": "warn", "c_none": "quiet", "edge": "quiet", "wholefill": "whole"}

SANS = (
    '-apple-system, BlinkMacSystemFont, "Segoe UI", Roboto, "Noto Sans", Ubuntu, Cantarell, '
    '"Liberation Sans", "DejaVu Sans Condensed", system-ui, sans-serif'
)
MONO = (
    'ui-monospace, "SF Mono", "Cascadia Mono", Consolas, "Liberation Mono", "DejaVu Sans Mono", '
    "monospace"
)

#: Custom properties that do not depend on the theme.
SIZES = {
    "sans": SANS,
    "mono": MONO,
    **{f"t-{name}": f"{size}px" for name, size in zip("01234", (11, 13, 15, 19, 26), strict=True)},
    "t-num": "56px",
    **{f"s-{i}": f"{size}px" for i, size in enumerate((4, 8, 12, 16, 24, 32, 48), 1)},
    "r-1": "3px",
    "r-2": "6px",
    "r-3": "12px",
    "quick": "140ms",
    "move": "420ms",
    "ease": "cubic-bezier(.3, 0, .15, 1)",
}

#: Selector of elements with tokens, and the selectors by which front ends mark dark pages.
SCOPE = ".zb"
DARK = (
    ':root[data-theme="dark"] {0}, {0}[data-theme="dark"], '
    '[data-jp-theme-light="false"] {0}, .vscode-dark {0}'
)
#: A page that specifies no theme follows the system.
SILENT = ":root:not([data-theme]) body:not([data-jp-theme-light], .vscode-light, .vscode-dark) {0}"


def colour(name: str, theme: Theme = "light") -> str:
    """Return a token's colour in a theme, as #rrggbb."""
    token = COLOURS[name]
    return token.dark if theme == "dark" else token.light


def properties(theme: Theme) -> str:
    """Return the colours of a theme as CSS custom properties."""
    colours = "".join(f"--{name}:{colour(name, theme)};" for name in COLOURS)
    return f"color-scheme:{theme};{colours}"


def css(scope: str = SCOPE, *, sizes: bool = True) -> str:
    """Return the style sheet that defines all tokens within `scope`, light and dark.

    sizes: also define fonts, type sizes, spacing and motion.
    """
    fixed = "".join(f"--{name}:{value};" for name, value in SIZES.items()) if sizes else ""
    dark = properties("dark")
    return (
        f"{scope}{{{fixed}{properties('light')}}}\n"
        f"{DARK.format(scope)}{{{dark}}}\n"
        f"@media (prefers-color-scheme: dark){{{SILENT.format(scope)}{{{dark}}}}}"
    )
