"""Compares files in the store with the rows of images."""

from collections.abc import Iterator

from django.core.files.storage import default_storage

from annotations.images import store
from annotations.intake import tombstones
from annotations.models import Image

from . import folders
from .difference import Difference

FOLDERS = ("images", "renditions", "thumbnails")


def lost_files() -> Iterator[Difference]:
    """Yield images whose bytes are not in the store. This cannot be corrected.

    A missing rendition or thumbnail is no difference: it is made on demand.
    """
    rows = Image.objects.order_by("pk").values_list("sha256", "byte_size")
    for sha256, size in rows.iterator(chunk_size=10_000):
        if not store.holds(store.image_name(str(sha256)), size):
            where = f"file {store.image_name(str(sha256))}"
            yield Difference(where, folders.LOST, folders.THERE)


def stray_files(*, fix: bool) -> Iterator[Difference]:
    """Yield files without an image: erased ones at once, of killed imports later."""
    for folder in FOLDERS:
        for names in folders.leaves(folder):
            digests = {name: folders.digest_of(name) for name in names}
            rows = Image.objects.filter(sha256__in=set(digests.values()) - {""})
            digests_with_row = set(map(str, rows.values_list("sha256", flat=True)))
            for name, digest in digests.items():
                if digest not in digests_with_row and _is_stray(name, digest):
                    if fix:
                        default_storage.delete(name)
                    where = f"file {name}"
                    yield Difference(where, "of no picture", folders.ABSENT, fix)


def _is_stray(name: str, digest: str) -> bool:
    is_erased = bool(digest) and tombstones.is_erased("image", digest)
    return is_erased or folders.is_old(name)
