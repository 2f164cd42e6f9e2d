"""`velatura train`: a look from painted frames of a shot, or from a painting.

`velatura.cli.main` finds the trainer's commands by name when they are asked for. torch is imported
inside the commands: their help must not wait for it.
"""

from __future__ import annotations

import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from velatura.cli import options
from velatura.cli.options import (
    Config,
    Layer,
    Passes,
    Shown,
    Space,
    Start,
    basic,
    keys,
    machine,
    reads_plate,
)
from velatura.errors import TrainingError
from velatura.image import gathering, movies
from velatura.plate.reading import Reading
from velatura.scene.motion_files import MotionFiles
from velatura_training.cli import openmp, resumed, several, unused_options, watching
from velatura_training.cli.paint import Count, Crop, Eyes, EyesWeights, Hold, Painter
from velatura_training.cli.recipe_options import (
    Adversarial,
    Batch,
    Discriminator,
    Generator,
    Patch,
    Perceptual,
    PerceptualWeights,
    Rate,
    Seed,
    Steps,
    Tier,
    VaryExposure,
    VaryGrain,
    Weights,
)
from velatura_training.recipe import FREE, PAINTING, SHOT, TAUGHT, Budget, Recipe

if TYPE_CHECKING:
    from velatura_training.data.lesson import Lesson
    from velatura_training.learn.run import Run
    from velatura_training.learn.window import Window

DEFAULT_MINUTES = 5.0
"""Training time where nothing is said: enough for a look at 2K on a laptop."""

Guide = Literal["normal", "depth", "albedo", "id", "position", "vector", "none"]
Device = Literal["auto", "cpu", "cuda"]


