"""Scoring of the drawn people on a CPU, compared with a bare loop.

The loop decodes, detects, aligns and embeds. Scoring also includes claims, comparisons,
calibration and writing, each candidate once.
"""

import io
import resource
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import PIL.Image
from django.test import override_settings

from annotations import images, scoring
from annotations.models import Candidate, Entity, Score, Scorer
from annotations.scoring import embedders, faces, registry, weights
from benchmarks import Row
from labeler import demo

PARTS = 4
COPIES = 1  # of the drawn people in a part
MANY, FEW = 10_000, 2_000
FACES = "annotations.scoring.faces.Faces"


def rate() -> list[Row]:
    """Measure candidates per second by `faces`; scoring and the bare loop take turns."""
    with _store() as (scorer, pictures):
        files = [demo.FOLDER / path for path in pictures]
        loop = _BareLoop()
        seconds = limit = 0.0
        _score(scorer, list(pictures.values())[:8], 1)  # both load their weights first
        loop.run(files[:8])
        for _ in range(PARTS):
            seconds += _score(scorer, list(pictures.values()), COPIES)
            start = time.perf_counter()
            loop.run(files * COPIES)
            limit += time.perf_counter() - start
    per_part = COPIES * len(files)
    rate, bare_rate = PARTS * per_part / seconds, PARTS * per_part / limit
    return [_row("scoring by faces, CPU", rate, "/s", bare_rate, "≥ 0.9")]


def embedding() -> list[Row]:
    """Measure faces per CPU second: the reason for OpenCV on CPUs."""
    network = weights.plain_sface(faces.PACKAGE, faces.SFACE, faces.SFACE_SHA256)
    generator = np.random.default_rng(1)
    crops = [
        generator.integers(0, 255, (112, 112, 3), dtype=np.uint8) for _ in range(100)
    ]
    by_opencv = _per_second(embedders.OpenCV(network).embed, crops)
    by_runtime = _per_second(embedders.OnnxRuntime(network, "cpu").embed, crops)
    return [
        _row("embedding by OpenCV", by_opencv, "/cpu-s", by_runtime, "≥ 1"),
    ]


def memory() -> list[Row]:
    """Measure the growth of the process from candidate 2,000 to candidate 10,000."""
    with _store() as (scorer, images_by_path):
        pictures = list(images_by_path.values())
        _score(scorer, pictures, FEW // len(pictures))
        before = _peak()
        _score(scorer, pictures, (MANY - FEW) // len(pictures))
        growth = _peak() - before
    return [_row("memory, candidates 2,000 to 10,000", growth, "MB", None, "≤ 30 MB")]


def _row(name: str, value: float, unit: str, limit: float | None, goal: str) -> Row:
    ratio = value / limit if limit else None
    return Row(name=name, value=value, unit=unit, limit=limit, ratio=ratio, goal=goal)


def _peak() -> float:
    """Return the peak memory of the process in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _per_second(embed: Callable[[list[Any]], Any], crops: list[Any]) -> float:
    embed(crops[:4])
    start = time.process_time()
    for crop in crops:
        embed([crop])
    return len(crops) / (time.process_time() - start)


@contextmanager
def _store() -> Iterator[tuple[Scorer, dict[str, int]]]:
    """Yield the scorer, and the image ids of the drawn people's pictures by path."""
    backend = "django.core.files.storage.FileSystemStorage"
    with tempfile.TemporaryDirectory(prefix="labeler-bench-") as folder:
        default = {"BACKEND": backend, "OPTIONS": {"location": folder}}
        with override_settings(
            STORAGES={"default": default}, SCORERS=[FACES], EMBEDDINGS=True
        ):
            registry.configured.cache_clear()
            [scorer] = scoring.register()
            paths = sorted((demo.FOLDER / "pictures").rglob("*.webp"))
            results = images.store_many([path.read_bytes() for path in paths])
            names = [path.relative_to(demo.FOLDER).as_posix() for path in paths]
            pairs = zip(names, results, strict=True)
            yield scorer, {name: r.image_id for name, r in pairs if r.is_readable}
        registry.configured.cache_clear()


def _score(scorer: Scorer, pictures: Sequence[int], copies: int) -> float:
    """Score new candidates of some pictures, thirty per entity. Return the seconds."""
    first = Entity.objects.count()
    image_ids = list(pictures) * copies
    entities = Entity.objects.bulk_create(
        Entity(key=f"b{first + n}") for n in range(-(-len(image_ids) // 30))
    )
    Candidate.objects.bulk_create(
        Candidate(
            entity=entities[n // 30],
            image_id=image,
            state="ready",
            rank=n,
            face_id=str(n),
        )
        for n, image in enumerate(image_ids)
    )
    before = Score.objects.count()
    scoring.sweep_all(scorer)
    start = time.perf_counter()
    while scoring.score_due(seconds=60).has_more:
        pass
    seconds = time.perf_counter() - start
    count = Score.objects.count() - before
    if count != len(image_ids):
        raise RuntimeError(f"{count} of {len(image_ids)} candidates were scored.")
    return seconds


class _BareLoop:
    """The networks on every core, without any other work."""

    def __init__(self) -> None:
        self._network = np.frombuffer(
            weights.plain_sface(faces.PACKAGE, faces.SFACE, faces.SFACE_SHA256),
            np.uint8,
        )
        self._detector = np.frombuffer(
            weights.read_checked(faces.PACKAGE, faces.YUNET, faces.YUNET_SHA256),
            np.uint8,
        )
        self._local = threading.local()
        self._threads = ThreadPoolExecutor(images.cores())

    def run(self, files: Sequence[Path]) -> None:
        """Analyse every file once."""
        list(self._threads.map(self._analyse, files))

    def _analyse(self, file: Path) -> None:
        if not hasattr(self._local, "nets"):
            empty = np.empty(0, np.uint8)
            self._local.nets = (
                cv2.FaceDetectorYN.create(
                    "onnx", self._detector, empty, (320, 320), 0.6, 0.3, 50
                ),
                cv2.FaceRecognizerSF.create("onnx", self._network, empty),
            )
        detector, recognizer = self._local.nets
        with PIL.Image.open(io.BytesIO(file.read_bytes())) as picture:
            pixels = np.asarray(picture.convert("RGB"))[..., ::-1].copy()
        scale = min(1.0, 320 / max(pixels.shape[:2]))
        small = cv2.resize(pixels, None, fx=scale, fy=scale)
        detector.setInputSize((small.shape[1], small.shape[0]))
        rows = detector.detect(small)[1]
        for row in () if rows is None else rows:
            row[:14] /= scale
            recognizer.feature(recognizer.alignCrop(pixels, row))
