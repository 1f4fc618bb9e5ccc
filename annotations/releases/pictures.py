"""Lines of measurement files in exactly the released DevSet layout, with pictures."""

import base64
import re
import struct
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from annotations import scoring
from annotations.errors import LabelerError, NotFound, WrongState
from annotations.export import Writable

LINES_PER_PIECE = 32
WHOLE = (0.0, 0.0, 1.0, 1.0)
NO_FACE_ID = "FaceId-0"
# Withheld and empty cells. Readers that split at any white space would shift columns.
WITHHELD = "-"
LOST = (
    "The store lacks the file of the picture of candidate {}. Restore the file, or erase"
    " the picture. Then make the release again. manage.py verify --files lists all"
    " missing files."
)
# Characters that some reader takes for the end of a line or cell.
BREAKS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


class PlanRow(NamedTuple):
    """A row of the plan: all that is needed for one line of a measurement file."""

    subset: str
    split: str
    key: str
    name: str
    url: str
    face_id: str
    rectangle: Sequence[float] | None
    sha256: str
    box: Sequence[float] | None  # where the scorer found the best match
    frame: Sequence[float] | None  # shown to the judges
    candidate: int


def lines_with_crops(rows: Sequence[PlanRow]) -> Iterator[bytes]:
    """Yield a line per row: whether it shows a face, five cells, and both pictures.

    A line of the test split withholds MID and name. No cell is empty.
    """
    for row, crop in zip(rows, _crops(rows), strict=True):
        identity = (row.key, row.name) if row.split == "dev" else ("", "")
        texts = (*identity, row.url, row.face_id or NO_FACE_ID)
        cells = [_cell(text) for text in texts]
        rectangle = struct.pack("<ffff", *(row.rectangle or WHOLE))
        data = (rectangle, crop.aligned, crop.cropped)
        cells += [base64.b64encode(content).decode() for content in data]
        flag = "1" if crop.is_face else "0"
        yield ("\t".join([flag, *cells]) + "\n").encode()


def _cell(text: str) -> str:
    """Return a text that readers with and without csv quoting take for one cell."""
    cell = BREAKS.sub(" ", text).strip() or WITHHELD
    return f"\u201c{cell[1:]}" if cell.startswith('"') else cell


def _crops(rows: Sequence[PlanRow]) -> Iterator[scoring.Crop]:
    """Yield the crop of each row; errors name the candidate."""
    crops = scoring.crop_faces([_crop_request(row) for row in rows])
    for row in rows:
        try:
            yield next(crops)
        except NotFound as error:
            raise NotFound(LOST.format(row.candidate)) from error
        except LabelerError as error:
            raise WrongState(f"Candidate {row.candidate}: {error.detail}") from error


def _crop_request(row: PlanRow) -> scoring.CropRequest:
    return scoring.CropRequest(row.sha256, _box(row.box), _box(row.frame))


def _box(values: Sequence[float] | None) -> Any:
    return tuple(values) if values else None


def write_line(line: bytes, aligned: Writable, cropped: Writable) -> int:
    """Write a line of a piece to both files; return 1 if it shows no face, else 0."""
    flag, *cells, face, crop = line.removesuffix(b"\n").split(b"\t")
    start = b"\t".join(cells)
    aligned.write(start + b"\t" + face + b"\n")
    cropped.write(start + b"\t" + crop + b"\n")
    return int(flag == b"0")
