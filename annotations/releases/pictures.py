"""Lines of measurement files: exactly the released DevSet layout, pictures included."""

import base64
import re
import struct
from collections.abc import Iterator, Sequence
from typing import Any

from annotations import scoring
from annotations.export import Writable

AT_ONCE = 32  # lines of one piece
WHOLE = (0.0, 0.0, 1.0, 1.0)
NO_FACE_ID = "FaceId-0"
BREAKS = re.compile(r"[\t\r\n]+")


def cut(rows: Sequence[Sequence[Any]]) -> Iterator[bytes]:
    """Both cuts of some lines of the plan: whether a face was found, five cells, two pictures.

    A line of the test split names nobody: neither MID nor name.
    """
    boxes = [tuple(row[8]) if row[8] else None for row in rows]
    wanted = [(row[7], box) for row, box in zip(rows, boxes, strict=True)]
    for row, found in zip(rows, scoring.cut_out(wanted), strict=True):
        _, split, key, name, url, face_id, rectangle, *_ = row
        who = (key, name) if split == "dev" else ("", "")
        cells = (*who, url, face_id or NO_FACE_ID)
        plain = [BREAKS.sub(" ", cell) for cell in cells]
        packed = struct.pack("<ffff", *(rectangle or WHOLE))
        data = (packed, found.aligned, found.cropped)
        encoded = [base64.b64encode(each).decode() for each in data]
        flag = "1" if found.is_face else "0"
        yield ("\t".join([flag, *plain, *encoded]) + "\n").encode()


def part(line: bytes, aligned: Writable, cropped: Writable) -> int:
    """Write a line of a piece into both files; 1 where no face was found."""
    flag, *cells, first, second = line.removesuffix(b"\n").split(b"\t")
    start = b"\t".join(cells)
    aligned.write(start + b"\t" + first + b"\n")
    cropped.write(start + b"\t" + second + b"\n")
    return int(flag == b"0")
