"""A page for a browser: one HTML file with its pictures inside, light or dark as readers have it.

Whatever comes from files and file names is escaped, and nothing is fetched. Scripts run only where
a page has a viewer or plots, and are our own.
"""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from velatura.gain import false_colour
from velatura.texts import shown

_STYLE = """
:root { color-scheme: light dark; font: 15px/1.45 system-ui, sans-serif; }
body { max-width: 68rem; margin: 2rem auto; padding: 0 1.25rem; }
h1 { margin: 0; font-size: 1.8rem; } h2 { margin: 2rem 0 .6rem; font-size: 1.1rem; }
p.lead { margin: .2rem 0 1rem; opacity: .7; }
ul.messages { margin: 0; padding: .7rem 1rem .7rem 2rem; border-left: 4px solid #f4a259;
  background: #f4a25922; }
table { border-collapse: collapse; }
th, td { padding: .2rem .9rem .2rem 0; text-align: left; vertical-align: top; }
.listing th { border-bottom: 1px solid #8888; } .listing td { border-bottom: 1px solid #8883; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.facts td { overflow-wrap: anywhere; } .look { display: flex; gap: 1.5rem; flex-wrap: wrap; }
.strip { display: flex; flex-wrap: wrap; gap: .8rem; }
figure { margin: 0; } figcaption { font-size: .85rem; opacity: .7; }
img { display: block; max-width: 100%; }
.legend { width: 20rem; max-width: 100%; margin: .2rem 0 1rem; font-size: .85rem; }
.ramp { height: .9rem; } .ticks { display: flex; justify-content: space-between; }
.odd { color: #c0561a; }
"""


@dataclass(frozen=True)
class Picture:
    """A PNG file with what is written under it."""

    png: bytes
    caption: str = ""

    def html(self) -> str:
        """Return it as a figure."""
        source = f"data:image/png;base64,{base64.b64encode(self.png).decode()}"
        caption = _text(self.caption)
        below = f"<figcaption>{caption}</figcaption>" if caption else ""
        return f'<figure><img src="{source}" alt="{caption}">{below}</figure>'


def _text(text: str) -> str:
    """Return a text as it may stand in a page: no markup, and nothing that a browser would obey."""
    return html.escape(shown(text))


_ALONE = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
"""What a browser may do for the page: show what is in it, and fetch nothing."""


def document(
    title: str, lead: str, body: Iterable[str], style: str = "", scripts: Sequence[str] = ()
) -> str:
    """Return the whole page.

    Args:
        title: its title; text.
        lead: a line under it; text.
        body: parts that the functions here made.
        style: further CSS.
        scripts: JavaScript, run at the end; what came from files must be in it as `data`.
    """
    name = _text(title)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_ALONE}">\n'
        '<meta name="viewport" content="width=device-width">\n'
        f"<title>{name}</title>\n<style>{_STYLE}{style}</style>\n"
        f'<h1>{name}</h1>\n<p class="lead">{_text(lead)}</p>\n'
        + "\n".join(filter(None, body))
        + "".join(f"\n<script>\n{script}\n</script>" for script in scripts)
        + "\n</html>\n"
    )


def data(value: object) -> str:
    """Return a value as JavaScript that can stand in a page: no text in it ends the script."""
    text = json.dumps(value, ensure_ascii=True)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def place(title: str, name: str) -> str:
    """Return where a script puts something: an empty part with a title, found by its class."""
    return f'<h2>{_text(title)}</h2><div class="{name}"></div>'


def messages(lines: Sequence[str]) -> str:
    """Return lines as a list that strikes the eye; nothing where there are none."""
    items = "".join(f"<li>{_text(line)}</li>" for line in lines)
    return f'<ul class="messages">{items}</ul>' if items else ""


def facts(title: str, rows: Iterable[tuple[str, str]], thumbnail: Picture | None = None) -> str:
    """Return what it is and how it is, row by row."""
    lines = "".join(f"<tr><th>{_text(what)}</th><td>{_text(how)}</td></tr>" for what, how in rows)
    shown = thumbnail.html() if thumbnail else ""
    return (
        f'<h2>{_text(title)}</h2><div class="look">{shown}'
        f'<table class="facts">{lines}</table></div>'
    )


def strip(title: str, pictures: Iterable[Picture], end: float) -> str:
    """Return pictures in false colour side by side, with their ramp's legend."""
    ticks = "".join(f"<span>{end * part:+g}</span>" for part in (-1, -0.5))
    ticks += "<span>0</span>" + "".join(f"<span>{end * part:+g}</span>" for part in (0.5, 1))
    return (
        f'<h2>{_text(title)}</h2><div class="legend">'
        '<div class="ramp" style="background:linear-gradient(to right,'
        f'{",".join(false_colour.RAMP)})"></div><div class="ticks">{ticks}</div>'
        '<div class="ticks"><span>darker</span><span>stops</span><span>brighter</span></div></div>'
        f'<div class="strip">{"".join(picture.html() for picture in pictures)}</div>'
    )


def listing(title: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table whose first and last columns hold text, and those between them numbers."""
    kinds = ["", *[' class="number"'] * (len(head) - 2), ' class="odd"']

    def cells(tag: str, row: Sequence[str]) -> str:
        return "".join(
            f"<{tag}{kind}>{_text(cell)}</{tag}>" for kind, cell in zip(kinds, row, strict=True)
        )

    lines = "".join(f"<tr>{cells('td', row)}</tr>" for row in rows)
    return (
        f'<h2>{_text(title)}</h2><table class="listing">'
        f"<thead><tr>{cells('th', head)}</tr></thead><tbody>{lines}</tbody></table>"
    )
