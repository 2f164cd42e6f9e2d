"""What a shot look has on board beside its network: painted keys, cameras, motions; as one text.

A NumPy archive (``.npz``: ZIP, deflated) in base64, because an ONNX file's metadata are text. Light
is kept in 16 bits, ``E(x)`` from 0 to 3: a third of a thousandth of a stop. Planes are
stored as differences, low and high bytes apart, which halves them (as the EXR ZIP codec does).
Nothing is unpickled, and nothing in it is believed: a look may come from anywhere.
"""

from __future__ import annotations

import base64
import io
import math
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt

from velatura.carry.deltas import apart, together
from velatura.carry.fields import Field
from velatura.carry.held import held
from velatura.carry.nearest import NearestFirst
from velatura.carry.paint import Carry
from velatura.carry.painted_key import CODES, Key
from velatura.errors import LookError, MachineError
from velatura.image.planes import FloatArray
from velatura.look import MAX_BYTES
from velatura.scene.camera import Camera
from velatura.scene.gbuffer import FEWER
from velatura.scene.tracks import Tracks
from velatura.system import resources

MOST = 2**31
"""Largest cargo, bytes unpacked: twenty keys of 4K."""

LONGEST = MAX_BYTES - 2**26
"""Longest text, bytes: a look's file with some room for its network. Ten painted keys of 4K."""

USUAL, FAST = 6, 1
"""How hard a carry is compressed: zlib's own middle way for looks; what is remembered for the next
run takes an eighth of a shot's time with it, and a third of that with the other."""

_PLACE, _OUTSIDE = 2**15 - 1, 0.5  # codes per width or height; so much of it on each side
_NOWHERE = 65535
_FARTHEST = 1e12  # scene units, and what cameras are made of: beyond, 32 bits overflow
_THIN = 1e-6  # volume that a camera's axes span, of a box as long: below, it cannot be inverted

Arrays = dict[str, npt.NDArray[Any]]


def pack(carry: Carry, effort: int = USUAL) -> str:
    """Return a carry as text: the inverse of `unpack`, but for rounding to 16 bits.

    Args:
        carry: the keys and their fields.
        effort: of compression, 1 to 9.

    Raises:
        LookError: it is too long for a look.
    """
    tracks = carry.tracks
    cameras = [_row(camera) for camera in tracks.cameras]
    arrays: Arrays = {
        "frames": np.array(tracks.frames, np.int64),
        "objects": tracks.objects,
        "cameras": np.array(cameras, np.float64).reshape(-1, 17),
        "poses": tracks.poses,
        "segments": tracks.segments,
        "bends": tracks.bends,
        "painted": np.array([key.frame for key in carry.keys], np.int64),
        "ways": np.array(sorted(carry.fields), np.int64).reshape(-1, 2),
        "same": np.array(sorted(carry.same.items()), np.int64).reshape(-1, 2),
        "agreement": np.array([carry.agreement], np.float64),
    }
    for number, key in enumerate(carry.keys):
        arrays[f"paint{number}"] = apart(np.rint(key.paint * CODES).astype(np.uint16))
        arrays[f"index{number}"] = key.index
        arrays[f"rim{number}"] = key.rim
        if key.depth is not None:
            arrays[f"depth{number}"] = apart(np.ascontiguousarray(key.depth).view(np.uint32))
        if key.cover is not None:
            arrays[f"cover{number}"] = np.rint(key.cover * 255).astype(np.uint8)
    for number, way in enumerate(sorted(carry.fields)):
        field = carry.fields[way]
        codes = np.clip(np.rint((field.places + _OUTSIDE) * _PLACE), 0, _NOWHERE - 1)
        arrays[f"field{number}"] = apart(codes.astype(np.uint16))
        arrays[f"worth{number}"] = apart(field.worth)
        arrays[f"choice{number}"] = apart(field.choice)
    text = base64.b64encode(_archived(arrays, effort)).decode("ascii")
    if len(text) > LONGEST:
        raise LookError(
            "The painted keys are too much for one look",
            found=f"{len(carry.keys)} keys, {len(text) / 2**20:.0f} MiB; "
            f"{LONGEST / 2**20:.0f} MiB go in",
            do="Take fewer keys, or learn from a proxy: a look for half the size fits the whole",
        )
    return text


