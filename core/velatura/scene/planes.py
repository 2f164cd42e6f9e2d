"""Flow of flat things: floors, walls and facades move by one homography each.

Optical flow guesses inside of plain tiles, and takes one tile for the next. A plane
(`velatura.scene.homographies`) has what lies among its corners, fits it, and is bounded by edges:
an even area moves as a whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt

from velatura.image.planes import FloatArray
from velatura.scene import homographies, opencv, vectors
from velatura.scene.corners import Points
from velatura.scene.homographies import Homography
from velatura.scene.optical_flow import Flows
from velatura.scene.vectors import Bools

SPREAD, MAJOR, REACH = 1 / 24, 0.3, 12
"""Corners speak for what lies around them, under a Gaussian of this deviation in widths; such a
part of them has to be the plane's; it reaches so many px beyond the outermost."""

SLOPE, SMOOTH, WHOLE = 0.01, 1.0, 0.5
"""Slope of light, per px, below which an area is even; deviation, px, of the Gaussian before; part
of an even area that has to be a plane's for any of it to be. Without this the harbour's lighthouse
takes the sky around it along."""

LOCAL, UNLIKE, PATCH = 4.0, 0.06, 4.0
"""Pictures are compared without what is even over 4 px, for shadows and shine do not move along; up
to differences of .06; under a Gaussian of 4 px."""

DEARER = 0.002
"""Light by which a plane may fit less well than flow, which can follow anything."""

FAR, FURTHER = 0.25, 0.5
"""px from the flow up to which a plane changes nothing, and from which on all."""


class Planes:
    """The planes of a shot, pair by pair of frames: they go on moving about as they did."""

    def __init__(self) -> None:
        self._last: tuple[Homography, ...] = ()

    def mended(self, one: FloatArray, other: FloatArray, flows: Flows) -> Flows:
        """Return both flows of two pictures with the motion of planes in them.

        Args:
            one: ``(3, H, W)`` encoded light, about 0..1.
            other: the same, of the other picture.
            flows: ``(2, H, W)`` px, how the first moves to the other, and back.
        """
        found = homographies.find(one, other, flows, self._last)
        self._last = tuple(plane.homography for plane in found.planes)
        if not found.planes:
            return flows
        here, there = (
            [(plane.homography, plane.corners[0]) for plane in found.planes],
            [(np.linalg.inv(plane.homography), plane.corners[1]) for plane in found.planes],
        )
        with ThreadPoolExecutor(2) as pool:
            go = pool.submit(_laid, one, other, flows[0], found.corners[0], here)
            back = pool.submit(_laid, other, one, flows[1], found.corners[1], there)
            return go.result(), back.result()


def _laid(
    here: FloatArray,
    there: FloatArray,
    flow: FloatArray,
    corners: Points,
    planes: Sequence[tuple[Homography, Points]],
) -> FloatArray:
    """Return a flow with planes, each with its own corners, where they fit."""
    height, width = flow.shape[1:]
    local = here - opencv.blurred(here, LOCAL), there - opencv.blurred(there, LOCAL)
    home = vectors.start(height, width)
    about = _spoken(corners, height, width)
    areas = _areas(here)
    least = _unlike(*local, home + flow) + np.float32(DEARER)
    chosen = flow
    for homography, own in planes:
        if not len(own):
            continue
        points = home.reshape(2, -1).T
        places = homographies.moved(homography, points).T.reshape(home.shape).astype(np.float32)
        cost = _unlike(*local, places)
        better = _whole(_among(own, about), areas) & (cost < least)
        chosen = np.where(better, places - home, chosen)
        least = np.where(better, cost, least)
    apart = np.hypot(*(chosen - flow))
    share = np.clip((apart - FAR) / (FURTHER - FAR), 0, 1).astype(np.float32)
    laid: FloatArray = flow + (chosen - flow) * share
    return laid


def _unlike(here: FloatArray, there: FloatArray, places: FloatArray) -> FloatArray:
    """Return ``(H, W)``: how much two pictures differ, the other one read at places in px."""
    off = np.abs(opencv.warped(there, places) - here).mean(axis=0)
    x, y = places + np.float32(0.5)
    inside = (x >= 0) & (x <= off.shape[1]) & (y >= 0) & (y <= off.shape[0])
    off[~inside] = UNLIKE  # also where there is no place
    compared: FloatArray = opencv.blurred(np.minimum(off, np.float32(UNLIKE))[None], PATCH)[0]
    return compared


def _spoken(points: Points, height: int, width: int) -> FloatArray:
    """Return ``(H, W)``: how many points lie around."""
    plane = np.zeros((height, width), np.float32)
    x, y = np.rint(points).astype(int).T
    plane[y, x] = 1
    around: FloatArray = opencv.blurred(plane[None], SPREAD * width)[0]
    return around


def _among(own: Points, about: FloatArray) -> Bools:
    """Return ``(H, W)``: what lies among a plane's corners, where most corners are its own."""
    module = opencv.cv2()
    inside = np.zeros(about.shape, np.uint8)
    module.fillConvexPoly(inside, module.convexHull(np.rint(own).astype(np.int32)), 1)
    inside = module.dilate(inside, np.ones((2 * REACH + 1, 2 * REACH + 1), np.uint8))
    among: Bools = (inside > 0) & (_spoken(own, *about.shape) > MAJOR * about)
    return among


def _areas(light: FloatArray) -> npt.NDArray[np.int32]:
    """Return ``(H, W)``: the number of the even area that a pixel is of; 0 at edges."""
    module = opencv.cv2()
    grey = opencv.blurred(light.mean(axis=0)[None], SMOOTH)[0]
    slope = np.hypot(*(module.Sobel(grey, -1, *way, scale=1 / 8) for way in ((1, 0), (0, 1))))
    even = (slope < SLOPE).astype(np.uint8)
    areas: npt.NDArray[np.int32] = module.connectedComponents(even, connectivity=4)[1]
    return areas


def _whole(some: Bools, areas: npt.NDArray[np.int32]) -> Bools:
    """Return the pixels that lie at edges, or in areas of which most pixels are among them."""
    part = np.bincount(areas.ravel(), some.ravel()) / np.maximum(np.bincount(areas.ravel()), 1)
    part[0] = 1
    return some & (part[areas] > WHOLE)
