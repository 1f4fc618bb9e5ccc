"""Helpers that import rows in tests and read the results."""

import base64
import gzip
import struct
from pathlib import Path

from django.conf import settings

from annotations import intake
from annotations.models import Candidate, Import
from tools import sample

SAMPLE = sample.folder()
WHOLE = base64.b64encode(struct.pack("<4f", 0, 0, 1, 1)).decode()


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def line(*cells) -> str:
    return "\t".join(str(cell) for cell in cells) + "\n"


def face(key="m.01", rank=0, url="u", page="p", face_id="FaceId-0", box=WHOLE, data=""):
    """Return a row of the layout `faces`; `data` is bytes or the cell itself."""
    cell = b64(data) if isinstance(data, bytes) else data
    return line(key, rank, url, page, face_id, box, cell)


def imported(
    content: str | bytes | Path, layout="", *, with_images=True, name="f", into=None
) -> Import:
    """Import a text, bytes or a file completely."""
    if isinstance(content, Path):
        source = content
    else:
        data = content.encode() if isinstance(content, str) else content
        source = (
            into or Path(settings.STORAGES["default"]["OPTIONS"]["location"])
        ) / name
        source.parent.mkdir(parents=True, exist_ok=True)
        source.write_bytes(data)
    import_ = intake.start(
        file_name=name, layout=layout, with_images=with_images, upload="", by=None
    )
    assert intake.run(import_, source)
    import_.refresh_from_db()
    return import_


def counts(import_: Import) -> tuple[int, int, int]:
    """Return the numbers of added, already imported and refused rows."""
    numbers = import_.rows_added, import_.rows_known, import_.rows_refused
    assert sum(numbers) == import_.rows_read
    is_all_refused = numbers[2] == import_.rows_read > 0
    expected = "failed" if is_all_refused else "done"
    assert import_.state == expected, import_.problem
    return numbers


def reasons(import_: Import) -> dict[int, str]:
    """Return the reason for each refused line."""
    return dict(import_.refused.values_list("line", "reason"))


def states() -> list[str]:
    """Return the states of all candidates, in the order of ids."""
    return list(Candidate.objects.order_by("pk").values_list("state", flat=True))


def zipped(data: bytes) -> bytes:
    return gzip.compress(data)