def _archived(arrays: Arrays, effort: int) -> bytes:
    """Return arrays as ``numpy.savez_compressed`` writes them, which always takes pains."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=effort) as archive:
        for name, values in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
                np.lib.format.write_array(file, values, allow_pickle=False)
    return packed.getvalue()


def unpack(text: str, whose: str) -> Carry:
    """Return the carry that ``text`` holds.

    Args:
        text: as `pack` gave it.
        whose: the look's file, for errors.

    Raises:
        LookError: it is not one of ours, or not whole.
        MachineError: there is not enough memory for it.
    """
    with _believed(whose):
        return _built(_arrays(base64.b64decode(text, validate=True)))


def size(text: str, whose: str) -> int:
    """Return how much memory a cargo takes once it is unpacked, bytes.

    Args:
        text: as `pack` gave it.
        whose: the look's file, for errors.

    Raises:
        LookError: it is not one of ours, or not whole.
    """
    with _believed(whose), _archive(base64.b64decode(text, validate=True)) as archive:
        return _size(archive)


@contextmanager
def _believed(whose: str) -> Iterator[None]:
    """Raise what goes wrong meanwhile in our own words."""
    try:
        yield
    except MemoryError as error:
        raise MachineError(
            f"There is not enough memory for the painted keys inside {whose}",
            found=str(error),
            do="Take a machine with more, or learn the look from a proxy: it fits the whole",
        ) from error
    except Exception as error:  # zipfile, zlib and NumPy raise a dozen types for broken data
        raise LookError(
            f"The painted keys inside {whose} cannot be read",
            found=str(error),
            do="Export the look again",
        ) from error


def _archive(packed: bytes) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(packed))


def _size(archive: zipfile.ZipFile) -> int:
    """Return the bytes that a carry takes; a text longer than `MOST` is refused."""
    sizes = {item.filename.removesuffix(".npy"): item.file_size for item in archive.infolist()}
    whole = sum(sizes.values())
    _demand(whole <= MOST, f"a size of {whole / 2**20:.0f} MiB")
    return held(sizes)


def _arrays(packed: bytes) -> Arrays:
    """Return the arrays of an archive; each has as many bytes as it says, all together `MOST`."""
    arrays = {}
    with _archive(packed) as archive:
        whole, free = _size(archive), resources.free_memory()
        if whole > free:  # Linux would not say no, and end us later
            raise MemoryError(f"{free / 2**20:.0f} MiB; they take {whole / 2**20:.0f} MiB")
        for item in archive.infolist():
            with archive.open(item) as member:
                np.lib.format.read_magic(member)
                shape, by_columns, dtype = np.lib.format.read_array_header_1_0(member)
                fit = not dtype.hasobject and not by_columns and all(n >= 0 for n in shape)
                wanted = math.prod(shape) * dtype.itemsize
                _demand(fit and wanted <= item.file_size, item.filename)
                arrays[item.filename] = np.frombuffer(member.read(wanted), dtype).reshape(shape)
    return {name.removesuffix(".npy"): values for name, values in arrays.items()}


def _built(arrays: Arrays) -> Carry:
    frames, objects = _rising(arrays, "frames", np.int64), _rising(arrays, "objects", np.uint32)
    painted = _rising(arrays, "painted", np.int64)
    _demand(len(frames) > 0 and len(objects) < FEWER, "the number of frames or objects")
    shapes = {
        "cameras": (np.float64, (len(frames), 17)),
        "poses": (np.float64, (len(frames), len(objects), 3, 4)),
        "segments": (np.int16, (len(frames), len(objects))),
        "bends": (np.bool_, (len(objects),)),
        "ways": (np.int64, (len(arrays["ways"]), 2)),
    }
    for name, (dtype, shape) in shapes.items():
        _demand(arrays[name].dtype == dtype and arrays[name].shape == shape, name)
    _demand(not (np.abs(arrays["poses"]) > _FARTHEST).any(), "poses")  # NaN: not seen
    ways = [(frame, key) for frame, key in arrays["ways"].tolist()]
    _demand(ways == sorted(set(ways)), "ways")
    there = set(frames.tolist())
    _demand({*painted.tolist(), *(frame for way in ways for frame in way)} <= there, "a frame")
    tracks = Tracks(
        tuple(frames.tolist()),
        objects,
        tuple(map(_camera, arrays["cameras"])),
        arrays["poses"],
        arrays["segments"],
        arrays["bends"],
    )
    keys = tuple(_key(arrays, number, frame) for number, frame in enumerate(painted.tolist()))
    if "same" not in arrays:  # of velatura 0.1, whose fields knew places alone
        known = {way: Field.certain(_places(arrays, n)) for n, way in enumerate(ways)}
        return NearestFirst(keys, tracks, known)
    fields = {way: _field(arrays, number) for number, way in enumerate(ways)}
    agreement = arrays["agreement"]
    _demand(agreement.shape == (1,) and bool(np.isfinite(agreement).all()), "agreement")
    return Carry(keys, tracks, fields, _same(arrays["same"], there), float(agreement[0]))


def _same(pairs: npt.NDArray[Any], there: set[int]) -> dict[int, int]:
    _demand(pairs.dtype == np.int64 and pairs.ndim == 2 and pairs.shape[1] == 2, "same")  # noqa: PLR2004
    same: dict[int, int] = dict(pairs.tolist())
    _demand({*same, *same.values()} <= there, "same")
    return same


def _rising(arrays: Arrays, name: str, dtype: type[np.integer[Any]]) -> npt.NDArray[Any]:
    values = arrays[name]
    _demand(values.dtype == dtype and values.ndim == 1, name)
    _demand(bool((values[1:] > values[:-1]).all()), name)
    return values


def _field(arrays: Arrays, number: int) -> Field:
    places = _places(arrays, number)
    planes = [together(arrays[f"{name}{number}"], np.uint8) for name in ("worth", "choice")]
    _demand(all(plane.shape == places.shape[1:] for plane in planes), "a field")
    return Field(places, *planes)


def _places(arrays: Arrays, number: int) -> FloatArray:
    codes = together(arrays[f"field{number}"], np.uint16)
    _demand(codes.ndim == 3 and len(codes) == 2 and min(codes.shape) > 1, "a field")  # noqa: PLR2004
    places = codes.astype(np.float32) / np.float32(_PLACE) - np.float32(_OUTSIDE)
    places[codes == _NOWHERE] = np.nan
    return places


def _key(arrays: Arrays, number: int, frame: int) -> Key:
    """Return a key, and take its arrays out: those of all keys at once are as much memory again."""
    codes, index, depth = arrays.pop(f"paint{number}"), arrays.pop(f"index{number}"), None
    fit = index.ndim == 2 and min(index.shape) > 1 and index.dtype == np.uint16  # noqa: PLR2004
    _demand(fit and codes.shape == (2, 3, *index.shape), "a key")
    paint = np.empty((3, *index.shape), np.float32)
    for plane, some in zip(paint, codes.swapaxes(0, 1), strict=True):
        np.divide(together(some, np.uint16), np.float32(CODES), out=plane)
    rim = arrays.pop(f"rim{number}")
    _demand(rim.dtype == np.bool_ and rim.shape == index.shape, "a rim")
    if f"depth{number}" in arrays:
        depth = together(arrays.pop(f"depth{number}"), np.uint32).view(np.float32)
        _demand(depth.shape == index.shape and bool((np.abs(depth) < _FARTHEST).all()), "a depth")
    cover = arrays.pop(f"cover{number}", None)
    if cover is not None:
        _demand(cover.dtype == np.uint8 and cover.shape == index.shape, "a cover")
        cover = cover.astype(np.float32) / np.float32(255)
    return Key(frame, paint, index, depth, rim, cover)


def _row(camera: Camera | None) -> list[float]:
    if camera is None:
        return [np.nan] * 17
    return [*camera.matrix.ravel().tolist(), *camera.axis.tolist(), camera.error]


def _camera(row: npt.NDArray[np.float64]) -> Camera | None:
    if np.isnan(row).all():
        return None
    camera = Camera(row[:12].reshape(3, 4), row[12:16], float(row[16]))
    _demand(bool((np.abs(row) < _FARTHEST).all()), "a camera")
    across, down, ahead = camera.matrix[0, :3], camera.matrix[1, :3], camera.axis[:3]
    spanned = abs(float(np.dot(np.cross(across, down), ahead)))  # 0: it sees a line, or nothing
    sizes = [float(np.linalg.norm(axis)) for axis in (across, down, ahead)]
    _demand(spanned > _THIN * math.prod(sizes) > 0, "a camera")
    last = camera.axis if camera.perspective else (0, 0, 0, 1)
    _demand(bool((camera.matrix[2] == last).all()), "a camera")
    return camera


def _demand(holds: bool, name: str) -> None:
    if not holds:
        raise ValueError(f"{name} does not fit")
