"""Files by digest in Django's storage: written once, whole or not at all."""

import logging
import os
import shutil
import uuid
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO

from django.core.files.base import ContentFile, File
from django.core.files.storage import default_storage
from django.db import transaction

log = logging.getLogger(__name__)

COPIED = 1024 * 1024  # bytes of a file at once


def image_name(sha256: str) -> str:
    """Where the bytes of a digest lie."""
    return f"images/{sha256[:2]}/{sha256[2:4]}/{sha256}"


def thumbnail_name(sha256: str) -> str:
    """Where the thumbnail of a digest lies."""
    return f"thumbnails/{sha256[:2]}/{sha256[2:4]}/{sha256}.webp"


def put(name: str, data: bytes) -> None:
    """Store bytes under exactly this name; whoever comes second changes nothing.

    Django's file storage writes into the final name and invents another one where
    it is taken, so that a kill leaves half a file and a race two of them. On a file
    system we write beside and rename. Object stores put whole objects anyway.
    """
    if holds(name, len(data)):
        return
    path = _path(name)
    if path is None:
        default_storage.save(name, ContentFile(data))
    else:
        _write(path, data)


def put_file(name: str, file: IO[bytes], size: int) -> None:
    """Store a whole file, as `put` does, without reading it into memory."""
    if holds(name, size):
        return
    path = _path(name)
    if path is None:
        default_storage.save(name, File(file))
    else:
        _write(path, file)


def holds(name: str, size: int | None = None) -> bool:
    """Whether a whole file of this name is there; a wrong size means it is not."""
    path = _path(name)
    if path is None:
        return default_storage.exists(name)
    try:
        found = path.stat().st_size
    except OSError:
        return False
    return found == size if size is not None else found > 0


def get(name: str) -> IO[bytes]:
    """Open for reading; FileNotFoundError where there is none."""
    return default_storage.open(name, "rb")


def delete_files(sha256: str) -> None:
    """Remove the bytes and the thumbnail of a digest; none there is fine."""
    delete([image_name(sha256), thumbnail_name(sha256)])


def delete(names: Iterable[str]) -> None:
    """Delete each of these files; what fails hinders no other and is raised at the end."""
    problem = None
    for name in names:
        try:
            default_storage.delete(name)
        except Exception as error:
            problem = error
    if problem is not None:
        raise problem


def after_commit(clear: Callable[[], None]) -> None:
    """Clear up once the transaction has ended well.

    What fails is logged and hinders nothing that follows. (Django's own `robust` cannot
    name a `partial`.)
    """

    def run() -> None:
        try:
            clear()
        except Exception:
            log.exception(
                "Something was not cleared up after a commit;"
                " `manage.py verify --files --fix` deletes files that were left."
            )

    transaction.on_commit(run)


def _path(name: str) -> Path | None:
    """The file on this machine, None for an object store."""
    try:
        return Path(default_storage.path(name))
    except NotImplementedError:
        return None


def _write(path: Path, data: bytes | IO[bytes]) -> None:
    part = path.with_name(f".{path.name}.{uuid.uuid4().hex}.part")
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    try:
        with os.fdopen(descriptor, "wb") as file:
            if isinstance(data, bytes):
                file.write(data)
            else:
                shutil.copyfileobj(data, file, COPIED)
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
