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
from .looking import threads
from .weights import WrongWeights

log = logging.getLogger(__name__)

Box = tuple[float, float, float, float]
SIDE = 1024  # of the picture that is cut from
MARGIN = 0.3  # of the face's sides, around it
JPEG = {"format": "JPEG", "quality": 92}


class Aligner(Protocol):
    """A scorer that brings faces into one position."""

    name: str
    version: str
    digest: str

    def align(
        self, picture: NDArray[np.uint8], near: Box | None
    ) -> tuple[Box, NDArray[np.uint8]] | None:
        """The face at a box, else the largest: its box, and it alone."""
        ...


@dataclass(frozen=True, slots=True)
class Cut:
    """A face as two JPEGs; of the whole picture where no face was found."""

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


def cut_out(pictures: Sequence[tuple[str, Box | None]]) -> Iterator[Cut]:
    """The faces of some pictures, by digest and box, in their order, on every core.

    Raises what is wrong with a picture (`images.open_pixels`).
    """
    model = aligner()
    return threads().map(lambda each: _cut(model, *each), pictures)


def _cut(model: Aligner | None, sha256: str, box: Box | None) -> Cut:
    picture, _ = images.open_pixels(sha256, SIDE)
    found = model.align(np.asarray(picture), box) if model else None
    if found is None:
        whole = _jpeg(picture)
        return Cut(whole, whole, is_face=False)
    at, face = found
    aligned = _jpeg(PIL.Image.fromarray(face))
    return Cut(aligned, _jpeg(picture.crop(_with_margin(at, picture.size))), True)


def _with_margin(box: Box, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """The face with room around it, in pixels, inside the picture."""
    width, height = size
    x1, y1, x2, y2 = box
    across, down = MARGIN * (x2 - x1), MARGIN * (y2 - y1)
    left, top = max(0, int((x1 - across) * width)), max(0, int((y1 - down) * height))
    right = min(width, round((x2 + across) * width))
    bottom = min(height, round((y2 + down) * height))
    return left, top, max(right, left + 1), max(bottom, top + 1)


def _jpeg(picture: PIL.Image.Image) -> bytes:
    file = io.BytesIO()
    picture.save(file, **JPEG)  # type: ignore[arg-type]
    return file.getvalue()
