"""Lines of measurement files: exactly the released DevSet layout, pictures included."""

import base64
import re
import struct
from collections.abc import Iterator, Sequence
from typing import Any

from annotations import scoring
from annotations.errors import LabelerError, NotFound, WrongState
from annotations.export import Writable

AT_ONCE = 32  # lines of one piece
WHOLE = (0.0, 0.0, 1.0, 1.0)
NO_FACE_ID = "FaceId-0"
CANDIDATE = 10  # of a line of the plan
LOST = (
    "The store lacks the bytes of the picture of candidate {}. Bring them back, or erase"
    " the picture, and make the release again; manage.py verify --files names all that"
    " is lost."
)
BREAKS = re.compile(r"[\t\r\n]+")


def cut(rows: Sequence[Sequence[Any]]) -> Iterator[bytes]:
    """Both cuts of some lines of the plan: whether a face was found, five cells, two pictures.

    A line of the test split names nobody: neither MID nor name.
    """
    for row, found in zip(rows, _cut_out(rows), strict=True):
        _, split, key, name, url, face_id, rectangle, *_ = row
        who = (key, name) if split == "dev" else ("", "")
        cells = (*who, url, face_id or NO_FACE_ID)
        plain = [BREAKS.sub(" ", cell) for cell in cells]
        packed = struct.pack("<ffff", *(rectangle or WHOLE))
        data = (packed, found.aligned, found.cropped)
        encoded = [base64.b64encode(each).decode() for each in data]
        flag = "1" if found.is_face else "0"
        yield ("\t".join([flag, *plain, *encoded]) + "\n").encode()


def _cut_out(rows: Sequence[Sequence[Any]]) -> Iterator[scoring.Crop]:
    """The faces of the rows; says whose picture it is that something is wrong with."""
    cuts = scoring.crop_faces([_wanted(row) for row in rows])
    for row in rows:
        try:
            yield next(cuts)
        except NotFound as error:
            raise NotFound(LOST.format(row[CANDIDATE])) from error
        except LabelerError as error:
            raise WrongState(f"Candidate {row[CANDIDATE]}: {error.detail}") from error


def _wanted(row: Sequence[Any]) -> scoring.CropRequest:
    sha256, near, frame = row[7:CANDIDATE]
    return scoring.CropRequest(
        sha256, tuple(near) if near else None, tuple(frame) if frame else None
    )


def part(line: bytes, aligned: Writable, cropped: Writable) -> int:
    """Write a line of a piece into both files; 1 where no face was found."""
    flag, *cells, first, second = line.removesuffix(b"\n").split(b"\t")
    start = b"\t".join(cells)
    aligned.write(start + b"\t" + first + b"\n")
    cropped.write(start + b"\t" + second + b"\n")
    return int(flag == b"0")
