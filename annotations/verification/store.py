"""Files in the store against the rows of pictures."""

import re
from collections.abc import Iterator
from datetime import timedelta

from django.core.files.storage import default_storage
from django.utils import timezone

from annotations.images import store
from annotations.intake import tombstones
from annotations.models import Image, Release, ReleaseState
from annotations.releases import files

from .difference import Difference

FOLDERS = ("images", "thumbnails")
DIGEST = re.compile(r"[0-9a-f]{64}")
# Imports write files first and rows afterwards: younger files may still get theirs.
GRACE = timedelta(hours=1)
THERE = "there, whole"
ABSENT = "not there"


def lost_files() -> Iterator[Difference]:
    """Pictures whose bytes are not in the store; nothing here can mend that.

    A missing thumbnail is none: it is made when somebody asks.
    """
    rows = Image.objects.order_by("pk").values_list("sha256", "byte_size")
    for sha256, size in rows.iterator(chunk_size=10_000):
        if not store.holds(store.image_name(str(sha256)), size):
            where = f"file {store.image_name(str(sha256))}"
            yield Difference(where, "missing or of another size", THERE)


def stray_files(*, fix: bool) -> Iterator[Difference]:
    """Files of no picture: of erased ones, or of imports that were killed.

    Erased ones are strays at once.
    """
    for folder in FOLDERS:
        for names in _leaves(folder):
            digests = {name: _digest(name) for name in names}
            known = set(
                Image.objects.filter(
                    sha256__in={d for d in digests.values() if d}
                ).values_list("sha256", flat=True)
            )
            for name, digest in digests.items():
                if digest not in known and _is_stray(name, digest):
                    if fix:
                        default_storage.delete(name)
                    yield Difference(f"file {name}", "of no picture", ABSENT, fix)


def _leaves(folder: str) -> Iterator[list[str]]:
    """The files of each folder, two levels down, that has some."""
    for path in _folders(folder):
        for inner in _folders(path):
            yield [f"{inner}/{name}" for name in default_storage.listdir(inner)[1]]


def _folders(path: str) -> list[str]:
    try:
        return [f"{path}/{name}" for name in sorted(default_storage.listdir(path)[0])]
    except FileNotFoundError:
        return []


def _digest(name: str) -> str:
    found = DIGEST.search(name)
    is_unfinished = name.endswith(".part")
    return found[0] if found and not is_unfinished else ""


def _is_stray(name: str, digest: str) -> bool:
    if digest and tombstones.is_buried("image", digest):
        return True
    try:
        written_at = default_storage.get_modified_time(name)
    except FileNotFoundError:
        return False  # its import was quicker
    return timezone.now() - written_at > GRACE


def lost_release_files() -> Iterator[Difference]:
    """Files of done releases whose bytes are not in the store; nothing here mends that."""
    for release in Release.objects.filter(state=ReleaseState.DONE).order_by("pk"):
        for name, entry in release.files.items():
            stored = files.stored_name(entry["sha256"])
            if not store.holds(stored, entry["bytes"]):
                where = f"file {stored} ({name} of release {release.pk})"
                yield Difference(where, "missing or of another size", THERE)


def stray_release_files(*, fix: bool) -> Iterator[Difference]:
    """Files that no release names: what an erasure or a killed worker has left."""
    rows = Release.objects.values_list("pk", "files")
    known = {d for _, of in rows for d in files.digests_of(of)}
    rounds = {f"{files.WORK}/{pk}/{of.get('round')}" for pk, of in rows}
    for names in _leaves("releases"):
        for name in names:
            is_known = _digest(name) in known or name.rpartition("/")[0] in rounds
            if not is_known and _is_stray(name, ""):
                if fix:
                    default_storage.delete(name)
                yield Difference(f"file {name}", "of no release", ABSENT, fix)
