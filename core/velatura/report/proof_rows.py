"""The proofs of a look on a page, from what `velatura verify --json` wrote."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from velatura import regular
from velatura.errors import InputError
from velatura.report import html

_HEAD = ("proof", "", "figure", "limit", "in", "how")


def listing(path: Path, digest: str) -> str:
    """Return the proofs as a part of a page; it says where they are of another look.

    Args:
        path: the JSON file.
        digest: SHA-256 of the look that the page is about; empty where it is not known.

    Raises:
        InputError: it is not such a file.
    """
    try:
        found = regular.table(path)
        rows = [_row(proof) for proof in found["proofs"]]
        of = str(found["digest"])
    except (OSError, ArithmeticError, ValueError, LookupError, TypeError) as error:
        raise InputError(
            f"The proofs {path} cannot be read",
            found=str(error),
            do="Write them with `velatura verify LOOK PLATE --json > proofs.json`",
        ) from error
    title = "Proofs" if of == digest or not digest else "Proofs, but of another look"
    return html.listing(title, _HEAD, rows)


def _row(proof: dict[str, Any]) -> tuple[str, ...]:
    figure = "" if proof["figure"] is None else f"{float(proof['figure']):.4g}"
    how = f"{proof['claim']}. {proof.get('note', '')}"
    return (
        str(proof["name"]),
        str(proof["state"]),
        figure,
        str(proof["limit"]),
        str(proof["unit"]),
        how,
    )
