"""The store's folders, walked in constant memory, and when a file in them is a stray."""

import re
from collections.abc import Iterator
from datetime import timedelta

from django.core.files.storage import default_storage
from django.utils import timezone

DIGEST = re.compile(r"[0-9a-f]{64}")
# Many write files first and rows afterwards: younger files may still get theirs.
GRACE = timedelta(hours=1)
THERE = "there, whole"
ABSENT = "not there"
LOST = "missing or of another size"


def leaves(folder: str) -> Iterator[list[str]]:
    """The files of each folder, two levels down."""
    for path in inner(folder):
        for deeper in inner(path):
            yield names(deeper)


def inner(path: str) -> list[str]:
    """The folders of a folder; none where it is not there."""
    try:
        return [f"{path}/{name}" for name in sorted(default_storage.listdir(path)[0])]
    except FileNotFoundError:
        return []


def names(path: str) -> list[str]:
    """The files that lie in a folder itself; none where it is not there."""
    try:
        return [f"{path}/{name}" for name in default_storage.listdir(path)[1]]
    except FileNotFoundError:
        return []


def below(path: str) -> Iterator[str]:
    """All files of a folder, however deep."""
    yield from names(path)
    for folder in inner(path):
        yield from below(folder)


def digest_of(name: str) -> str:
    """The digest that a file lies under; empty for one that was never finished."""
    found = DIGEST.search(name)
    return found[0] if found and not name.endswith(".part") else ""


def is_old(name: str) -> bool:
    """Whether nobody is writing its row any more."""
    try:
        written_at = default_storage.get_modified_time(name)
    except FileNotFoundError:
        return False  # whoever wrote it was quicker
    return timezone.now() - written_at > GRACE
