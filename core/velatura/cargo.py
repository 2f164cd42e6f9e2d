"""What a shot look has on board beside its network: painted keys, cameras, motions; as one text.

A NumPy archive (``.npz``: ZIP, deflated) in base64, because an ONNX file's metadata are text. Light
is kept in 16 bits, ``E(x) / 3`` of the whole range: a third of a thousandth of a stop. Planes are
stored as differences, low and high bytes apart, which halves them (as the EXR ZIP codec does).
Nothing is unpickled, and nothing in it is believed: a look may come from anywhere.
"""

from __future__ import annotations

import base64
import io
import zipfile
from typing import Any

import numpy as np
import numpy.typing as npt

from velatura.camera import Camera
from velatura.carry import Carry, Key
from velatura.errors import LookError
from velatura.tracks import Tracks

MOST = 2**31
"""Largest cargo, bytes unpacked: three keys of 8K."""

_LIGHT = 65535 / 3.0  # codes per unit of encoded light; 65504 lies at 2.88
_PLACE = 2**15 - 1  # codes per width or height; half a frame outside on each side
_OUTSIDE = 0.5
_NOWHERE = 65535

Arrays = dict[str, npt.NDArray[Any]]


def pack(carry: Carry) -> str:
    """Return a carry as text: the inverse of `unpack`, but for rounding to 16 bits."""
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
    }
    for number, key in enumerate(carry.keys):
        arrays[f"paint{number}"] = _apart(np.rint(key.paint * _LIGHT).astype(np.uint16))
        arrays[f"index{number}"] = key.index
        if key.depth is not None:
            arrays[f"depth{number}"] = _apart(np.ascontiguousarray(key.depth).view(np.uint32))
    for number, way in enumerate(sorted(carry.fields)):
        codes = np.rint((carry.fields[way] + _OUTSIDE) * _PLACE)
        inside = (codes >= 0) & (codes < _NOWHERE)
        codes = np.where(inside.all(axis=0), codes, _NOWHERE).astype(np.uint16)
        arrays[f"field{number}"] = _apart(codes)
    packed = io.BytesIO()
    np.savez_compressed(packed, allow_pickle=False, **arrays)
    return base64.b64encode(packed.getvalue()).decode("ascii")


def unpack(text: str, whose: str) -> Carry:
    """Return the carry that ``text`` holds.

    Args:
        text: as `pack` gave it.
        whose: the look's file, for errors.

    Raises:
        LookError: it is not one of ours, or not whole.
    """
    try:
        packed = io.BytesIO(base64.b64decode(text, validate=True))
        with zipfile.ZipFile(packed) as archive:
            size = sum(item.file_size for item in archive.infolist())
        _demand(size <= MOST, f"a size of {size / 2**20:.0f} MiB")
        with np.load(packed, allow_pickle=False) as found:
            return _built({name: found[name] for name in found.files})
    except (ValueError, KeyError, IndexError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise LookError(
            f"The painted keys inside {whose} cannot be read",
            found=str(error),
            do="Export the look again",
        ) from error


def _built(arrays: Arrays) -> Carry:
    frames, objects = arrays["frames"], arrays["objects"]
    shapes = {
        "objects": (np.uint32, (len(objects),)),
        "cameras": (np.float64, (len(frames), 17)),
        "poses": (np.float64, (len(frames), len(objects), 3, 4)),
        "segments": (np.int16, (len(frames), len(objects))),
        "bends": (np.bool_, (len(objects),)),
    }
    for name, (dtype, shape) in shapes.items():
        _demand(arrays[name].dtype == dtype and arrays[name].shape == shape, name)
    _demand(
        bool((np.diff(frames) > 0).all() and (np.diff(objects.astype(np.int64)) > 0).all()), "order"
    )
    painted = [int(frame) for frame in arrays["painted"]]
    _demand(bool(painted) and set(painted) <= set(frames.tolist()), "painted")
    tracks = Tracks(
        tuple(map(int, frames)),
        objects,
        tuple(map(_camera, arrays["cameras"])),
        arrays["poses"],
        arrays["segments"],
        arrays["bends"],
    )
    keys = tuple(_key(arrays, number, frame) for number, frame in enumerate(painted))
    fields = {}
    for number, (frame, key) in enumerate(arrays["ways"].tolist()):
        codes = _together(arrays[f"field{number}"], np.uint16)
        _demand(codes.shape[:-2] == (2,) and min(codes.shape[1:]) > 1, "field")
        places = codes.astype(np.float32) / np.float32(_PLACE) - np.float32(_OUTSIDE)
        fields[frame, key] = np.where(codes == _NOWHERE, np.float32(np.nan), places)
    return Carry(keys, tracks, fields)


def _key(arrays: Arrays, number: int, frame: int) -> Key:
    paint = _together(arrays[f"paint{number}"], np.uint16).astype(np.float32) / np.float32(_LIGHT)
    index, depth = arrays[f"index{number}"], None
    if f"depth{number}" in arrays:
        depth = _together(arrays[f"depth{number}"], np.uint32).view(np.float32)
        _demand(depth.shape == index.shape, "depth")
    fit = paint.shape == (3, *index.shape) and index.dtype == np.uint16 and min(index.shape) > 1
    _demand(fit, "key")
    return Key(frame, paint, index, depth)


def _row(camera: Camera | None) -> list[float]:
    if camera is None:
        return [np.nan] * 17
    return [*camera.matrix.ravel().tolist(), *camera.axis.tolist(), camera.error]


def _camera(row: npt.NDArray[np.float64]) -> Camera | None:
    if not np.isfinite(row).all():
        return None
    return Camera(row[:12].reshape(3, 4), row[12:16], float(row[16]))


def _apart(values: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """Return differences along rows, byte by byte in planes of their own: see `_together`."""
    change = np.diff(values, axis=-1, prepend=values.dtype.type(0))
    planes = change.view(np.uint8).reshape(*values.shape, values.dtype.itemsize)
    return np.ascontiguousarray(np.moveaxis(planes, -1, 0))


def _together(planes: npt.NDArray[Any], dtype: type[np.unsignedinteger[Any]]) -> npt.NDArray[Any]:
    """Return the values that `_apart` took: its inverse."""
    _demand(planes.dtype == np.uint8 and len(planes) == np.dtype(dtype).itemsize, "planes")
    change = np.ascontiguousarray(np.moveaxis(planes, 0, -1)).view(dtype)[..., 0]
    return np.cumsum(change, axis=-1, dtype=dtype)


def _demand(holds: bool, name: str) -> None:
    if not holds:
        raise ValueError(f"{name} does not fit")
