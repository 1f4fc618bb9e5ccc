"""Measure how a face model sees the demo: `python -m labeler.demo.measure YUNET SFACE [DEMO]`.

Prints the share of readable pictures in which a face is found, and how well the
likeness of the largest face to the representative tells yes from no.
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
from labeler.demo.canvas import Array


class FaceModel:
    """YuNet finds the largest face, SFace turns it into a vector of unit length."""

    def __init__(self, yunet: Path, sface: Path) -> None:
        self.finder = cv2.FaceDetectorYN.create(
            str(yunet), "", (320, 320), 0.6, 0.3, 50
        )
        self.reader = cv2.FaceRecognizerSF.create(str(sface), "")

    def vector(self, path: Path, rect: str = "") -> Array | None:
        """Give the vector of the largest face (inside the frame), if one is found."""
        with Image.open(path) as picture:
            pixels = cv2.cvtColor(np.asarray(picture.convert("RGB")), cv2.COLOR_RGB2BGR)
        high, wide = pixels.shape[:2]
        self.finder.setInputSize((wide, high))
        found = self.finder.detect(pixels)[1]
        faces = (
            []
            if found is None
            else [row for row in found if inside(row, rect, wide, high)]
        )
        if not faces:
            return None
        face = max(faces, key=lambda row: row[2] * row[3])
        vector = self.reader.feature(self.reader.alignCrop(pixels, face))[0]
        return np.asarray(vector / np.linalg.norm(vector), np.float32)


def inside(face: Array, rect: str, wide: int, high: int) -> bool:
    """Tell whether the middle of a face lies in a frame; without one it does."""
    if not rect:
        return True
    left, top, right, bottom = (float(edge) for edge in rect.split(","))
    x, y = (face[0] + face[2] / 2) / wide, (face[1] + face[3] / 2) / high
    return bool(left <= x <= right and top <= y <= bottom)


def read(path: Path) -> list[dict[str, str]]:
    """Read one of the demo's lists."""
    with path.open(encoding="utf-8", newline="") as source:
        return list(csv.DictReader(source, delimiter="\t", quoting=csv.QUOTE_NONE))


def area(yes: Sequence[float], no: Sequence[float]) -> float:
    """Give the share of pairs (yes, no) in the right order: the area under the curve."""
    pairs = np.subtract.outer(np.asarray(yes), np.asarray(no))
    return float((pairs > 0).mean() + 0.5 * (pairs == 0).mean())


def likeness(demo: Path, vectors: dict[str, Array]) -> list[tuple[str, str, float]]:
    """Compare each picture with its entity's representative, which is left out."""
    digests = {row["path"]: row["sha256"] for row in read(demo / "manifest.tsv")}
    shown = {row["key"]: row["representative"] for row in read(demo / "entities.tsv")}
    rows = read(demo / "truth.tsv")
    known = {
        row["key"]: vectors[row["path"]]
        for row in rows
        if digests[row["path"]] == shown[row["key"]]
    }
    return [
        (row["verdict"], row["kind"], float(vectors[row["path"]] @ known[row["key"]]))
        for row in rows
        if row["path"] in vectors and digests[row["path"]] != shown[row["key"]]
    ]


def vectors_of(demo: Path, model: FaceModel, *, framed: bool) -> dict[str, Array]:
    """Read the face of every readable picture in which one is found."""
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
    """Give one line on how well likeness tells yes from no."""
    yes, no = ([s for verdict, _, s in scores if verdict == v] for v in ("yes", "no"))
    return f"AUC, {name}: {area(yes, no):.4f} ({len(yes)} yes, {len(no)} no)"


def report(demo: Path, model: FaceModel) -> str:
    """Give all figures as text."""
    readable = [row for row in read(demo / "truth.tsv") if row["verdict"] != "broken"]
    vectors = vectors_of(demo, model, framed=False)
    found = Counter(row["kind"] for row in readable if row["path"] in vectors)
    total = Counter(row["kind"] for row in readable)
    lines = [f"face found: {found.total()} of {total.total()} readable pictures"]
    scores = likeness(demo, vectors)
    for kind in sorted(total):
        values = [score for _, one, score in scores if one == kind]
        middle = f"{np.median(values):.2f}" if values else "-"
        lines.append(
            f"  {kind}: {found[kind]} of {total[kind]}, median cosine {middle}"
        )
    people = [one for one in scores if one[1] not in ("cartoon", "composite")]
    in_frame = likeness(demo, vectors_of(demo, model, framed=True))
    lines.append(areas("largest face", scores))
    lines.append(areas("face in the frame, where there is one", in_frame))
    lines.append(areas("largest face, no drawings or composites", people))
    return "\n".join(lines) + "\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("yunet", type=Path)
    parser.add_argument("sface", type=Path)
    parser.add_argument("demo", type=Path, nargs="?", default=FOLDER)
    options = parser.parse_args(arguments)
    sys.stdout.write(report(options.demo, FaceModel(options.yunet, options.sface)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
