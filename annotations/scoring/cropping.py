"""Faces cropped from stored pictures, for the files that recognisers are measured with."""

import io
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import PIL.Image
from numpy.typing import NDArray
from PIL.Image import Resampling

from annotations import images

from . import registry
from .analysis import threads
from .boxes import Box
from .weights import WrongWeights

log = logging.getLogger(__name__)

SIDE = 1024  # of the picture that faces are cropped from
MARGIN = 0.3  # around a face, in parts of its sides
# The released pictures have at most this many pixels per side. Many programs cannot read
# a line of 131,072 characters or more, so a picture leaves room for the other cells.
MAX_SIDE = 300
MAX_BYTES = 90_000  # 120,000 characters in base64
QUALITIES = (92, 85, 75, 60, 40)  # the best one that is small enough


class Aligner(Protocol):
    """A scoring model that turns faces to a standard position."""

    name: str
    version: str
    digest: str

    def align(
        self, picture: NDArray[np.uint8], near: Box | None, frame: Box | None
    ) -> tuple[Box, NDArray[np.uint8]] | None:
        """Return the box and the aligned picture of the face in a frame.

        Without a frame, take the face at the box `near`, else the largest face. Return
        None if there is no face, or none that belongs to the frame.
        """
        ...


@dataclass(frozen=True, slots=True)
class CropRequest:
    """A picture by digest, and the position of the face.

    `frame` was shown to the judges. `near` is the best match of a scorer.
    """

    sha256: str
    near: Box | None = None
    frame: Box | None = None


@dataclass(frozen=True, slots=True)
class Crop:
    """A face as two small JPEGs. Without a face, the frame, else the whole picture."""

    aligned: bytes
    cropped: bytes
    is_face: bool


def aligner() -> Aligner | None:
    """Return the first configured scoring model that can align, None if there is none."""
    for name, model_class in registry.configured().items():
        if hasattr(model_class, "align"):
            try:
                model: Any = registry.loaded(name)
            except WrongWeights as error:
                log.warning("Faces cannot be aligned: %s", error.detail)
                continue
            aligning: Aligner = model
            return aligning
    return None


def crop_faces(requests: Sequence[CropRequest]) -> Iterator[Crop]:
    """Yield the crops of some pictures in order, computed on every core.

    Raise the errors of `images.open_pixels`.
    """
    model = aligner()
    return threads().map(lambda request: _crop(model, request), requests)


def _crop(model: Aligner | None, request: CropRequest) -> Crop:
    picture, _ = images.open_pixels(request.sha256, SIDE)
    pixels = np.asarray(picture)
    match = model.align(pixels, request.near, request.frame) if model else None
    if match is not None:
        box, face = match
        aligned = _jpeg(PIL.Image.fromarray(face))
        return Crop(aligned, _jpeg(picture.crop(_pixels(box, picture.size))), True)
    if request.frame is None:
        whole = _jpeg(picture)
        return Crop(whole, whole, is_face=False)
    aligned = _jpeg(picture.crop(_pixels(request.frame, picture.size, margin=0)))
    cropped = _jpeg(picture.crop(_pixels(request.frame, picture.size)))
    return Crop(aligned, cropped, is_face=False)


def _pixels(
    box: Box, size: tuple[int, int], margin: float = MARGIN
) -> tuple[int, int, int, int]:
    """Return a box with a margin in pixels, limited to the picture."""
    width, height = size
    x1, y1, x2, y2 = box
    dx, dy = margin * (x2 - x1), margin * (y2 - y1)
    x_min, y_min = max(0, int((x1 - dx) * width)), max(0, int((y1 - dy) * height))
    x_max = min(width, round((x2 + dx) * width))
    y_max = min(height, round((y2 + dy) * height))
    return x_min, y_min, max(x_max, x_min + 1), max(y_max, y_min + 1)


def _jpeg(picture: PIL.Image.Image) -> bytes:
    """Return a picture of at most 300 pixels per side and of limited size."""
    if max(picture.size) > MAX_SIDE:
        picture = picture.copy()
        picture.thumbnail((MAX_SIDE, MAX_SIDE), Resampling.BICUBIC)
    data = b""
    for quality in QUALITIES:
        file = io.BytesIO()
        picture.save(file, "JPEG", quality=quality)
        data = file.getvalue()
        if len(data) <= MAX_BYTES:
            break
    return data
