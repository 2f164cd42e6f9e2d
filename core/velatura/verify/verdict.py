"""What was proved of a look: one proof each, and all of them together with a digest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Literal

import velatura

FORMAT = 1
"""Version of the JSON that `Verdict.dumps` writes."""

_DIGITS = 6  # of a figure: more would differ between processors

State = Literal["PASS", "FAIL", "not tested"]


@dataclass(frozen=True)
class Proof:
    """One promise, and whether it was kept.

    Attributes:
        name: a word or two, the same in every version.
        claim: the promise in plain words.
        figure: what was measured; None where it was not tested.
        limit: what the figure may be at most.
        unit: of both.
        note: where the figure comes from, or why there is none.
    """

    name: str
    claim: str
    figure: float | None
    limit: float
    unit: str
    note: str = ""

    @property
    def state(self) -> State:
        """PASS where the figure is within its limit; NaN is not."""
        if self.figure is None:
            return "not tested"
        return "PASS" if self.figure <= self.limit else "FAIL"


@dataclass(frozen=True)
class Verdict:
    """All proofs of a look on some frames.

    Attributes:
        look: the look's name.
        digest: SHA-256 of its file, hexadecimal.
        plates: the plates' file names, and digests of their content.
        proofs: in the order in which they were made.
    """

    look: str
    digest: str
    plates: Mapping[str, str]
    proofs: tuple[Proof, ...]

    @property
    def failed(self) -> tuple[str, ...]:
        """The names of the proofs that failed."""
        return tuple(proof.name for proof in self.proofs if proof.state == "FAIL")

    @property
    def proof(self) -> str:
        """SHA-256 of what was proved, hexadecimal: of all but the notes, which may tell seconds."""
        held = {**self._values(), "proofs": [_held(proof) for proof in self.proofs]}
        return hashlib.sha256(json.dumps(held, sort_keys=True).encode()).hexdigest()

    def dumps(self) -> str:
        """Return the verdict as JSON."""
        proofs = [{**asdict(proof), "state": proof.state} for proof in self.proofs]
        whole = {"passed": not self.failed, "proof": self.proof, **self._values()}
        return json.dumps({**whole, "proofs": proofs}, indent=2, ensure_ascii=False)

    def _values(self) -> dict[str, object]:
        return {
            "format": FORMAT,
            "velatura": velatura.__version__,
            "look": self.look,
            "digest": self.digest,
            "plates": dict(self.plates),
        }


def _held(proof: Proof) -> list[object]:
    figure = None if proof.figure is None else float(f"{proof.figure:.{_DIGITS}g}")
    return [proof.name, figure, proof.limit, proof.unit, proof.state]
