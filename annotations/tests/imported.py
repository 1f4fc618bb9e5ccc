"""Import rows in a test, and say what came of it."""

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
    """A row of the layout `faces`; `data` is bytes or the cell as it is."""
    cell = b64(data) if isinstance(data, bytes) else data
    return line(key, rank, url, page, face_id, box, cell)


def imported(
    content: str | bytes | Path, layout="", *, with_images=True, name="f", into=None
) -> Import:
    """Import a text, bytes or a path to its end."""
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
    """Rows added, known and refused; they add up to the rows read."""
    found = import_.rows_added, import_.rows_known, import_.rows_refused
    assert sum(found) == import_.rows_read
    assert import_.state == "done", import_.problem
    return found


def reasons(import_: Import) -> dict[int, str]:
    """Why each refused line was refused."""
    return dict(import_.refused.values_list("line", "reason"))


def states() -> list[str]:
    """The states of all candidates, in the order they were made."""
    return list(Candidate.objects.order_by("pk").values_list("state", flat=True))


def zipped(data: bytes) -> bytes:
    return gzip.compress(data)
