"""The digest of a proof in the headers of what a look has made."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from velatura.errors import FrameError
from velatura.fingerprint import DIGEST_KEY, stored
from velatura.image import exr
from velatura.verify.verdict import Verdict

PROOF_KEY = "velatura/proof"
"""Header attribute: `velatura.verify.verdict.Verdict.proof` of the look that made a file."""


def stamp(folder: Path, verdict: Verdict) -> list[Path]:
    """Write a proof's digest into all EXRs of a folder that its look has made; return these.

    Everything else in them stays as it is; each file is whole at any moment.

    Raises:
        FrameError: the folder holds none of the look's.
        ImageError, StorageError: a file cannot be read, or written.
    """
    paths = sorted(p for p in folder.glob("*.exr") if stored(p, DIGEST_KEY) == verdict.digest)
    if not paths:
        raise FrameError(
            f"{folder} holds no EXR that {verdict.look} has made",
            do="Name the folder that `velatura apply` wrote to, with this very look",
        )
    for path in paths:
        image = exr.read(path)
        first = image.parts[0]
        marked = replace(first, attributes={**first.attributes, PROOF_KEY: verdict.proof})
        exr.write(path, replace(image, parts=(marked, *image.parts[1:])))
    return paths
