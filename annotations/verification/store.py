"""Files in the store against the rows of pictures."""

from collections.abc import Iterator

from django.core.files.storage import default_storage

from annotations.images import store
from annotations.intake import tombstones
from annotations.models import Image

from . import folders
from .difference import Difference

FOLDERS = ("images", "thumbnails")


def lost_files() -> Iterator[Difference]:
    """Pictures whose bytes are not in the store; nothing here can mend that.

    A missing thumbnail is none: it is made when somebody asks.
    """
    rows = Image.objects.order_by("pk").values_list("sha256", "byte_size")
    for sha256, size in rows.iterator(chunk_size=10_000):
        if not store.holds(store.image_name(str(sha256)), size):
            where = f"file {store.image_name(str(sha256))}"
            yield Difference(where, folders.LOST, folders.THERE)


def stray_files(*, fix: bool) -> Iterator[Difference]:
    """Files of no picture: of erased ones, or of imports that were killed.

    Erased ones are strays at once.
    """
    for folder in FOLDERS:
        for names in folders.leaves(folder):
            digests = {name: folders.digest_of(name) for name in names}
            known = set(
                Image.objects.filter(
                    sha256__in={d for d in digests.values() if d}
                ).values_list("sha256", flat=True)
            )
            for name, digest in digests.items():
                if digest not in known and _is_stray(name, digest):
                    if fix:
                        default_storage.delete(name)
                    where = f"file {name}"
                    yield Difference(where, "of no picture", folders.ABSENT, fix)


def _is_stray(name: str, digest: str) -> bool:
    is_buried = bool(digest) and tombstones.is_buried("image", digest)
    return is_buried or folders.is_old(name)
