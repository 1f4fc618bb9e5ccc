"""Files by digest in Django's storage, each written once and atomically."""

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

COPY_BYTES = 1024 * 1024


def image_name(sha256: str) -> str:
    """Return the name of the file with this digest."""
    return f"images/{sha256[:2]}/{sha256[2:4]}/{sha256}"


def thumbnail_name(sha256: str) -> str:
    """Return the name of the thumbnail of the picture with this digest."""
    return f"thumbnails/{sha256[:2]}/{sha256[2:4]}/{sha256}.webp"


def rendition_name(sha256: str) -> str:
    """Return the name of the full view of the picture with this digest."""
    return f"renditions/{sha256[:2]}/{sha256[2:4]}/{sha256}.jpg"


def put(name: str, data: bytes) -> None:
    """Store bytes under exactly this name, unless they are stored already.

    Django's file storage writes to the final name, and to another name if that exists.
    So a crash leaves a partial file and a race leaves two files. On a file system, this
    function writes a temporary file and renames it. Object stores write atomically.
    """
    if holds(name, len(data)):
        return
    path = _path(name)
    if path is None:
        default_storage.save(name, ContentFile(data))
    else:
        _write(path, data)


def put_file(name: str, file: IO[bytes], size: int) -> None:
    """Store a file as `put` does, without reading it into memory."""
    if holds(name, size):
        return
    path = _path(name)
    if path is None:
        default_storage.save(name, File(file))
    else:
        _write(path, file)


def holds(name: str, size: int | None = None) -> bool:
    """Return whether a complete file with this name exists; `size` is the expected size."""
    path = _path(name)
    if path is None:
        return default_storage.exists(name)
    try:
        file_size = path.stat().st_size
    except OSError:
        return False
    return file_size == size if size is not None else file_size > 0


def get(name: str) -> IO[bytes]:
    """Open a file for reading; FileNotFoundError if it does not exist."""
    return default_storage.open(name, "rb")


def delete_files(sha256: str) -> None:
    """Delete a picture's file, rendition and thumbnail, if they exist."""
    delete([image_name(sha256), rendition_name(sha256), thumbnail_name(sha256)])


def delete(names: Iterable[str]) -> None:
    """Delete all of these files; raise the last error when all have been tried."""
    problem = None
    for name in names:
        try:
            default_storage.delete(name)
        except Exception as error:
            problem = error
    if problem is not None:
        raise problem


def after_commit(clear: Callable[[], None]) -> None:
    """Call `clear` after the transaction's commit; log its errors.

    An error does not stop later callbacks. (Django's own `robust` cannot log a
    `partial`.)
    """

    def run() -> None:
        try:
            clear()
        except Exception:
            log.exception(
                "Cleaning up after a commit failed."
                " `manage.py verify --files --fix` deletes unused files."
            )

    transaction.on_commit(run)


def _path(name: str) -> Path | None:
    """Return the file's path on this machine, None for an object store."""
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
                shutil.copyfileobj(data, file, COPY_BYTES)
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
