"""Tables of two columns, for people."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from velatura.library import Entry
from velatura.look import Look
from velatura.report.verdict import in_words
from velatura.system import terminal
from velatura.system.progress import refusing
from velatura.texts import shown

_NAME = 40  # letters of a look's name: a longer one would leave no room for where it lies

Row = tuple[str, str]
"""What it is, and how it is."""


def show(title: str, rows: Sequence[Row]) -> None:
    """Print rows to stdout, as wide as the terminal allows; what they say is never obeyed."""
    table = Table(title=_plain(title), show_header=False, title_justify="left")
    table.add_column(style="bold", no_wrap=True, overflow="ellipsis", max_width=_NAME)
    table.add_column(overflow="fold")
    for row in rows:
        table.add_row(*map(_plain, row))
    with refusing():
        terminal.console().print(table)


def card(look: Look) -> list[Row]:
    """Return what a look's card says, in the order in which people ask."""
    card = look.card
    scores = (f"{name} {value:.4g}" for name, value in card.scores.items())
    rows = [
        ("name", card.name),
        ("kind", card.kind),
        ("author", card.author or "not stated"),
        ("licence", card.licence or "not stated"),
        ("reads", ", ".join(("the beauty", *card.passes))),
        ("works in", card.colour_space),
        ("gain", f"up to {card.bound:g} stops either way, floor {card.floor:g}"),
        ("strength", "even to the eye" if card.strength_lut else "in raw stops"),
        ("cost", f"{card.kflop_px:.1f} kFLOP a pixel, {card.parameters:,} parameters"),
        ("memory", f"{card.bytes_px:g} bytes a pixel; large frames run in tiles"),
        ("sees", f"{card.receptive_field} px at a time, sizes in steps of {card.alignment} px"),
        ("verdict", in_words(card.scores)),
        ("scores", ", ".join(scores)),
        ("made by", f"{card.tool} {card.tool_version}"),
        ("file", f"{len(look.data) / 2**20:.2f} MiB, SHA-256 {look.digest[:16]}..."),
    ]
    return [row for row in rows if row[1]]


def shelved(entry: Entry) -> Row:
    """Return a published look in one row: its name, and what helps to choose it."""
    reads = ", ".join(("the beauty", *entry.card.passes))
    return entry.card.name, f"{entry.card.kind}; reads {reads}; {entry.path}"


def _plain(text: str) -> Text:
    """Return text as it is: no markup, no colours, none of a terminal's control characters."""
    return Text(shown(text, gap="?"))
