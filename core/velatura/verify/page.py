"""A verdict for people: rows for a terminal, and a page for a browser."""

from __future__ import annotations

from pathlib import Path

import velatura
from velatura.atomic import replacing
from velatura.report import html
from velatura.verify.verdict import Proof, Verdict

_HEAD = ("proof", "", "figure", "limit", "in", "how")


def rows(verdict: Verdict) -> list[tuple[str, str]]:
    """Return one row for each proof, and one with the verdict."""
    told = [(f"{p.state:10s} {p.name}", f"{p.claim}: {_figure(p)}") for p in verdict.proofs]
    return [*told, ("proof", verdict.proof)]


def write(path: Path, verdict: Verdict) -> None:
    """Write the page: one HTML file, whole under its name.

    Raises:
        StorageError: it cannot be written.
    """
    failed = [f"{p.name}: {p.claim} - {_figure(p)}" for p in verdict.proofs if p.state == "FAIL"]
    body = (
        html.messages(failed),
        html.listing("Proofs", _HEAD, [_row(proof) for proof in verdict.proofs]),
        html.facts("Made from", _sources(verdict)),
    )
    state = f"{len(failed)} proofs failed" if failed else "every proof passed"
    lead = f"{state}, {len(verdict.plates)} frames, velatura {velatura.__version__}"
    with replacing(path) as beside:
        beside.write_text(html.document(f"Proofs of {verdict.look}", lead, body), encoding="utf-8")


def _row(proof: Proof) -> tuple[str, ...]:
    figure = "" if proof.figure is None else f"{proof.figure:.4g}"
    how = f"{proof.claim}. {proof.note}"
    return proof.name, proof.state, figure, f"{proof.limit:g}", proof.unit, how


def _figure(proof: Proof) -> str:
    if proof.figure is None:
        return f"not tested, {proof.note}"
    note = f" ({proof.note})" if proof.note else ""
    return f"{proof.figure:.4g} {proof.unit}, limit {proof.limit:g}{note}"


def _sources(verdict: Verdict) -> list[tuple[str, str]]:
    plates = list(verdict.plates.items())
    return [("look", verdict.digest), ("proof", verdict.proof), *plates]
