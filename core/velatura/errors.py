"""What velatura refuses, and why: every error says what, where, what was found, and what to do.

::

    VelaturaError
    ├── InputError          exit 3: the input is wrong; another machine will not help
    │   ├── ImageError      a file that is not a readable picture
    │   ├── PassError       a picture without the channels that are wanted
    │   ├── ColourError     a colour space that the config does not know
    │   ├── LookError       a file that is not one of our looks, or does not fit
    │   │   └── BrokenLookError  a look that breaks its promises, whatever the frame
    │   ├── FrameError      frames that are missing, or a range that is none
    │   └── TrainingError   painted keys that do not fit their plate, a run that is not one
    ├── MachineError        exit 4: the machine cannot; another one may
    │   ├── DeviceError     the wanted device did not answer
    │   ├── StorageError    a folder that cannot be written, a full disk
    │   └── MissingRuntimeError  the runtime or a part of it is not installed
    └── CancelledError      exit 130: stopped on request; finished frames are whole

Standard library only, Python 3.9 and later: host adapters import this module.
"""

from __future__ import annotations

import errno
from pathlib import Path

from velatura.texts import shown

__all__ = [
    "BrokenLookError",
    "CancelledError",
    "ColourError",
    "DeviceError",
    "FrameError",
    "ImageError",
    "InputError",
    "LookError",
    "MachineError",
    "MissingRuntimeError",
    "PassError",
    "StorageError",
    "TrainingError",
    "VelaturaError",
    "of_look",
    "of_system",
]

_ELSEWHERE = {  # what another machine, or this one later, may do
    *(errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.ENOMEM, errno.EMFILE, errno.ENFILE),
    *(errno.EAGAIN, errno.EROFS, errno.ESTALE, errno.ETIMEDOUT, errno.EBUSY),
}


class VelaturaError(Exception):
    """An error with a message for people and an exit code for farms.

    Args:
        what: one sentence: what went wrong, and where (path, frame, channel). Here and below,
            what a terminal would obey is a ``?`` (`velatura.texts.shown`).
        found: what was there instead.
        do: what the reader can do about it.
    """

    exit_code = 1

    def __init__(self, what: str, *, found: str | None = None, do: str | None = None) -> None:
        self.what = shown(what)
        self.found, self.do = (None if said is None else shown(said) for said in (found, do))
        sentences = [_sentence(self.what)]
        if self.found:
            sentences.append(_sentence(f"Found: {self.found}"))
        if self.do:
            sentences.append(_sentence(self.do))
        super().__init__(" ".join(sentences))


class InputError(VelaturaError):
    """The input is wrong; trying again elsewhere will not help."""

    exit_code = 3


class ImageError(InputError):
    """A file that is not a picture velatura can read."""


class PassError(InputError):
    """A picture that lacks the channels that are wanted."""


class ColourError(InputError):
    """A colour space that the OCIO config does not know."""


class LookError(InputError):
    """A file that is not a velatura look, or a look that does not fit the plate."""


class BrokenLookError(LookError):
    """A look that breaks its own promises, whatever the frame: the job ends, and says so once."""


class FrameError(InputError):
    """Frames that are missing from a sequence, or a frame range that is none."""


class TrainingError(InputError):
    """Painted keys that do not fit their plate, or a training run that is not one."""


class MachineError(VelaturaError):
    """This machine cannot do it; another one may."""

    exit_code = 4


class DeviceError(MachineError):
    """The device that was asked for did not answer."""


class StorageError(MachineError):
    """A folder that cannot be written, or a full disk."""


class MissingRuntimeError(MachineError):
    """The velatura runtime, or an optional part of it, is not installed."""


class CancelledError(VelaturaError):
    """Stopped on request; every file under its final name is whole."""

    exit_code = 130


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


def of_system(error: OSError) -> VelaturaError:
    """Return what the system refused as an error of ours: wrong input, or a machine that cannot."""
    what = f"{error.filename} cannot be used" if error.filename else "A file cannot be used"
    kind = StorageError if error.errno in _ELSEWHERE else InputError
    return kind(what, found=error.strerror or type(error).__name__, do="Check the path")


def of_look(path: object, error: OSError) -> LookError:
    """Return what the system refused of a look's file as an error of ours."""
    found = error.strerror
    if isinstance(error, FileNotFoundError):
        near = sorted(file.name for file in Path(str(path)).parent.glob("*.onnx"))
        found = f"{found}; beside it {', '.join(near[:8])}" if near else found
    do = "Check the path, put the file back, or choose a look that is there"
    return LookError(f"The look {path} cannot be read", found=found, do=do)
