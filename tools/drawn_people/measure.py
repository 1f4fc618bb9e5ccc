"""Measure how a face model sees the demo: `python -m tools.drawn_people.measure YUNET SFACE`.

Print the share of readable pictures in which the model finds a face, and how well the
similarity of the largest face to the representative separates yes from no.
"""

import argparse
import csv
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from labeler.demo import FOLDER
from tools.drawn_people.canvas import Array


class FaceModel:
    """YuNet finds the largest face, SFace turns it into a vector of unit length."""

    def __init__(self, yunet: Path, sface: Path) -> None:
        self.finder = cv2.FaceDetectorYN.create(
            str(yunet), "", (320, 320), 0.6, 0.3, 50
        )
        self.reader = cv2.FaceRecognizerSF.create(str(sface), "")

    def vector(self, path: Path, rect: str = "") -> Array | None:
        """Return the vector of the largest face (inside the frame), None without a face."""
        with Image.open(path) as picture:
            pixels = cv2.cvtColor(np.asarray(picture.convert("RGB")), cv2.COLOR_RGB2BGR)
        high, wide = pixels.shape[:2]
        self.finder.setInputSize((wide, high))
        detections = self.finder.detect(pixels)[1]
        # OpenCV returns None, not an empty array, when there is no face.
        rows = [] if detections is None else detections
        faces = [row for row in rows if inside(row, rect, wide, high)]
        if not faces:
            return None
        face = max(faces, key=lambda row: row[2] * row[3])
        vector = self.reader.feature(self.reader.alignCrop(pixels, face))[0]
        return np.asarray(vector / np.linalg.norm(vector), np.float32)


def inside(face: Array, rect: str, wide: int, high: int) -> bool:
    """Return True if the middle of a face is in the frame, or if there is no frame."""
    if not rect:
        return True
    x0, y0, x1, y1 = (float(edge) for edge in rect.split(","))
    x, y = (face[0] + face[2] / 2) / wide, (face[1] + face[3] / 2) / high
    return bool(x0 <= x <= x1 and y0 <= y <= y1)


def read(path: Path) -> list[dict[str, str]]:
    """Read a table of the demo."""
    with path.open(encoding="utf-8", newline="") as source:
        return list(csv.DictReader(source, delimiter="\t", quoting=csv.QUOTE_NONE))


def area(yes: Sequence[float], no: Sequence[float]) -> float:
    """Return the area under the ROC curve: the share of (yes, no) pairs in order."""
    pairs = np.subtract.outer(np.asarray(yes), np.asarray(no))
    return float((pairs > 0).mean() + 0.5 * (pairs == 0).mean())


def similarities(demo: Path, vectors: dict[str, Array]) -> list[tuple[str, str, float]]:
    """Return verdict, kind and similarity to the representative of each other picture."""
    digests = {row["path"]: row["sha256"] for row in read(demo / "manifest.tsv")}
    representatives = {
        row["key"]: row["representative"] for row in read(demo / "entities.tsv")
    }
    rows = read(demo / "truth.tsv")
    references = {
        row["key"]: vectors[row["path"]]
        for row in rows
        if digests[row["path"]] == representatives[row["key"]]
    }
    return [
        (
            row["verdict"],
            row["kind"],
            float(vectors[row["path"]] @ references[row["key"]]),
        )
        for row in rows
        if row["path"] in vectors
        and digests[row["path"]] != representatives[row["key"]]
    ]


def vectors_of(demo: Path, model: FaceModel, *, framed: bool) -> dict[str, Array]:
    """Return the face vector of every readable picture with a face, by path."""
    rects = {row["path"]: row["face_rect"] for row in read(demo / "manifest.tsv")}
    read_faces = {
        row["path"]: model.vector(
            demo / row["path"], rects[row["path"]] if framed else ""
        )
        for row in read(demo / "truth.tsv")
        if row["verdict"] != "broken"
    }
    return {path: one for path, one in read_faces.items() if one is not None}


def areas(name: str, scores: Sequence[tuple[str, str, float]]) -> str:
    """Return a line of text: how well similarity separates yes from no."""
    yes, no = ([s for verdict, _, s in scores if verdict == v] for v in ("yes", "no"))
    return f"AUC, {name}: {area(yes, no):.4f} ({len(yes)} yes, {len(no)} no)"


def report(demo: Path, model: FaceModel) -> str:
    """Return all figures as text."""
    readable = [row for row in read(demo / "truth.tsv") if row["verdict"] != "broken"]
    vectors = vectors_of(demo, model, framed=False)
    faces = Counter(row["kind"] for row in readable if row["path"] in vectors)
    total = Counter(row["kind"] for row in readable)
    lines = [f"face found: {faces.total()} of {total.total()} readable pictures"]
    scores = similarities(demo, vectors)
    for kind in sorted(total):
        values = [score for _, one, score in scores if one == kind]
        middle = f"{np.median(values):.2f}" if values else "-"
        lines.append(
            f"  {kind}: {faces[kind]} of {total[kind]}, median cosine {middle}"
        )
    people = [one for one in scores if one[1] not in ("cartoon", "composite")]
    in_frame = similarities(demo, vectors_of(demo, model, framed=True))
    lines.append(areas("largest face", scores))
    lines.append(areas("face in the frame, where there is one", in_frame))
    lines.append(areas("largest face, no drawings or composites", people))
    return "\n".join(lines) + "\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("yunet", type=Path)
    parser.add_argument("sface", type=Path)
    parser.add_argument("demo", type=Path, nargs="?", default=FOLDER)
    options = parser.parse_args(arguments)
    sys.stdout.write(report(options.demo, FaceModel(options.yunet, options.sface)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
