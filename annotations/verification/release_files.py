"""Files in the store against the rows of releases, and the work at them."""

from collections.abc import Iterator

from django.core.files.storage import default_storage

from annotations.models import Release, ReleaseRemoval, ReleaseState
from annotations.releases import files

from . import folders
from .difference import Difference


def lost_release_files() -> Iterator[Difference]:
    """Files of done releases whose bytes are not in the store; nothing here mends that.

    Those, too, that an erasure found lost: it took their names out of the release.
    """
    for release in Release.objects.filter(state=ReleaseState.DONE).order_by("pk"):
        for name, entry in release.files.items():
            if not files.is_whole(entry):
                stored = files.stored_name(entry["sha256"])
                where = f"file {stored} ({name} of release {release.pk})"
                yield Difference(where, folders.LOST, folders.THERE)
    removals = ReleaseRemoval.objects.select_related("release").order_by("pk")
    for removal in removals.filter(new_sha256=files.NOTHING).iterator():
        if removal.file not in removal.release.files:
            where = f"file {removal.file} of release {removal.release_id}"
            yield Difference(where, "lost before an erasure", folders.THERE)


def stray_release_files(*, fix: bool) -> Iterator[Difference]:
    """Files that no release names: what an erasure or a killed worker has left."""
    known = _named()
    for path in folders.inner("releases"):
        if path == files.WORK:
            continue
        for name in folders.below(path):
            if folders.digest_of(name) not in known and folders.is_old(name):
                known = _named()  # the walk is long: it may have got a row meanwhile
                if folders.digest_of(name) not in known:
                    yield _stray(name, "of no release", fix)


def stray_work(*, fix: bool) -> Iterator[Difference]:
    """Pieces of a round that is over: its release is done, failed, gone or begun anew."""
    for path in folders.inner(files.WORK):
        for round_ in folders.inner(path):
            # Its row is there before its folder is.
            if not _is_under_way(*round_.split("/")[-2:]):
                for name in filter(folders.is_old, folders.below(round_)):
                    yield _stray(name, "of a round that is over", fix)


def _named() -> set[str]:
    rows = Release.objects.values_list("files", flat=True)
    return {digest for each in rows for digest in files.digests_of(each)}


def _is_under_way(number: str, round_: str) -> bool:
    rows = Release.objects.filter(state__in=files.UNFINISHED, files__round=round_)
    return number.isdecimal() and rows.filter(pk=int(number)).exists()


def _stray(name: str, said: str, fix: bool) -> Difference:
    if fix:
        default_storage.delete(name)
    return Difference(f"file {name}", said, folders.ABSENT, fix)
