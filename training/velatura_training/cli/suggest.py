"""`velatura suggest`: which frame to paint next, and how sure that is.

No torch is loaded until a run is given: a machine that only applies looks can advise, too.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np

from velatura.apply.targets import plates
from velatura.cli.options import (
    AsJson,
    Layer,
    Numbers,
    Passes,
    Shown,
    Space,
    Start,
    basic,
)
from velatura.errors import FrameError
from velatura.image import gathering, movies
from velatura.image.gathering import find
from velatura.image.numbered import with_span
from velatura.image.ranges import frame_numbers, holes
from velatura.plate.reading import Reading
from velatura.scene.footage import Footage
from velatura.suggest.advice import Advice, Suggestion, advise
from velatura.suggest.coverage import measure
from velatura.suggest.proxy import Scouted, scout
from velatura.system import terminal
from velatura.system.next_step import needed, next_step
from velatura.system.progress import Progress, say
from velatura_training.cli import openmp

MEANS = {
    "camera": "where paint reaches is known from the Position pass",
    "vector": "where paint reaches is known from the Vector pass alone, from frame to frame",
    "flow": "the plate has neither Position nor Vector: motion is taken from the pictures",
    "looks": "the plate has neither Position nor Vector, and OpenCV, which could see the motion, "
    "is missing: frames are told apart by their looks alone, and how far paint would reach is not "
    "known. Install the trainer again",
}

LITTLE = 0.03
"""Share of the expected error below which another painted frame is hardly worth the work."""

_NUMBERS = re.compile(r"[\d\s,x:-]+")

log = logging.getLogger("velatura")


def suggest(
    plate: Annotated[str, basic("PLATE")],
    *,
    painted: Annotated[str, basic("KEYS")] = "",
    count: Annotated[int, basic("NUMBER")] = 1,
    run: Annotated[Path | None, basic("RUN")] = None,
    sheet: Annotated[Path | None, basic("FILE")] = None,
    save: Annotated[Path | None, basic("FOLDER")] = None,
    frames: Numbers = "",
    layer: Layer = "",
    passes: Passes = "",
    space: Space = "",
    start: Start = 0,
    as_json: AsJson = False,
    progress: Shown = "auto",
) -> None:
    r"""Name the frame to paint next, and say how sure that is.

    It is the frame whose paint would help the whole shot most: carried by the plate's passes, its
    paint reaches places that no other paint reaches, or where the light has changed. This also
    works before anything is painted.

    For example:

        velatura suggest clip.mp4 --count 2 --save to_paint
        velatura suggest shot.####.exr --painted paint.####.png \
            --run runs/ink --sheet advice.png

    Args:
        plate: the frames: shot.####.exr, shot.%04d.exr or shot.$F4.exr, a folder or a movie.
        painted: the painted keys, paint.####.png, or just their numbers, 1,12.
        count: how many frames to name, in the order in which they help.
        run: a run that `velatura train` learnt from these keys: its errors and doubts count too.
        sheet: write a PNG: all frames as bars, and of each named one where the look is unsure.
        save: write the named frames there as PNG, to paint over: in the plate's own encoding, and
            numbered as keys are. A file that is there is kept.
    """
    found = plates(movies.started(plate, start), frames)
    files = {int(number or 0): path for number, path in found.items()}
    footage = Footage(files, Reading(layer, passes, space))
    keys, learnt = _keys(painted), None
    if run is not None:
        openmp.spin_briefly()
        from velatura_training.learn import threads
        from velatura_training.suggest import uncertainty

        threads.alone_if_busy()
        learnt = uncertainty.read(run, footage)
        keys = sorted({*keys, *learnt.painted})
    _refuse(footage.frames, keys, count)
    with Progress(progress, "frames looked at") as report:
        seen = scout(footage, report)
    with Progress(progress, "frames weighed") as report:
        reach = measure(seen, keys, report)
    _tell(plate, seen)
    prices, doubt = None, None
    if learnt is not None:
        with Progress(progress, "frames doubted") as report:
            prices, doubt = learnt.judge(footage, reach, report)
    given = advise(reach, keys, count, prices, doubt)
    if len(given.suggestions) < count:
        log.warning("Only %d frames can be suggested", len(given.suggestions))
    if as_json:
        print(json.dumps({"plate": plate, "means": seen.means, **_plain(given)}))  # noqa: T201
    else:
        _show(given)
    for path in _written(sheet, save, given, seen, footage):
        say(f"wrote {path}", sys.stderr if as_json else sys.stdout)
    if not as_json:
        means = needed(layer=layer, passes=passes, space=space, start=start)
        given_keys = painted if painted and not _NUMBERS.fullmatch(painted) else "KEYS"
        train = ("velatura", "train", plate, "--painted", given_keys)
        resumed = ("--out", str(run), "--resume") if run else ("--out", "RUN")
        next_step(*train, *resumed, *means)


def _tell(plate: str, seen: Scouted) -> None:
    """Say how motion is known, and where the plate is of several shots."""
    log.log(logging.INFO if seen.means == "camera" else logging.WARNING, "%s", MEANS[seen.means])
    if seen.cuts:
        shots = list(_shots(seen.frames, seen.cuts))
        log.warning(
            "this looks like %d shots, and no paint is carried from one into another: %s. Learn "
            "each by itself, as in %r",
            *(len(shots), ", ".join(shots), f"{with_span(plate)[0]} {shots[0]}"),
        )


def _written(
    sheet: Path | None, save: Path | None, given: Advice, seen: Scouted, footage: Footage
) -> Iterator[Path]:
    """Yield what is written beside the advice, once it is."""
    if sheet is not None:
        from velatura.suggest import advice_sheet

        advice_sheet.write(sheet, given, seen)
        yield sheet
    if save is not None:
        from velatura_training.suggest import originals

        named = [one.frame for one in given.suggestions]
        yield from originals.save(save, footage.plates, named, footage.reading)


def _shots(frames: Sequence[int], cuts: Collection[int]) -> Iterator[str]:
    """Yield the frames of each shot: ``0-26``, ``27-47``."""
    starts = [frames[0], *sorted(cuts)]
    ends = [*(max(f for f in frames if f < cut) for cut in sorted(cuts)), frames[-1]]
    for first, last in zip(starts, ends, strict=True):
        yield f"{first}-{last}"


def _keys(painted: str) -> list[int]:
    """Return the numbers of the painted keys, of files or as they are."""
    if _NUMBERS.fullmatch(painted):
        return frame_numbers(painted)
    if not painted:
        return []
    try:
        return sorted(find(*gathering.keys([painted])))
    except FrameError as error:
        raise FrameError(
            f"There are no painted keys {painted}",
            do="Check the path and its digits, or omit --painted before the first key",
        ) from error


def _refuse(frames: Sequence[int], painted: Sequence[int], count: int) -> None:
    """Raise FrameError where there is nothing to choose."""
    if count < 1:
        raise FrameError("At least one frame is to be suggested (--count)", found=str(count))
    if strangers := sorted(set(painted) - set(frames)):
        gaps = holes(list(frames))
        raise FrameError(
            f"Painted keys outside the shot: {', '.join(map(str, strangers))}",
            found=f"plate frames {frames[0]} to {frames[-1]}"
            + (f" without {gaps}" if gaps else ""),
            do="Name each painted key with the number of the plate frame it was painted on",
        )
    if len(frames) == 1:
        raise FrameError(
            f"The shot has one frame, {frames[0]}: there is nothing to choose",
            do="Paint it, or name all frames, as in shot.####.exr",
        )
    if set(painted) >= set(frames):
        raise FrameError(f"All {len(frames)} frames are painted: nothing is left to suggest")


def _plain(given: Advice) -> dict[str, Any]:
    """Return an advice as JSON values; what cannot be known without passes is None."""
    known = given.reach.carried
    hidden = {} if known else {"covered": None, "error": None}
    rows = zip(given.reach.frames, given.covered, given.error, given.left, given.worth, strict=True)
    return {
        "painted": list(given.painted),
        "covered": given.reach.mean(given.covered) if known else None,
        "error": given.reach.mean(given.error) if known else None,
        "suggestions": [{**vars(one), "sure": one.sure, **hidden} for one in given.suggestions],
        "frames": [
            {
                "frame": int(frame),
                "painted": int(frame) in given.painted,
                "covered": float(covered) if known else None,
                "error": float(error) if known else None,
                "left": float(left) if known else None,
                "worth": float(worth) if np.isfinite(worth) else None,
            }
            for frame, covered, error, left, worth in rows
        ],
    }


def _show(given: Advice) -> None:
    """Print an advice for people: a row for each frame, and last what to do."""
    from rich.table import Table

    table = Table(title="velatura suggest", title_justify="left")
    for name in ("frame", "", "paint reaches", "error now", "alone saves", "error then"):
        table.add_column(name, justify="left" if not name else "right")
    known = given.reach.carried

    def row(name: str, mark: str, covered: float, error: float, worth: float, left: float) -> None:
        saves = f"{100 * worth:.0f} %" if np.isfinite(worth) and known else ""
        told = (f"{100 * covered:.1f} %", f"{error:.4f}", saves, f"{left:.4f}")
        table.add_row(name, mark, *(told if known else ("",) * 4))

    rank = {one.frame: f"paint {place}." for place, one in enumerate(given.suggestions, 1)}
    marks = rank | dict.fromkeys(given.painted, "painted")
    figures = given.covered, given.error, given.worth, given.left
    for frame, *values in zip(given.reach.frames.tolist(), *figures, strict=True):
        row(str(frame), marks.get(frame, ""), *map(float, values))
    table.add_section()
    covered, error, left = map(given.reach.mean, (given.covered, given.error, given.left))
    row("all", "", covered, error, float("nan"), left)
    console = terminal.console()
    console.print(table)
    if known and len(given.suggestions) > 1:
        saved = f"save {100 * (1 - left / error):.0f} % of the error that is expected"
        console.print(f"Together, these {len(given.suggestions)} {saved}:", highlight=False)
    for place, one in enumerate(given.suggestions):
        console.print(_words(one, place), markup=False, highlight=False, soft_wrap=True)


def _words(one: Suggestion, place: int) -> str:
    """Return what a suggestion means, in plain words."""
    first, *more = _belief(one)
    said = [f"Paint frame {one.frame} {'then' if place else 'next'}: {first}", *more]
    if one.as_good:
        said.append(f"as good: {', '.join(_runs(one.as_good))}")
    if one.rival is not None:
        said.append(f"next best: {one.rival}, which helps {100 * one.margin:.0f} % less")
    if one.gain < LITTLE:
        said.append("but none helps much any more: what is left is spread over the whole shot")
    return ". ".join(part[0].upper() + part[1:] for part in said) + "."


def _belief(one: Suggestion) -> Iterator[str]:
    if one.chance is None:
        yield f"{one.sure}, by what the frames look like"
        return
    yield f"it saves {100 * one.gain:.0f} % of the error that is expected"
    yield f"{one.sure}: {10 * one.chance:.0f} in 10 that no other frame helps clearly more"


def _runs(frames: Sequence[int]) -> Iterator[str]:
    """Yield numbers in few words: ``2-5``, ``9``."""
    first = 0
    for at, frame in enumerate(frames, 1):
        if at == len(frames) or frames[at] != frame + 1:
            yield str(frame) if frames[first] == frame else f"{frames[first]}-{frame}"
            first = at
