"""Walks the store's folders in constant memory, and recognises stray files by age."""

import re
from collections.abc import Iterator
from datetime import timedelta

from django.core.files.storage import default_storage
from django.utils import timezone

DIGEST = re.compile(r"[0-9a-f]{64}")
# Files are often written before their rows, so younger ones may still get a row.
GRACE = timedelta(hours=1)
THERE = "there, whole"
ABSENT = "not there"
LOST = "missing or of another size"


def leaves(folder: str) -> Iterator[list[str]]:
    """Yield the files of each folder, two levels down."""
    for path in inner(folder):
        for deeper in inner(path):
            yield names(deeper)


def inner(path: str) -> list[str]:
    """Return the folders of a folder; none if it does not exist."""
    try:
        return [f"{path}/{name}" for name in sorted(default_storage.listdir(path)[0])]
    except FileNotFoundError:
        return []


def names(path: str) -> list[str]:
    """Return the files directly in a folder; none if it does not exist."""
    try:
        return [f"{path}/{name}" for name in default_storage.listdir(path)[1]]
    except FileNotFoundError:
        return []


def below(path: str) -> Iterator[str]:
    """Yield all files of a folder, at any depth."""
    yield from names(path)
    for folder in inner(path):
        yield from below(folder)


def digest_of(name: str) -> str:
    """Return the digest in a file's name; empty for an unfinished file."""
    match = DIGEST.search(name)
    return match[0] if match and not name.endswith(".part") else ""


def is_old(name: str) -> bool:
    """Return whether the file is too old for its row to be still on its way."""
    try:
        written_at = default_storage.get_modified_time(name)
    except FileNotFoundError:
        return False  # deleted meanwhile
    return timezone.now() - written_at > GRACE
