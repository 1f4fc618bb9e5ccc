"""Scoring beside its limit: decode, detect, align and embed in a bare loop.

On the drawn people, on a CPU. Ours includes all the rest: claims, comparisons,
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
    """Candidates a second by `faces`; ours and the bare loop take turns."""
    with _store() as (scorer, drawn):
        files = [demo.FOLDER / path for path in drawn]
        bare = _Bare()
        done = seconds = limit = 0.0
        _scored(scorer, list(drawn.values())[:8], 1)  # both load their weights first
        bare.look(files[:8])
        for _ in range(PARTS):
            count, took = _scored(scorer, list(drawn.values()), COPIES)
            done, seconds = done + count, seconds + took
            start = time.perf_counter()
            bare.look(files * COPIES)
            limit += time.perf_counter() - start
    looked = PARTS * COPIES * len(files)
    ours, theirs = done / seconds, looked / limit
    return [_row("scoring by faces, CPU", ours, "/s", theirs, "≥ 0.9")]


def embedding() -> list[Row]:
    """Aligned faces a second on one thread: why OpenCV runs on CPUs."""
    network = weights.plain_sface(faces.PACKAGE, faces.SFACE, faces.SFACE_SHA256)
    chance = np.random.default_rng(1)
    crops = [chance.integers(0, 255, (112, 112, 3), dtype=np.uint8) for _ in range(100)]
    by_opencv = _per_second(embedders.OpenCV(network).embed, crops)
    by_runtime = _per_second(embedders.OnnxRuntime(network, "cpu").embed, crops)
    return [
        _row("embedding by OpenCV", by_opencv, "/cpu-s", by_runtime, "≥ 1"),
    ]


def memory() -> list[Row]:
    """How much larger the process gets from candidate 2,000 to candidate 10,000."""
    with _store() as (scorer, drawn):
        pictures = list(drawn.values())
        _scored(scorer, pictures, FEW // len(pictures))
        before = _peak()
        _scored(scorer, pictures, (MANY - FEW) // len(pictures))
        growth = _peak() - before
    return [_row("memory, candidates 2,000 to 10,000", growth, "MB", None, "≤ 30 MB")]


def _row(name: str, value: float, unit: str, limit: float | None, goal: str) -> Row:
    ratio = value / limit if limit else None
    return Row(name=name, value=value, unit=unit, limit=limit, ratio=ratio, goal=goal)


def _peak() -> float:
    """The most memory that the process ever held, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _per_second(embed: Callable[[list[Any]], Any], crops: list[Any]) -> float:
    embed(crops[:4])
    start = time.process_time()
    for crop in crops:
        embed([crop])
    return len(crops) / (time.process_time() - start)


@contextmanager
def _store() -> Iterator[tuple[Scorer, dict[str, int]]]:
    """The scorer, and the drawn people's pictures: image ids by path."""
    backend = "django.core.files.storage.FileSystemStorage"
    with tempfile.TemporaryDirectory(prefix="labeler-bench-") as folder:
        default = {"BACKEND": backend, "OPTIONS": {"location": folder}}
        with override_settings(
            STORAGES={"default": default}, SCORERS=[FACES], EMBEDDINGS=True
        ):
            registry.configured.cache_clear()
            [scorer] = scoring.register()
            paths = sorted((demo.FOLDER / "pictures").rglob("*.webp"))
            kept = images.store_many([path.read_bytes() for path in paths])
            names = [path.relative_to(demo.FOLDER).as_posix() for path in paths]
            found = zip(names, kept, strict=True)
            yield scorer, {name: k.image_id for name, k in found if k.is_readable}
        registry.configured.cache_clear()


def _scored(scorer: Scorer, pictures: Sequence[int], copies: int) -> tuple[int, float]:
    """Score fresh candidates of some pictures, thirty to an entity; how many, seconds."""
    first = Entity.objects.count()
    wanted = list(pictures) * copies
    entities = Entity.objects.bulk_create(
        Entity(key=f"b{first + n}") for n in range(-(-len(wanted) // 30))
    )
    Candidate.objects.bulk_create(
        Candidate(
            entity=entities[n // 30],
            image_id=image,
            state="ready",
            rank=n,
            face_id=str(n),
        )
        for n, image in enumerate(wanted)
    )
    before = Score.objects.count()
    scoring.sweep_all(scorer)
    start = time.perf_counter()
    while scoring.score_due(seconds=60).has_more:
        pass
    seconds = time.perf_counter() - start
    count = Score.objects.count() - before
    if count != len(wanted):
        raise RuntimeError(f"{count} of {len(wanted)} candidates were scored.")
    return count, seconds


class _Bare:
    """The networks on every core, and nothing around them."""

    def __init__(self) -> None:
        self._network = np.frombuffer(
            weights.plain_sface(faces.PACKAGE, faces.SFACE, faces.SFACE_SHA256),
            np.uint8,
        )
        self._detector = np.frombuffer(
            weights.read_checked(faces.PACKAGE, faces.YUNET, faces.YUNET_SHA256),
            np.uint8,
        )
        self._own = threading.local()
        self._threads = ThreadPoolExecutor(images.cores())

    def look(self, files: Sequence[Path]) -> None:
        """Look at every file once."""
        list(self._threads.map(self._look, files))

    def _look(self, file: Path) -> None:
        if not hasattr(self._own, "nets"):
            empty = np.empty(0, np.uint8)
            self._own.nets = (
                cv2.FaceDetectorYN.create(
                    "onnx", self._detector, empty, (320, 320), 0.6, 0.3, 50
                ),
                cv2.FaceRecognizerSF.create("onnx", self._network, empty),
            )
        detector, recognizer = self._own.nets
        with PIL.Image.open(io.BytesIO(file.read_bytes())) as picture:
            pixels = np.asarray(picture.convert("RGB"))[..., ::-1].copy()
        scale = min(1.0, 320 / max(pixels.shape[:2]))
        shown = cv2.resize(pixels, None, fx=scale, fy=scale)
        detector.setInputSize((shown.shape[1], shown.shape[0]))
        found = detector.detect(shown)[1]
        for row in () if found is None else found:
            row[:14] /= scale
            recognizer.feature(recognizer.alignCrop(pixels, row))
