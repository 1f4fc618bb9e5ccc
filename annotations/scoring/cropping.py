"""Faces cut out of stored pictures, for files that recognisers are measured with."""

import io
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from annotations import images

from . import registry
from .boxes import Box
from .analysis import threads
from .weights import WrongWeights

log = logging.getLogger(__name__)

SIDE = 1024  # of the picture that is cut from
MARGIN = 0.3  # of the face's sides, around it
JPEG = {"format": "JPEG", "quality": 92}


class Aligner(Protocol):
    """A scorer that brings faces into one position."""

    name: str
    version: str
    digest: str

    def align(
        self, picture: NDArray[np.uint8], near: Box | None, frame: Box | None
    ) -> tuple[Box, NDArray[np.uint8]] | None:
        """The face of a frame, else at a box, else the largest: its box, and it alone.

        None where no face is found, or none that belongs to the frame.
        """
        ...


@dataclass(frozen=True, slots=True)
class CropRequest:
    """A picture by digest, and where in it the face is.

    `frame` is what judges were shown; `near` is where a scorer found the best match.
    """

    sha256: str
    near: Box | None = None
    frame: Box | None = None


@dataclass(frozen=True, slots=True)
class Crop:
    """A face as two JPEGs; where no face was found the frame, else the whole picture."""

    aligned: bytes
    cropped: bytes
    is_face: bool


def aligner() -> Aligner | None:
    """The first scorer of the settings that can align; None where there is none."""
    for name, kind in registry.configured().items():
        if hasattr(kind, "align"):
            try:
                model: Any = registry.loaded(name)
            except WrongWeights as error:
                log.warning("Faces cannot be aligned: %s", error.detail)
                continue
            return model
    return None


def crop_faces(pictures: Sequence[CropRequest]) -> Iterator[Crop]:
    """The faces of some pictures, in their order, on every core.

    Raises what is wrong with a picture (`images.open_pixels`).
    """
    model = aligner()
    return threads().map(lambda each: _cut(model, each), pictures)


def _cut(model: Aligner | None, wanted: CropRequest) -> Crop:
    picture, _ = images.open_pixels(wanted.sha256, SIDE)
    pixels = np.asarray(picture)
    found = model.align(pixels, wanted.near, wanted.frame) if model else None
    if found is not None:
        at, face = found
        aligned = _jpeg(PIL.Image.fromarray(face))
        return Crop(aligned, _jpeg(picture.crop(_pixels(at, picture.size))), True)
    if wanted.frame is None:
        whole = _jpeg(picture)
        return Crop(whole, whole, is_face=False)
    aligned = _jpeg(picture.crop(_pixels(wanted.frame, picture.size, margin=0)))
    cropped = _jpeg(picture.crop(_pixels(wanted.frame, picture.size)))
    return Crop(aligned, cropped, is_face=False)


def _pixels(
    box: Box, size: tuple[int, int], margin: float = MARGIN
) -> tuple[int, int, int, int]:
    """A box with room around it, in pixels, inside the picture."""
    width, height = size
    x1, y1, x2, y2 = box
    across, down = margin * (x2 - x1), margin * (y2 - y1)
    left, top = max(0, int((x1 - across) * width)), max(0, int((y1 - down) * height))
    right = min(width, round((x2 + across) * width))
    bottom = min(height, round((y2 + down) * height))
    return left, top, max(right, left + 1), max(bottom, top + 1)


def _jpeg(picture: PIL.Image.Image) -> bytes:
    file = io.BytesIO()
    picture.save(file, **JPEG)  # type: ignore[arg-type]
    return file.getvalue()