def train(  # noqa: C901, PLR0915  # in the order in which things must be known
    *plates: Annotated[str, basic(name="plate")],
    painted: Annotated[tuple[str, ...], basic("KEYS...", consume_multiple=True)] = (),
    style: Annotated[tuple[Path, ...], basic("PAINTING...", consume_multiple=True)] = (),
    stroke: Annotated[float | None, options.painter("NUMBER")] = None,
    painter: Painter = None,
    eyes: Eyes = None,
    eyes_weights: EyesWeights = None,
    hold: Hold = None,
    crop: Crop = "",
    count: Count = None,
    out: Annotated[Path, basic("RUN")],
    minutes: Annotated[float | None, basic("NUMBER")] = None,
    steps: Steps = None,
    free: Annotated[bool, basic()] = False,
    tier: Tier = None,
    generator: Generator = None,
    discriminator: Discriminator = None,
    adversarial: Adversarial = None,
    perceptual: Perceptual = None,
    perceptual_weights: PerceptualWeights = None,
    weights: Weights = None,
    guides: Annotated[tuple[Guide, ...], reads_plate(consume_multiple=True)] = (),
    hold_out: Annotated[tuple[int, ...], basic("FRAME...", consume_multiple=True)] = (),
    layer: Layer = "",
    passes: Passes = "",
    space: Space = "",
    start: Start = 0,
    config: Config = "",
    painted_space: Annotated[str, keys("SPACE")] = "",
    painted_view: Annotated[str, keys("DISPLAY/VIEW")] = "",
    painted_resize: Annotated[bool, keys()] = False,
    align: Annotated[bool, keys()] = False,
    motion: Annotated[tuple[str, ...], keys("VECTORS...", consume_multiple=True)] = (),
    stmap: Annotated[tuple[str, ...], keys("KEY:STMAPS...", consume_multiple=True)] = (),
    rate: Rate = None,
    patch: Patch = None,
    batch: Batch = None,
    vary_exposure: VaryExposure = None,
    vary_grain: VaryGrain = None,
    seed: Seed = None,
    device: Annotated[Device, machine()] = "auto",
    threads: Annotated[int, machine("NUMBER")] = 0,
    resume: Annotated[bool, basic()] = False,
    progress: Shown = "auto",
    open_page: Annotated[bool, basic(name="--open")] = False,
) -> None:
    r"""Learn a look from painted frames of a shot, or from a painting.

    Watch OUT/watch.html (--open opens it): plate, result and paint under a wipe, renewed while it
    learns; OUT/contact_sheet.png and OUT/losses.png are to be sent. The trainer picks up keys that
    are repainted meanwhile. Ctrl-C keeps the best so far. Then write the look with
    `velatura export OUT`.

    For example:

        velatura train shot.####.exr --painted paint.####.png \
            --out runs/ink --minutes 5
        velatura train shot.####.exr --style storm.jpg \
            --out runs/storm --minutes 30

    Args:
        plates: the plate's frames: name.####.exr, name.%04d.exr or name.$F4.exr, a folder, or a
            movie; EXR, PNG, JPG, TIFF, DPX, Cineon, HDR, MOV, MP4, MKV. Several shots may be named,
            and teach one free look.
        painted: the painted keys, numbered like the plate frames they were painted on; as many as
            there are shots, in their order. Their ICC profiles and EXR tags count; without them,
            EXR is taken as the plate, and PNG, JPG, TIFF as sRGB.
        style: instead of painted keys, one or more paintings: keys are painted in their manner, as
            `velatura paint` does, into OUT/keys, and learnt from. Retouch them while it learns.
            With --free, or several shots, a network learns the manner for any shot, from these keys
            and the paintings; with --count 0 from the paintings alone.
        stroke: size of their strokes: 1 (the default) for a painting of 600 px on its shorter side.
        out: the run's folder.
        minutes: how long it takes, from the command to its last file (5 where neither this nor
            --steps is given); at most half of it paints the keys of a --style.
        free: learn from the plate alone, for any shot. Else the painted keys are carried along into
            each frame of their shot, where its passes (Position, ids, Vector) allow it: closer to
            the paint, and calmer.
        guides: passes to read beside the beauty; default: normal, depth, albedo and id, if all
            painted frames have them; position and vector are read only where they are named; none
            for a look that needs no passes.
        hold_out: painted frames to keep out of the training; the figures at the end are measured on
            them.
        painted_space: the painted keys' colour space, whatever their files say.
        painted_view: the view that the keys were painted over, where they show what a viewer or a
            render with AgX, Filmic or ACES showed: "sRGB/AgX". What is unpainted stays as the plate
            is.
        painted_resize: scale keys of exactly half or twice their plate's size.
        align: move keys to where their edges fit their plates', by whole pixels.
        motion: your own motion vectors, by which the painted keys are carried: layers of the plate
            (forward=forward,backward=backward, or smartvector, or one layer's name), or files of
            their own (vectors.####.exr). Signs and directions are found by trial; docs/motion.md.
        stmap: for a painted key the STMaps that lead from each frame into it, as VectorDistort
            writes them (st-map inverse): 1:stm_key1.####.exr 12:stm_key12.####.exr.
        device: where to learn: auto is CUDA where it answers, else the CPU; cpu; cuda must answer.
        threads: processor threads; 0 tries how many learn fastest. With 1 and --steps, runs repeat
            bit for bit.
        resume: go on with the run in OUT, if there is one, with its own settings; --minutes and
            --steps count the whole run.
        open_page: open OUT/watch.html in a browser.
    """
    begun = time.perf_counter()
    openmp.spin_briefly()
    from velatura.plate import colour
    from velatura_training.data import paintings
    from velatura_training.data.key_reading import KeyReading
    from velatura_training.learn.bar import Watch

    out = several.own_folder(out, device)
    before = resumed.begun(out) if resume else None
    colour.prefer(config or (before.config if before else ""))
    plates = tuple(movies.started(text, start) for text in gathering.gathered(plates))
    painted = tuple(gathering.keys(painted))
    if minutes is None and steps is None:
        minutes = DEFAULT_MINUTES
    if bool(style) == bool(painted):
        raise TrainingError(
            "A look is learnt either from painted keys or from paintings",
            found="both" if style else "neither",
            do="Give --painted or --style.",
        )
    budget, left_out = Budget(minutes, steps), paintings.parse_crop(crop)

    def run(usual: Recipe, window: Window) -> Run:
        """Return what was asked for, on top of a usual recipe."""
        recipe = usual.but(
            weights,
            stroke=stroke,
            tier=tier,
            generator=generator,
            discriminator=discriminator,
            adversarial=adversarial,
            perceptual=perceptual,
            perceptual_weights=None if perceptual_weights is None else str(perceptual_weights),
            patch=patch,
            batch=batch,
            rate=rate,
            exposure=vary_exposure,
            grain=vary_grain,
            seed=seed,
        )
        where = pick_device(device)
        return Run(out, recipe, budget, where, watch, threads, resume, begun, window)

    manner = bool(style) and (free or len(plates) > 1)
    painters: dict[str, object] = {
        "--painter": painter,
        "--eyes": eyes,
        "--eyes-weights": eyes_weights,
        "--hold": hold,
        "--count": count,
    }
    how_keys: dict[str, object] = {
        "--guides": guides,
        "--hold-out": hold_out,
        "--align": align,
        "--painted-space": painted_space,
        "--painted-view": painted_view,
        "--painted-resize": painted_resize,
    }
    if painted:
        unused_options.refuse_painters({**painters, "--stroke": stroke, "--crop": crop})
    elif manner:
        unused_options.refuse_keys(how_keys)
        unused_options.refuse_motion(motion or stmap, 0, free=True)
    # A run that was begun without keys goes on without.
    bare = manner and (count == 0 or (before is not None and not (out / "keys").is_dir()))
    if style and not bare:
        from velatura_training.learn.run import refuse_begun
        from velatura_training.paint import order

        refuse_begun(out, resume=resume)
        wanted_keys = order.Order.of(
            painter=painter,
            eyes=eyes,
            weights=eyes_weights,
            stroke=stroke,
            hold=hold,
            seed=seed,
            count=count,
            crop=left_out,
            seconds=minutes and 60 * minutes * order.PAINTED / max(1, len(plates)),
        )
        plate_reading = Reading(layer, passes, space)
        painted = order.of_shots(out / "keys", wanted_keys, plates, style, plate_reading, progress)
    gone = resumed.spent(out) if before else 0.0
    with Watch(progress, minutes, begun - gone) as watch, ExitStack() as beside:
        watch.doing("loading the trainer")
        from velatura_training.data import key_files
        from velatura_training.data import plates as plate_files
        from velatura_training.data.watched_keys import WatchedKeys
        from velatura_training.learn import first_picture
        from velatura_training.learn.run import Run, imitate, pick_device, refuse_begun
        from velatura_training.learn.run import train as learn

        refuse_begun(out, resume=resume)
        means = (f"--layer={layer}", f"--passes={passes}", f"--space={space}")
        moving = motion or stmap
        if manner:
            window = watching.opened(out, watch, (), open_page=open_page, again=resume)
            asked = run(TAUGHT if painted else PAINTING, window)
            imitate(plate_files.load(plates, layer, space, painted), style, asked, left_out)
            return
        wanted = tuple(str(name) for name in guides if name != "none") if guides else None
        shots = key_files.pair(plates, painted)
        unused_options.refuse_motion(moving, len(shots), free=free)
        given = MotionFiles.parse(motion, stmap, gathering.find(plates[0])) if moving else None
        reading = KeyReading(painted_space, painted_view, painted_resize, align)
        given_now = wanted, reading, hold_out
        wanted, reading, hold_out, free = resumed.settings(before, *given_now, free=free)
        watch.doing("reading the painted keys")
        advice = (*plates, *means) if len(plates) == 1 and not free else ()
        windows: list[Window] = []  # one, as soon as the keys can be read

        def read(lesson: Lesson) -> None:
            windows.append(watching.opened(out, watch, advice, open_page=open_page, again=resume))
            beside.callback(windows[0].end)  # what it asks must not outlive a refusal
            first_picture.show(windows[0].page, lesson)
            windows[0].advise(each.frame for each in (*(lesson.shown or lesson.keys), *lesson.held))
            watch.doing("checking the painted keys")

        how = wanted, layer, passes, space, hold_out, given, reading
        watched = WatchedKeys(shots, *how, read)
        if not free:
            watched.carry(watch, watch.followed)
        learn(
            watched.lesson, run(FREE if watched.lesson.carry is None else SHOT, *windows), watched
        )
